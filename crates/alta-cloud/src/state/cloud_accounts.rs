//! The accounts of the service: they are added, changed, removed, and log in.

use super::accounts::{Account, AccountError, Login, NewAccount};
use super::cloud::{Cloud, FIRST_BOT, FIRST_USER};
use super::groups::Membership;
use super::scopes::Scopes;
use super::secrets::SecretHash;
use super::users::User;
use super::verify::{Check, Verified};
use jiff::Timestamp;

impl Cloud {
    /// Adds an account and its user. A user who has the given id gets the name of the account. Returns the user id.
    ///
    /// # Errors
    ///
    /// The id, the name, the client id or the e-mail address is taken or invalid.
    pub fn add_account(
        &mut self,
        new: NewAccount,
        secret: SecretHash,
        now: Timestamp,
    ) -> Result<u64, AccountError> {
        self.accounts.check(&new.name, &new.login)?;
        let is_bot = matches!(new.login, Login::Bot { .. });
        let first = if is_bot { FIRST_BOT } else { FIRST_USER };
        let user_id = match new.user_id {
            Some(0) => return Err(AccountError::Invalid("user id")),
            Some(id) => id,
            None => self.users.next_id(first),
        };
        if self.accounts.get(user_id).is_some() {
            return Err(AccountError::IdTaken(user_id));
        }
        let created_at = self.users.get(user_id).map_or(now, |user| user.created_at);
        self.users.insert(User {
            id: user_id,
            username: new.name.clone(),
            bot: is_bot,
            created_at,
        });
        let account = Account {
            user_id,
            name: new.name,
            login: new.login,
            created_at: now,
            secret,
        };
        self.accounts.0.insert(user_id, account);
        Ok(user_id)
    }

    /// Replaces the secret of an account. The tokens issued so far end.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub fn rotate(&mut self, user_id: u64, secret: SecretHash) -> Result<(), AccountError> {
        self.accounts.get_mut(user_id)?.secret = secret;
        self.tokens.revoke(user_id);
        Ok(())
    }

    /// Sets the scopes that a bot may request. The tokens issued so far end.
    ///
    /// # Errors
    ///
    /// There is no such account, or it is not one of a bot.
    pub fn set_scopes(&mut self, user_id: u64, to: Scopes) -> Result<(), AccountError> {
        match &mut self.accounts.get_mut(user_id)?.login {
            Login::Bot { scopes, .. } => *scopes = to,
            Login::User { .. } => return Err(AccountError::NotABot(user_id)),
        }
        self.tokens.revoke(user_id);
        Ok(())
    }

    /// Removes an account: its tokens end, and it leaves its groups. Its user stays known by name.
    ///
    /// # Errors
    ///
    /// There is no such account.
    pub fn remove_account(
        &mut self,
        user_id: u64,
        now: Timestamp,
    ) -> Result<Account, AccountError> {
        let removed = self.accounts.0.remove(&user_id);
        let removed = removed.ok_or(AccountError::Missing(user_id))?;
        self.tokens.revoke(user_id);
        let groups: Vec<u64> = self
            .groups
            .values()
            .filter(|group| {
                matches!(
                    group.membership(user_id),
                    Some(Membership::Accepted | Membership::Invited | Membership::RequestedJoin)
                )
            })
            .map(|group| group.id)
            .collect();
        for group in groups {
            self.change_membership(group, user_id, Membership::Left, now);
        }
        Ok(removed)
    }

    /// The first step of a login, under the lock. The result says nothing about the account.
    pub(crate) fn check(&self, account: Option<&Account>) -> Check {
        self.verifier.check(account)
    }

    /// The number of argon2 computations of all logins.
    #[cfg(test)]
    pub(crate) fn computed(&self) -> usize {
        self.verifier
            .computed
            .load(std::sync::atomic::Ordering::SeqCst)
    }

    /// The last step of a login, under the lock. `None` if the account was removed or its secret replaced meanwhile.
    pub(crate) fn verified(&self, verified: &Verified) -> Option<&Account> {
        verified.account(&self.accounts)
    }
}

#[cfg(test)]
mod tests;
