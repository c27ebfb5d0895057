use crate::accounts::{self, BotAccount, UserAccount};
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::sim::Sim;

impl Sim {
    /// Adds another bot that can log in. The result has its user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if its user id, name or client id is taken or not valid, or a scope does not exist.
    pub fn add_bot_account(&self, bot: BotAccount) -> Result<BotAccount, Error> {
        self.shared
            .with(|state, now| accounts::add_bot(&mut state.world.cloud, bot, now))
    }

    /// Adds another user who can log in. The result has the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] if the user id, the name or the e-mail address is taken or not valid.
    pub fn add_user_account(&self, user: UserAccount) -> Result<UserAccount, Error> {
        self.shared
            .with(|state, now| accounts::add_user(&mut state.world.cloud, user, now))
    }
}
