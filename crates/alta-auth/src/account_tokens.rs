//! Token sources of one kind of account, so that the compiler distinguishes a bot's tokens from a user's.

#[cfg(feature = "login")]
use crate::{BotLogin, TokenCache, UserLogin};
use crate::{Error, StaticToken, Token, TokenSource};
use futures_core::future::BoxFuture;
use std::fmt;
use std::sync::Arc;

macro_rules! account_tokens {
    ($(#[$meta:meta])* $name:ident, $login:ident) => {
        $(#[$meta])*
        ///
        /// Cheap to clone; the clones share the source.
        #[derive(Clone)]
        pub struct $name(Arc<dyn TokenSource>);

        impl $name {
            /// Wraps any source. The caller chooses the type for the account, because a source does not have this information.
            pub fn new(source: impl TokenSource) -> Self {
                Self(Arc::new(source))
            }
        }

        #[cfg(feature = "login")]
        impl From<TokenCache<$login>> for $name {
            fn from(cache: TokenCache<$login>) -> Self {
                Self::new(cache)
            }
        }

        impl From<StaticToken> for $name {
            fn from(token: StaticToken) -> Self {
                Self::new(token)
            }
        }

        impl TokenSource for $name {
            fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
                self.0.token()
            }

            fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
                self.0.renew(stale)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

account_tokens! {
    /// The tokens of a bot. A user's login does not convert into them:
    ///
    #[cfg_attr(feature = "login", doc = "```compile_fail,E0277")]
    #[cfg_attr(not(feature = "login"), doc = "```text")]
    /// use alta_auth::{BotTokens, TokenCache, UserLogin};
    ///
    /// fn wrong(cache: TokenCache<UserLogin>) -> BotTokens {
    ///     cache.into()
    /// }
    /// ```
    BotTokens, BotLogin
}

account_tokens! {
    /// The tokens of a user. A bot's login does not convert into them:
    ///
    #[cfg_attr(feature = "login", doc = "```compile_fail,E0277")]
    #[cfg_attr(not(feature = "login"), doc = "```text")]
    /// use alta_auth::{BotLogin, TokenCache, UserTokens};
    ///
    /// fn wrong(cache: TokenCache<BotLogin>) -> UserTokens {
    ///     cache.into()
    /// }
    /// ```
    UserTokens, UserLogin
}
