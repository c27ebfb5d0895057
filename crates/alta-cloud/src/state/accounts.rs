use super::cloud::{Cloud, FIRST_BOT, FIRST_USER};
use super::groups::Membership;
use super::scopes::Scopes;
use super::secrets::SecretHash;
use super::table::Table;
use super::users::User;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest name, client id or e-mail address, in bytes.
const LONGEST: usize = 128;

/// The way in which an account logs in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// A bot: client id and client secret.
    Bot {
        /// The client id, such as `client_5c9f...`.
        client_id: String,
        /// The scopes that the bot may request.
        scopes: Scopes,
    },
    /// A user: name or e-mail address, and password.
    User {
        /// The e-mail address; empty for none.
        email: String,
    },
}

/// An account that can log in.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// The id of its user.
    pub user_id: u64,
    /// The name of its user.
    pub name: String,
    /// The way in which it logs in.
    pub login: Login,
    /// The time of creation.
    pub created_at: Timestamp,
    /// The hash of the client secret, or of the password hash that clients send.
    pub(super) secret: SecretHash,
}

/// An account to be added.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name. Names differ in more than the letter case.
    pub name: String,
    /// The way in which it logs in.
    pub login: Login,
    /// The user id; `None` for the next free one.
    pub user_id: Option<u64>,
}

/// The reason why an account cannot be added or changed.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AccountError {
    /// There is an account with this user id.
    IdTaken(u64),
    /// There is an account with this name.
    NameTaken(String),
    /// There is a bot with this client id.
    ClientIdTaken(String),
    /// There is a user with this e-mail address.
    EmailTaken(String),
    /// The named field is empty, longer than 128 bytes, or contains control characters.
    Invalid(&'static str),
    /// There is no account with this user id.
    Missing(u64),
    /// The account is not one of a bot.
    NotABot(u64),
}

impl fmt::Display for AccountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IdTaken(id) => write!(f, "there is already an account with the user id {id}"),
            Self::NameTaken(name) => write!(f, "there is already an account named {name:?}"),
            Self::ClientIdTaken(id) => {
                write!(f, "there is already a bot with the client id {id:?}")
            }
            Self::EmailTaken(email) => {
                write!(
                    f,
                    "there is already a user with the e-mail address {email:?}"
                )
            }
            Self::Invalid(field) => write!(
                f,
                "the {field} is empty, longer than {LONGEST} bytes, or contains a control character"
            ),
            Self::Missing(id) => write!(f, "there is no account with the user id {id}"),
            Self::NotABot(id) => write!(f, "the account {id} is not one of a bot"),
        }
    }
}

impl std::error::Error for AccountError {}

/// The accounts that can log in.
#[derive(Debug, Default)]
pub struct Accounts(pub(super) Table<u64, Account>);

impl Accounts {
    /// All accounts, by user id.
    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.0.values()
    }

    /// The account with this user id.
    pub fn get(&self, user_id: u64) -> Option<&Account> {
        self.0.get(&user_id)
    }

    /// The account with this name, in any letter case.
    pub fn named(&self, name: &str) -> Option<&Account> {
        let mut accounts = self.iter();
        accounts.find(|account| account.name.eq_ignore_ascii_case(name))
    }

    /// The bot with this client id.
    pub fn bot(&self, client_id: &str) -> Option<&Account> {
        self.iter().find(
            |account| matches!(&account.login, Login::Bot { client_id: id, .. } if id == client_id),
        )
    }

    /// The user with this name, in any letter case.
    pub fn user(&self, name: &str) -> Option<&Account> {
        let account = self.named(name);
        account.filter(|account| matches!(account.login, Login::User { .. }))
    }

    /// The user with this e-mail address, in any letter case.
    pub fn user_by_email(&self, wanted: &str) -> Option<&Account> {
        self.iter().find(|account| {
            matches!(&account.login, Login::User { email } if !email.is_empty() && email.eq_ignore_ascii_case(wanted))
        })
    }

    fn get_mut(&mut self, user_id: u64) -> Result<&mut Account, AccountError> {
        let account = self.0.get_mut(&user_id);
        account.ok_or(AccountError::Missing(user_id))
    }

    /// Returns whether a new account with these values can be added.
    fn check(&self, name: &str, login: &Login) -> Result<(), AccountError> {
        is_valid("name", name)?;
        if self.named(name).is_some() {
            return Err(AccountError::NameTaken(name.to_owned()));
        }
        match login {
            Login::Bot { client_id, .. } => {
                is_valid("client id", client_id)?;
                match self.bot(client_id) {
                    Some(_) => Err(AccountError::ClientIdTaken(client_id.clone())),
                    None => Ok(()),
                }
            }
            Login::User { email } if email.is_empty() => Ok(()),
            Login::User { email } => {
                is_valid("e-mail address", email)?;
                match self.user_by_email(email) {
                    Some(_) => Err(AccountError::EmailTaken(email.clone())),
                    None => Ok(()),
                }
            }
        }
    }
}

fn is_valid(field: &'static str, text: &str) -> Result<(), AccountError> {
    let is_valid =
        !text.trim().is_empty() && text.len() <= LONGEST && !text.chars().any(char::is_control);
    if is_valid {
        Ok(())
    } else {
        Err(AccountError::Invalid(field))
    }
}

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
}

#[cfg(test)]
mod tests;
