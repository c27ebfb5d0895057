use crate::error::{Error, ErrorKind};
use alta_cloud::state::{Cloud, HashCost, Login, NewAccount, Scopes, SecretHash};
use jiff::Timestamp;
use std::fmt;

/// A bot account: the configuration that a bot needs.
#[derive(Clone, Eq, PartialEq)]
pub struct BotAccount {
    /// The client id, `client_...`.
    pub client_id: String,
    /// The secret. The default one ends in `==`, so a client must form-encode it.
    pub client_secret: String,
    /// The bot's user id, which is the key of its `me-*` subscriptions. 0 for the next free id.
    pub user_id: u64,
    /// The bot's name.
    pub username: String,
    /// The scopes that the bot may request, separated by spaces.
    pub scopes: String,
}

impl Default for BotAccount {
    /// The account that every simulator has.
    fn default() -> Self {
        Self {
            client_id: "client_00000000-0000-0000-0000-000000000000".to_owned(),
            client_secret: "bm90IGEgcmVhbCBzZWNyZXQgYnV0IGxvbmc+/w==".to_owned(),
            user_id: 0,
            username: "Example_Bot".to_owned(),
            scopes: Scopes::ALL.to_string(),
        }
    }
}

/// A user account.
#[derive(Clone, Eq, PartialEq)]
pub struct UserAccount {
    /// The user name, for the login.
    pub username: String,
    /// The e-mail address, for a login in place of the user name.
    pub email: String,
    /// The plain password; clients send its SHA-512 hash.
    pub password: String,
    /// The user's id. 0 for the next free id.
    pub user_id: u64,
}

impl Default for UserAccount {
    /// The account that every simulator has.
    fn default() -> Self {
        Self {
            username: "Ashwick".to_owned(),
            email: "ashwick@example.invalid".to_owned(),
            password: "a-quiet-evening".to_owned(),
            user_id: 0,
        }
    }
}

/// Hides the secret.
impl fmt::Debug for BotAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BotAccount")
            .field("client_id", &self.client_id)
            .field("user_id", &self.user_id)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// Hides the password.
impl fmt::Debug for UserAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserAccount")
            .field("username", &self.username)
            .field("user_id", &self.user_id)
            .finish_non_exhaustive()
    }
}

/// The accounts of a simulator at its start, in the order of its configuration.
pub(crate) struct FirstAccounts {
    pub(crate) bots: Vec<BotAccount>,
    pub(crate) users: Vec<UserAccount>,
}

impl FirstAccounts {
    /// Adds accounts to the state. Those with an id come first, so that no other one gets it.
    pub(crate) fn add<'a>(
        cloud: &mut Cloud,
        bots: impl Iterator<Item = &'a BotAccount>,
        users: impl Iterator<Item = &'a UserAccount>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut all = Self {
            bots: bots.cloned().collect(),
            users: users.cloned().collect(),
        };
        for has_id in [true, false] {
            for bot in &mut all.bots {
                if (bot.user_id != 0) == has_id {
                    *bot = add_bot(cloud, bot.clone(), now)?;
                }
            }
            for user in &mut all.users {
                if (user.user_id != 0) == has_id {
                    *user = add_user(cloud, user.clone(), now)?;
                }
            }
        }
        Ok(all)
    }
}

/// Adds a bot to the state. Returns the account with its user id.
pub(crate) fn add_bot(
    cloud: &mut Cloud,
    mut bot: BotAccount,
    now: Timestamp,
) -> Result<BotAccount, Error> {
    let scopes = bot.scopes.parse().map_err(refused)?;
    let login = Login::Bot {
        client_id: bot.client_id.clone(),
        scopes,
    };
    let hash = SecretHash::of_secret(&bot.client_secret, HashCost::CHEAPEST).map_err(refused)?;
    bot.user_id = add(cloud, &bot.username, login, bot.user_id, hash, now)?;
    Ok(bot)
}

/// Adds a user to the state. Returns the account with its user id.
pub(crate) fn add_user(
    cloud: &mut Cloud,
    mut user: UserAccount,
    now: Timestamp,
) -> Result<UserAccount, Error> {
    let login = Login::User {
        email: user.email.clone(),
    };
    let hash = SecretHash::of_password(&user.password, HashCost::CHEAPEST).map_err(refused)?;
    user.user_id = add(cloud, &user.username, login, user.user_id, hash, now)?;
    Ok(user)
}

fn add(
    cloud: &mut Cloud,
    name: &str,
    login: Login,
    user_id: u64,
    hash: SecretHash,
    now: Timestamp,
) -> Result<u64, Error> {
    let new = NewAccount {
        name: name.to_owned(),
        login,
        user_id: (user_id != 0).then_some(user_id),
    };
    cloud.add_account(new, hash, now).map_err(refused)
}

fn refused(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Invalid, "adding an account").because(source)
}
