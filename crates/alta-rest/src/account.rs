use std::{fmt, sync::Arc};

use alta_auth::TokenSource;

/// The account with whose token a call is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Account {
    /// None: no token is sent.
    None,
    /// A bot.
    Bot,
    /// A user.
    User,
    /// The bot if the client has one, else the user.
    Either,
}

/// The tokens of a client: those of a bot, of a user, of both, or none.
///
/// A call for users only takes the user's token. Any other call takes the bot's token if there is one; to make it as the user,
/// use [`Client::as_user`](crate::Client::as_user).
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Identities {
    /// The bot's tokens.
    pub bot: Option<Arc<dyn TokenSource>>,
    /// The user's tokens.
    pub user: Option<Arc<dyn TokenSource>>,
}

impl Identities {
    /// The tokens of a bot.
    pub fn bot(tokens: Arc<dyn TokenSource>) -> Self {
        Self::default().with_bot(tokens)
    }

    /// The tokens of a user.
    pub fn user(tokens: Arc<dyn TokenSource>) -> Self {
        Self::default().with_user(tokens)
    }

    /// Adds the tokens of a bot.
    #[must_use]
    pub fn with_bot(mut self, tokens: Arc<dyn TokenSource>) -> Self {
        self.bot = Some(tokens);
        self
    }

    /// Adds the tokens of a user.
    #[must_use]
    pub fn with_user(mut self, tokens: Arc<dyn TokenSource>) -> Self {
        self.user = Some(tokens);
        self
    }

    /// The tokens for a call, or none if it needs none. The error names the missing token.
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
