use super::scopes::Scopes;
use super::secrets::SecretHash;
use super::table::Table;
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

    pub(super) fn get_mut(&mut self, user_id: u64) -> Result<&mut Account, AccountError> {
        let account = self.0.get_mut(&user_id);
        account.ok_or(AccountError::Missing(user_id))
    }

    /// Returns whether a new account with these values can be added.
    pub(super) fn check(&self, name: &str, login: &Login) -> Result<(), AccountError> {
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
