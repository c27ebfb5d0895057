use sha2::{Digest as _, Sha512};
use std::fmt;
use std::fmt::Write as _;

/// The scopes that every client requests.
pub const SCOPES: [&str; 13] = [
    "ws.group",
    "ws.group_members",
    "ws.group_servers",
    "ws.group_bans",
    "ws.group_invites",
    "group.info",
    "group.join",
    "group.leave",
    "group.view",
    "group.members",
    "group.invite",
    "server.view",
    "server.console",
];

/// A bot account: the configuration that a bot needs.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct BotAccount {
    /// The client id, `client_...`.
    pub client_id: String,
    /// The secret. It ends in `==`, so a client must form-encode it.
    pub client_secret: String,
    /// The bot's user id, which is the key of its `me-*` subscriptions.
    pub user_id: u64,
    /// The bot's name.
    pub username: String,
    /// The thirteen scopes, separated by spaces.
    pub scopes: String,
}

/// A user account.
#[derive(Clone, Eq, PartialEq)]
#[non_exhaustive]
pub struct UserAccount {
    /// The user name, for the login.
    pub username: String,
    /// The e-mail address, for a login in place of the user name.
    pub email: String,
    /// The plain password; clients send its SHA-512 hash.
    pub password: String,
    /// The user's id.
    pub user_id: u64,
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

/// The accounts that can log in.
pub struct Accounts {
    /// The bot.
    pub bot: BotAccount,
    /// The user.
    pub user: UserAccount,
    user_hash: String,
}

impl fmt::Debug for Accounts {
    /// Hides the hash of the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("bot", &self.bot)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

impl Accounts {
    /// One account of each kind, with their user ids and names.
    pub(crate) fn new(bot: u64, bot_name: &str, user: u64, username: &str) -> Self {
        let password = "a-quiet-evening".to_owned();
        Self {
            bot: BotAccount {
                client_id: "client_00000000-0000-0000-0000-000000000000".to_owned(),
                client_secret: "bm90IGEgcmVhbCBzZWNyZXQgYnV0IGxvbmc+/w==".to_owned(),
                user_id: bot,
                username: bot_name.to_owned(),
                scopes: SCOPES.join(" "),
            },
            user_hash: hash(&password),
            user: UserAccount {
                username: username.to_owned(),
                email: format!("{}@example.invalid", username.to_lowercase()),
                password,
                user_id: user,
            },
        }
    }

    /// Returns whether this is the hash of the user's password, in any letter case.
    pub(crate) fn is_password(&self, hash: &str) -> bool {
        self.user_hash.eq_ignore_ascii_case(hash)
    }
}

/// SHA-512 of the UTF-8 bytes, in lower-case hexadecimal.
fn hash(password: &str) -> String {
    Sha512::digest(password)
        .iter()
        .fold(String::with_capacity(128), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_equals_the_one_of_the_sample() {
        let recorded = "b109f3bbbc244eb82441917ed06d618b9008dd09b3befd1b5e07394c706a8bb980b1d7785e5976ec049b46df5f1326af5a2ea6d103fd07c95385ffab0cacbc86";
        assert_eq!(super::hash("password"), recorded);
    }
}
