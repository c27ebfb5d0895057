use std::{fmt, sync::Arc};

use alta_auth::TokenSource;

/// In whose name a call is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Account {
    /// In nobody's: no token is sent.
    None,
    /// A bot's.
    Bot,
    /// A user's.
    User,
    /// The bot's if the client has one, else the user's.
    Either,
}

/// Whose tokens a client holds: a bot's, a user's, both side by side, or none.
///
/// A call that only users may make takes the user's token; any other takes the bot's if there is one. To make those as the
/// user as well, use [`Client::as_user`](crate::Client::as_user).
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Identities {
    /// The bot's tokens.
    pub bot: Option<Arc<dyn TokenSource>>,
    /// The user's tokens.
    pub user: Option<Arc<dyn TokenSource>>,
}

impl Identities {
    /// A bot alone.
    pub fn bot(tokens: Arc<dyn TokenSource>) -> Self {
        Self::default().with_bot(tokens)
    }

    /// A user alone.
    pub fn user(tokens: Arc<dyn TokenSource>) -> Self {
        Self::default().with_user(tokens)
    }

    /// And this bot.
    #[must_use]
    pub fn with_bot(mut self, tokens: Arc<dyn TokenSource>) -> Self {
        self.bot = Some(tokens);
        self
    }

    /// And this user.
    #[must_use]
    pub fn with_user(mut self, tokens: Arc<dyn TokenSource>) -> Self {
        self.user = Some(tokens);
        self
    }

    /// The tokens for a call, none if it needs none, or what is missing.
    pub(crate) fn tokens(
        &self,
        account: Account,
    ) -> Result<Option<&Arc<dyn TokenSource>>, &'static str> {
        let (tokens, missing) = match account {
            Account::None => return Ok(None),
            Account::Bot => (self.bot.as_ref(), "a bot's token"),
            Account::User => (self.user.as_ref(), "a user's token"),
            Account::Either => (
                self.bot.as_ref().or(self.user.as_ref()),
                "a bot's or a user's token",
            ),
        };
        tokens.map(Some).ok_or(missing)
    }
}

impl fmt::Debug for Identities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identities")
            .field("bot", &self.bot.is_some())
            .field("user", &self.user.is_some())
            .finish()
    }
}
