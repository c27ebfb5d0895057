use serde::de::DeserializeOwned;

use crate::Request;

/// A typed call, as a value: what is sent, and what comes back. [`Client::request`](crate::Client::request) makes it.
///
/// ```
/// use alta_model::Listing;
/// use alta_rest::{Account, Endpoint, Request};
/// use http::Method;
///
/// /// Everything the shop sells to me.
/// struct MyShopItems;
///
/// impl Endpoint for MyShopItems {
///     type Response = Listing<serde_json::Value>;
///
///     fn request(&self) -> Request {
///         Request::new(Method::GET, "shop/items/me").account(Account::User)
///     }
/// }
/// ```
pub trait Endpoint {
    /// What the answer's body is read as. An empty body counts as null. A [`Listing`](alta_model::Listing) is read without
    /// its odd entries; a `Vec` is an error if it has one.
    type Response: DeserializeOwned;

    /// How the body is read.
    const BODY: ResponseBody = ResponseBody::Json;

    /// The request.
    fn request(&self) -> Request;
}

/// How an answer's body is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseBody {
    /// As JSON; an empty body counts as null.
    Json,
    /// As text, which may be JSON's: then it is taken out of its quotes. The response is a `String`.
    Text,
    /// Not at all. The response is `()`.
    Ignored,
}

/// Declares a group of calls: for each a value that is its [`Endpoint`], and a method of the group that makes it.
///
/// ```text
/// /// What it does.
/// fn name(field: Type) -> one Answer = RequestName: Account METHOD ["path", field], query("q", field), json(body);
/// ```
///
/// The answer is `one` value, `pages` of values, a `text`, or `nothing`. After a field's type, `as impl Into<Type>` says what the
/// method takes in its place. The accounts that are attested for a call are in its documentation, and py-tale's name follows
/// that. What is declared is also listed, for [`endpoints`](crate::endpoints).
macro_rules! endpoints {
    (
        $(#[$group_meta:meta])*
        pub struct $group:ident in $module:ident;
        $(
            $(#[doc = $doc:literal])*
            $(#[doc(alias = $alias:literal)])*
            fn $name:ident($($field:ident: $ty:ty $(as $param:ty)?),* $(,)?) -> $shape:ident $answer:ty
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
            /// All of them, in order.
            pub(crate) const ENDPOINTS: &'static [crate::EndpointInfo] = &[$(
                crate::EndpointInfo::new(
                    concat!(stringify!($module), "().", stringify!($name)),
                    stringify!($request),
                    stringify!($method),
                    &[$(stringify!($segment)),+],
                    crate::Account::$account,
                    endpoints!(@listed $shape $answer),
                    &[$($doc),*],
                    &[$($alias),*],
                ),
            )*];

            $(
                endpoints! {
                    @method $shape
                    [$(#[doc = $doc])* $(#[doc(alias = $alias)])*]
                    $name($($field: $ty $(as $param)?),*) -> $answer = $request
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
                type Response = endpoints!(@answer $shape $answer);
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

    (@answer one $answer:ty) => { $answer };
    (@answer pages $answer:ty) => { alta_model::Listing<$answer> };
    (@answer nothing $answer:ty) => { $answer };
    (@answer text $answer:ty) => { $answer };

    (@body nothing) => { crate::ResponseBody::Ignored };
    (@body text) => { crate::ResponseBody::Text };
    (@body $shape:ident) => { crate::ResponseBody::Json };

    (@listed nothing $answer:ty) => { "" };
    (@listed pages $answer:ty) => { concat!("[", stringify!($answer), "]") };
    (@listed $shape:ident $answer:ty) => { stringify!($answer) };

    (@param $ty:ty) => { $ty };
    (@param $ty:ty, $param:ty) => { $param };

    (
        @method pages [$(#[$meta:meta])*]
        $name:ident($($field:ident: $ty:ty $(as $param:ty)?),*) -> $answer:ty = $request:ident
    ) => {
        $(#[$meta])*
        pub fn $name(self $(, $field: endpoints!(@param $ty $(, $param)?))*) -> crate::Pages<$answer> {
            self.0.pages(&$request { $($field: $field.into(),)* })
        }
    };
    (
        @method $shape:ident [$(#[$meta:meta])*]
        $name:ident($($field:ident: $ty:ty $(as $param:ty)?),*) -> $answer:ty = $request:ident
    ) => {
        $(#[$meta])*
        ///
        /// # Errors
        ///
        /// See [`ErrorKind`](crate::ErrorKind).
        pub async fn $name(
            self
            $(, $field: endpoints!(@param $ty $(, $param)?))*
        ) -> Result<$answer, crate::Error> {
            self.0.request(&$request { $($field: $field.into(),)* }).await
        }
    };
}
