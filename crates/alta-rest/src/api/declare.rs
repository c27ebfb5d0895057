/// Declares a group of calls: for each one a type that implements [`Endpoint`](crate::Endpoint), and a method of the group that makes the call.
///
/// ```text
/// /// Its effect.
/// fn name(field: Type) -> one Response = RequestName: Account METHOD ["path", field], query("q", field), json(body);
/// ```
///
/// The response is `one` value, `pages` of values, a `text`, or `nothing`. After a field's type, `as impl Into<Type>` is the type
/// of the method's argument. The documentation names the accounts with which a call was observed, and py-tale's name follows
/// as an alias. [`endpoints`](crate::endpoints) lists all declared calls.
macro_rules! endpoints {
    (
        $(#[$group_meta:meta])*
        pub struct $group:ident in $module:ident;
        $(
            $(#[doc = $doc:literal])*
            $(#[doc(alias = $alias:literal)])*
            fn $name:ident($($field:ident: $ty:ty $(as $param:ty)?),* $(,)?) -> $shape:ident $response:ty
                = $request:ident: $account:ident $method:ident [$($segment:expr),+ $(,)?]
                $(, $step:ident($($argument:expr),*))*;
        )*
    ) => {
        $(#[$group_meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $group<'a>(&'a crate::Client);

        impl crate::Client {
            #[doc = concat!("The calls of [`", stringify!($group), "`].")]
            pub fn $module(&self) -> $group<'_> {
                $group(self)
            }
        }

        impl $group<'_> {
            /// All its calls, in order.
            pub(crate) const ENDPOINTS: &'static [crate::EndpointInfo] = &[$(
                crate::EndpointInfo::new(
                    concat!(stringify!($module), "().", stringify!($name)),
                    stringify!($request),
                    stringify!($method),
                    &[$(stringify!($segment)),+],
                    crate::Account::$account,
                    endpoints!(@listed $shape $response),
                    &[$($doc),*],
                    &[$($alias),*],
                ),
            )*];

            $(
                endpoints! {
                    @method $shape
                    [$(#[doc = $doc])* $(#[doc(alias = $alias)])*]
                    $name($($field: $ty $(as $param)?),*) -> $response = $request
                }
            )*
        }

        $(
            #[doc = concat!("The request of [`", stringify!($group), "::", stringify!($name), "`].")]
            #[derive(Clone, Debug)]
            #[allow(missing_docs, reason = "the fields are the method's arguments")]
            pub struct $request {
                $(pub $field: $ty,)*
            }

            impl crate::Endpoint for $request {
                type Response = endpoints!(@response $shape $response);
                const BODY: crate::ResponseBody = endpoints!(@body $shape);

                fn request(&self) -> crate::Request {
                    let Self { $($field,)* } = self;
                    crate::Request::from_segments(http::Method::$method, &[$(&$segment),+])
                        .account(crate::Account::$account)
                        $(.$step($($argument),*))*
                }
            }
        )*
    };

    (@response one $response:ty) => { $response };
    (@response pages $response:ty) => { alta_model::Listing<$response> };
    (@response nothing $response:ty) => { $response };
    (@response text $response:ty) => { $response };

    (@body nothing) => { crate::ResponseBody::Ignored };
    (@body text) => { crate::ResponseBody::Text };
    (@body $shape:ident) => { crate::ResponseBody::Json };

    (@listed nothing $response:ty) => { "" };
    (@listed pages $response:ty) => { concat!("[", stringify!($response), "]") };
    (@listed $shape:ident $response:ty) => { stringify!($response) };

    (@param $ty:ty) => { $ty };
    (@param $ty:ty, $param:ty) => { $param };

    (
        @method pages [$(#[$meta:meta])*]
        $name:ident($($field:ident: $ty:ty $(as $param:ty)?),*) -> $response:ty = $request:ident
    ) => {
        $(#[$meta])*
        pub fn $name(self $(, $field: endpoints!(@param $ty $(, $param)?))*) -> crate::Pages<$response> {
            self.0.pages(&$request { $($field: $field.into(),)* })
        }
    };
    (
        @method $shape:ident [$(#[$meta:meta])*]
        $name:ident($($field:ident: $ty:ty $(as $param:ty)?),*) -> $response:ty = $request:ident
    ) => {
        $(#[$meta])*
        ///
        /// # Errors
        ///
        /// See [`ErrorKind`](crate::ErrorKind).
        pub async fn $name(
            self
            $(, $field: endpoints!(@param $ty $(, $param)?))*
        ) -> Result<$response, crate::Error> {
            self.0.request(&$request { $($field: $field.into(),)* }).await
        }
    };
}
