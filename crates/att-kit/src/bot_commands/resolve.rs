//! Finds the player of a typed name or id.

use super::cursor::Word;
use super::invalid::Invalid;
use crate::players::Players;
use alta_model::{User, UserId};
use att_console::commands::player;
use att_console::{Console, ErrorKind, nearest};
use std::time::Duration;

/// The time for which a call waits for the players of a console, and for each reply about a player.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// The longest word for which near names are searched.
const LONGEST_NAME: usize = 64;

/// The players who match a word.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Matches {
    /// By name: those with exactly this name; if there are none, those with the name in another case.
    named: Vec<User>,
    /// By id.
    identified: Option<User>,
}

impl Matches {
    pub(super) fn find(given: &str, players: &[User]) -> Self {
        let name = given.trim();
        let exact = |user: &&User| user.username.trim() == name;
        let lower = name.to_lowercase();
        let folded = |user: &&User| user.username.trim().to_lowercase() == lower;
        let mut named: Vec<_> = players.iter().filter(exact).cloned().collect();
        if named.is_empty() {
            named = players.iter().filter(folded).cloned().collect();
        }
        let id = id(name);
        let identified = players.iter().find(|user| Some(user.id) == id).cloned();
        Self { named, identified }
    }

    /// The only match: by name, else by id. `None` without a match.
    pub(super) fn one(self, given: &str) -> Result<Option<User>, Invalid> {
        let Self {
            mut named,
            identified,
        } = self;
        let identified = identified.filter(|it| named.iter().all(|user| user.id != it.id));
        named.extend(identified);
        match named.len() {
            0 | 1 => Ok(named.pop()),
            _ => Err(Invalid::Ambiguous {
                given: given.to_owned(),
                users: named,
            }),
        }
    }
}

/// The id that a word can be: digits, also after `#`.
fn id(word: &str) -> Option<UserId> {
    let digits = word.strip_prefix('#').unwrap_or(word);
    let is_id = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_id
        .then(|| digits.parse().ok())
        .flatten()
        .map(UserId::new)
}

/// The names that are nearest to a mistyped one, or begin with it, as a caller can type them: at most three.
pub(super) fn nearest_names(given: &str, players: &[User]) -> Vec<String> {
    let given = given.trim();
    if given.is_empty() || given.len() > LONGEST_NAME {
        return Vec::new();
    }
    let lower = given.to_lowercase();
    let names = players.iter().map(|user| user.username.as_str());
    let mut near = nearest(given, names.clone());
    for name in names.filter(|name| name.to_lowercase().starts_with(&lower)) {
        if !near.contains(&name) {
            near.push(name);
        }
    }
    near.truncate(3);
    let user = |name: &str| players.iter().find(|user| user.username == name);
    near.iter()
        .filter_map(|name| user(name).map(typed))
        .collect()
}

/// The name as a caller can type it: in quotes if it must be, or the id if no quotes help.
pub(super) fn typed(user: &User) -> String {
    let name = user.username.trim();
    let is_plain = !name.is_empty()
        && !name.starts_with('\'')
        && !name.contains(|sign: char| sign.is_whitespace() || sign == '"');
    match (name.contains('"'), name.contains('\'')) {
        _ if is_plain => name.to_owned(),
        (false, _) => format!("\"{name}\""),
        (true, false) => format!("'{name}'"),
        (true, true) => format!("#{}", user.id),
    }
}

/// The player of a word, among those who are online.
pub(super) async fn player(console: &Console, word: Word) -> Result<User, Invalid> {
    let online = online(console).await?;
    if let Some(found) = among(&word, &online)? {
        return Ok(found);
    }
    // A server that sends no joins lists a new player late.
    let listed = console
        .command(player::list())
        .timeout(LOOKUP_TIMEOUT)
        .await;
    if let Ok(listed) = listed {
        let listed: Vec<User> = listed.into_iter().collect();
        if let Some(found) = among(&word, &listed)? {
            return Ok(found);
        }
    }
    Err(Invalid::NoSuchPlayer {
        nearest: nearest_names(&word.text, &online),
        given: word.user.map_or(word.text, |user| user.username),
    })
}

/// The player of a word, online or not.
pub(super) async fn user(console: &Console, word: Word) -> Result<User, Invalid> {
    if let Some(user) = word.user {
        return Ok(user);
    }
    let online = online(console).await?;
    let given = word.text;
    let mut matches = Matches::find(&given, &online);
    if matches.named.is_empty() && !given.starts_with('#') {
        let named = console
            .command(player::find(given.trim()))
            .timeout(LOOKUP_TIMEOUT);
        matches.named.extend(known(named.await, &given)?);
    }
    if matches.identified.is_none()
        && let Some(id) = id(given.trim())
    {
        let identified = console
            .command(player::username(id))
            .timeout(LOOKUP_TIMEOUT);
        matches.identified = known(identified.await, &given)?;
    }
    matches.one(&given)?.ok_or_else(|| Invalid::NoSuchUser {
        nearest: nearest_names(&given, &online),
        given,
    })
}

/// `None` if the server replies that there is no such player.
fn known(user: Result<User, att_console::Error>, given: &str) -> Result<Option<User>, Invalid> {
    let error = match user {
        Ok(user) => return Ok(Some(user)),
        Err(error) => error,
    };
    if matches!(error.kind(), ErrorKind::Server { .. }) {
        return Ok(None);
    }
    Err(Invalid::NotLookedUp {
        given: given.to_owned(),
        because: error.kind().to_string(),
    })
}

fn among(word: &Word, players: &[User]) -> Result<Option<User>, Invalid> {
    match &word.user {
        Some(user) => Ok(players.iter().find(|it| it.id == user.id).cloned()),
        None => Matches::find(&word.text, players).one(&word.text),
    }
}

async fn online(console: &Console) -> Result<Vec<User>, Invalid> {
    let players = Players::of(console);
    let listed = tokio::time::timeout(LOOKUP_TIMEOUT, players.when_listed()).await;
    if listed != Ok(true) {
        return Err(Invalid::PlayersUnknown);
    }
    let online = players.online();
    Ok(online.iter().map(|player| player.user.clone()).collect())
}
