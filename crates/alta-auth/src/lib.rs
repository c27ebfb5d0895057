//! Logins, tokens and claims of *A Township Tale*'s account service.
//!
//! A [`Token`] authorizes requests to the services; its [`Claims`] name the account and the expiry. The trait [`TokenSource`]
//! provides tokens, so that a socket or a REST client does not depend on whether they come from a login, a file or a
//! constant.
//!
//! ```
//! use alta_auth::{StaticToken, Token, TokenSource};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), alta_auth::Error> {
//! let source = StaticToken::new("eyJhbGciOiJub25lIn0.eyJjbGllbnRfc3ViIjoiMTIwMDAwMDExIn0.");
//! let token = source.token().await?;
//! assert_eq!(token.claims().and_then(|claims| claims.user_id()).map(|id| id.get()), Some(120_000_011));
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `login` (default), the source is a `TokenCache` around a `Login`, of a bot or of a user. It logs in at the
//! first request for a token and again before the token expires; concurrent callers share one login.
//!
//! ```
//! # #[cfg(feature = "login")] {
//! use std::sync::Arc;
//!
//! use alta_auth::{BotCredentials, BotLogin, Endpoints, TokenCache, TokenSource};
//! use alta_http::{Config, HttpClient};
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let http = HttpClient::web_roots(&Config::default())?;
//! let credentials = BotCredentials::new("client_00000000-0000", std::env::var("CLIENT_SECRET")?);
//! let login = BotLogin::new(http, credentials, &Endpoints::default());
//! let source: Arc<dyn TokenSource> = Arc::new(TokenCache::new(login));
//! # Ok(())
//! # }
//! # }
//! ```
//!
//! # Self-hosted servers
//!
//! A self-hosted server has no login: the token of its console is in a file (`console_token.txt`), which
//! `att_console::TokenFile` reads at each connect. It is a [`Token`] like any other, and practically never expires:
//!
//! ```
//! use alta_auth::Token;
//!
//! // The content of the file, with a byte-order mark and a line end.
//! let token = Token::new(
//!     "\u{feff}eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
//!     eyJVc2VySWQiOiIwIiwiVXNlcm5hbWUiOiJTZXJ2ZXIiLCJQb2xpY3kiOlsic2VydmVyX293bmVyIl0sInNlcnZlcl\
//!     9pZCI6Ii0xIiwiZXhwIjo5OTk5OTk5OTk5fQ\
//!     .c2lnbmF0dXJl\r\n",
//! );
//! let claims = token.claims().expect("a JWT");
//! assert_eq!((claims.username(), claims.policies()), (Some("Server"), vec!["server_owner"]));
//! assert_eq!(claims.expires_at().map(|end| end.unix_seconds()), Some(9_999_999_999));
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod account_tokens;
#[cfg(feature = "login")]
mod bot;
#[cfg(feature = "login")]
mod cache;
mod claims;
mod clock;
#[cfg(feature = "login")]
mod endpoints;
mod error;
#[cfg(feature = "login")]
mod exchange;
#[cfg(feature = "login")]
mod lifetime;
#[cfg(feature = "login")]
mod login;
#[cfg(feature = "login")]
mod password;
#[cfg(feature = "login")]
mod scope;
mod source;
mod token;
#[cfg(feature = "login")]
mod user;

pub use account_tokens::{BotTokens, UserTokens};
pub use alta_model::Secret;
#[cfg(feature = "login")]
pub use bot::{BotCredentials, BotLogin};
#[cfg(feature = "login")]
pub use cache::TokenCache;
pub use claims::Claims;
pub use clock::{Clock, SystemClock};
#[cfg(feature = "login")]
pub use endpoints::Endpoints;
pub use error::{Error, ErrorKind};
#[cfg(feature = "login")]
pub use login::{Grant, Login};
#[cfg(feature = "login")]
pub use password::Password;
#[cfg(feature = "login")]
pub use scope::{Scope, Scopes};
pub use source::{StaticToken, TokenSource};
pub use token::Token;
#[cfg(feature = "login")]
pub use user::{UserCredentials, UserLogin};

/// The header `x-api-key` that the game and all clients send: at a user's login, to the REST API, and when the main
/// websocket opens. It is public, not a secret.
pub const API_KEY: &str = "2l6aQGoNes8EHb94qMhqQ5m2iaiOM9666oDTPORf";

/// The default `User-Agent` header; some proxies refuse requests without one.
pub const USER_AGENT: &str = concat!("pytale/", env!("CARGO_PKG_VERSION"));

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
