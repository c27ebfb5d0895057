use crate::Request;
use serde::de::DeserializeOwned;

/// A typed call: its request and the type of its response. [`Client::request`](crate::Client::request) makes it.
///
/// ```
/// use alta_model::Listing;
/// use alta_rest::{Account, Endpoint, Request};
/// use http::Method;
///
/// /// The items that the shop sells to the user.
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
    /// The type of the response's body. An empty body counts as null. A [`Listing`](alta_model::Listing) skips invalid entries;
    /// a `Vec` fails at one.
    type Response: DeserializeOwned;

    /// The encoding of the body.
    const BODY: ResponseBody = ResponseBody::Json;

    /// The request.
    fn request(&self) -> Request;
}

/// The encoding of a response's body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ResponseBody {
    /// JSON; an empty body counts as null.
    Json,
    /// A string, with or without JSON's quotes. The response is a `String`.
    Text,
    /// The body is ignored. The response is `()`.
    Ignored,
}
