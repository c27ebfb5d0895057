//! Logins, tokens and claims of *A Township Tale*'s account service.
//!
//! A [`Token`] is what the services are asked with; its [`Claims`] say whose it is and until when. Where tokens come from
//! is behind one trait, [`TokenSource`], so that a socket or a REST client neither knows nor cares whether somebody
//! logged in, read a file or pasted a text.
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

mod claims;
mod clock;
mod error;
mod source;
mod token;

pub use alta_model::Secret;
pub use claims::Claims;
pub use clock::{Clock, SystemClock};
pub use error::{Error, ErrorKind};
pub use source::{StaticToken, TokenSource};
pub use token::Token;
