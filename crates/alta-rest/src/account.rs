use alta_auth::{BotTokens, TokenSource, UserTokens};

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
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Identities {
    /// The bot's tokens.
    pub bot: Option<BotTokens>,
    /// The user's tokens.
    pub user: Option<UserTokens>,
}

impl Identities {
    /// The tokens of a bot. Those of a user do not compile:
    ///
    /// ```compile_fail,E0277
    /// # use alta_auth::UserTokens;
    /// # use alta_rest::Identities;
    /// # fn identities(tokens: UserTokens) {
    /// Identities::bot(tokens);
    /// # }
    /// ```
    pub fn bot(tokens: impl Into<BotTokens>) -> Self {
        Self::default().with_bot(tokens)
    }

    /// The tokens of a user.
    pub fn user(tokens: impl Into<UserTokens>) -> Self {
        Self::default().with_user(tokens)
    }

    /// Adds the tokens of a bot.
    #[must_use]
    pub fn with_bot(mut self, tokens: impl Into<BotTokens>) -> Self {
        self.bot = Some(tokens.into());
        self
    }

    /// Adds the tokens of a user.
    #[must_use]
    pub fn with_user(mut self, tokens: impl Into<UserTokens>) -> Self {
        self.user = Some(tokens.into());
        self
    }

    /// The tokens for a call, or none if it needs none. The error names the missing token.
    pub(crate) fn tokens(
        &self,
        account: Account,
    ) -> Result<Option<&dyn TokenSource>, &'static str> {
        let bot = || self.bot.as_ref().map(|tokens| tokens as &dyn TokenSource);
        let user = || self.user.as_ref().map(|tokens| tokens as &dyn TokenSource);
        let (tokens, missing) = match account {
            Account::None => return Ok(None),
            Account::Bot => (bot(), "a bot's token"),
            Account::User => (user(), "a user's token"),
            Account::Either => (bot().or_else(user), "a bot's or a user's token"),
        };
        tokens.map(Some).ok_or(missing)
    }
}
