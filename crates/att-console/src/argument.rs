use alta_model::console::result::PlayerDetailed;
use alta_model::{EntityId, PrefabHash, User, UserId, Vector3};
use std::fmt::Write as _;
use std::ops::RangeInclusive;

/// One argument of a command: a value, never pasted text. This is the one place where arguments are written.
///
/// Nobody has published how the server escapes a quote inside quotes, so what cannot be represented for certain is an
/// error that names the character, before anything is sent. To have it replaced instead, say so:
/// [`Argument::typographic`], [`Argument::replacing`].
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    written: Result<String, Problem>,
    replaced: Vec<char>,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Problem {
    #[error(
        "the character {character:?} in {text:?} cannot be written in a command for certain; {}",
        advice(*character)
    )]
    Character { character: char, text: String },
    #[error(
        "the character {character:?} in {what} {text:?} cannot be written in a command for certain"
    )]
    WordCharacter {
        what: &'static str,
        character: char,
        text: String,
    },
    #[error("{what} must not be empty")]
    Empty { what: &'static str },
    #[error("{name:?} cannot be the name of a place, since {why}")]
    Place { name: String, why: &'static str },
    #[error(
        "{0:?} is the name of a place, and a player is needed: `teleport` takes places; a player of that name is \
         addressed by id"
    )]
    PlaceForPlayer(String),
    #[error("{count} is not a count from {} to {}", range.start(), range.end())]
    Count {
        count: u32,
        range: RangeInclusive<u32>,
    },
    #[error(
        "a player cannot be addressed by the name {name:?}, since the character {character:?} in it cannot be written \
         in a command for certain; use the id"
    )]
    NameCharacter { character: char, name: String },
    #[error("a player cannot be addressed by the name {name:?}, since {why}; use the id")]
    Target { name: String, why: &'static str },
    #[error("{0} is not a number that can be written in a command")]
    Number(f64),
    #[error("the list of players is empty")]
    Nobody,
    #[error("one player is needed, not {0}")]
    Several(&'static str),
    #[error("{hour}:{minute:02} is not a time of day")]
    Time { hour: u8, minute: u8 },
}

impl Argument {
    /// A text, in double quotes.
    ///
    /// A double quote, a back-slash or a control character in it makes the command fail with
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) before it is sent.
    pub fn text(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        match text.chars().find(|character| is_unwritable(*character)) {
            None => Self::bare(format!("\"{text}\"")),
            Some(character) => Self::failed(Problem::Character {
                character,
                text: abbreviated(text),
            }),
        }
    }

    /// A text, in double quotes, with every character that cannot be written replaced by `by` (or left out if that
    /// cannot be written either). [`replaced`](Self::replaced) tells which there were.
    ///
    /// ```
    /// use att_console::Argument;
    ///
    /// let name = Argument::replacing(r#"a"b\c"#, '\'');
    /// assert_eq!(name.replaced(), ['"', '\\']);
    /// ```
    pub fn replacing(text: impl AsRef<str>, by: char) -> Self {
        Self::replacing_each(text.as_ref(), |_, _| Some(by))
    }

    /// A text, in double quotes, made such that it can be written and reads the same: with “typographic” quotation marks
    /// for straight ones, `/` for back-slashes, blanks for line breaks and tabs, and without other control characters.
    /// [`replaced`](Self::replaced) tells which there were.
    ///
    /// ```
    /// use att_console::{Argument, Command};
    ///
    /// let text = Argument::typographic(r#"He said "hi" and left"#);
    /// assert_eq!(text.replaced(), ['"']);
    /// let command = Command::new("player message *").arg(text);
    /// assert_eq!(command.to_string(), "player message * \"He said “hi” and left\"");
    /// ```
    pub fn typographic(text: impl AsRef<str>) -> Self {
        Self::replacing_each(text.as_ref(), |before, character| match character {
            '"' if before.is_none_or(begins_a_quotation) => Some('\u{201c}'),
            '"' => Some('\u{201d}'),
            '\\' => Some('/'),
            '\n' | '\t' => Some(' '),
            other => is_line_break(other).then_some(' '),
        })
    }

    /// The characters of the text that [`replacing`](Self::replacing) or [`typographic`](Self::typographic) replaced or left
    /// out, in order, each once. Empty if the text stands there as it was.
    pub fn replaced(&self) -> &[char] {
        &self.replaced
    }

    /// `by` gets the character before and the one that cannot be written.
    fn replacing_each(text: &str, by: impl Fn(Option<char>, char) -> Option<char>) -> Self {
        let mut written = String::with_capacity(text.len());
        let mut replaced = Vec::new();
        let mut before = None;
        for character in text.chars() {
            if is_unwritable(character) {
                written.extend(by(before, character).filter(|by| !is_unwritable(*by)));
                if !replaced.contains(&character) {
                    replaced.push(character);
                }
            } else {
                written.push(character);
            }
            before = Some(character);
        }
        if !replaced.is_empty() {
            tracing::debug!(
                ?replaced,
                "an argument cannot hold these characters of its text"
            );
        }
        Self {
            replaced,
            ..Self::text(written)
        }
    }

    /// The name of something, or a number, as the server has them: bare if it is one plain word, else in quotes. `what` is the
    /// thing in an error.
    ///
    /// An empty name is an error: the server could take it for a parameter that is left out, and so for everything.
    pub(crate) fn word(what: &'static str, text: &str) -> Self {
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        if text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.bytes().all(plain)
        {
            Self::bare(text.to_owned())
        } else {
            Self::quoted(what, text)
        }
    }

    /// The name of something, in quotes.
    pub(crate) fn quoted(what: &'static str, text: &str) -> Self {
        if is_blank(text) {
            return Self::failed(Problem::Empty { what });
        }
        match Self::text(text).written {
            Ok(written) => Self::bare(written),
            Err(Problem::Character { character, text }) => Self::failed(Problem::WordCharacter {
                what,
                character,
                text,
            }),
            Err(other) => Self::failed(other),
        }
    }

    /// The same argument, unless it is an empty text.
    pub(crate) fn not_empty(self, what: &'static str) -> Self {
        let is_empty = |text: &String| is_blank(text.trim_matches('"'));
        if self.written.as_ref().is_ok_and(is_empty) {
            Self::failed(Problem::Empty { what })
        } else {
            self
        }
    }

    /// A save string without the white space around it, which is never part of it: bare, as every known client writes it, if
    /// it has the usual form; else in quotes.
    pub(crate) fn save_string(text: &str) -> Self {
        let text =
            text.trim_matches(|letter: char| letter.is_whitespace() || letter == BYTE_ORDER_MARK);
        let plain = |letter: u8| letter.is_ascii_digit() || b",|".contains(&letter);
        if !text.is_empty() && text.bytes().all(plain) {
            Self::bare(text.to_owned())
        } else {
            Self::quoted("the save string", text)
        }
    }

    /// How many of something.
    pub(crate) fn count(count: u32, range: RangeInclusive<u32>) -> Self {
        if range.contains(&count) {
            count.into()
        } else {
            Self::failed(Problem::Count { count, range })
        }
    }

    /// The name of a place that this library does not know.
    pub(crate) fn place(name: &str) -> Self {
        let refused = |why| {
            let name = abbreviated(name);
            Self::failed(Problem::Place { name, why })
        };
        let trimmed = name.trim();
        if is_a_number(trimmed) {
            refused("the server reads digits as a player's id")
        } else if trimmed.contains(['*', ',']) {
            refused("the server reads it as players")
        } else {
            Self::word("the name of a place", name)
        }
    }

    /// One player where a place could stand as well.
    pub(crate) fn player_no_place(target: Target, is_place: impl Fn(&str) -> bool) -> Self {
        match target {
            Target::Name(name) if is_place(name.trim()) => {
                Self::failed(Problem::PlaceForPlayer(name))
            }
            target => Self::player(target),
        }
    }

    /// One player, where a list has no meaning.
    pub(crate) fn player(target: Target) -> Self {
        match &target {
            Target::Everyone => Self::failed(Problem::Several("everyone")),
            Target::Ids(ids) if ids.len() > 1 => Self::failed(Problem::Several("a list of them")),
            _ => target.into(),
        }
    }

    /// A time of day, `13.05`.
    pub(crate) fn time_of_day(hour: u8, minute: u8) -> Self {
        if hour < 24 && minute < 60 {
            Self::bare(format!("{hour}.{minute:02}"))
        } else {
            Self::failed(Problem::Time { hour, minute })
        }
    }

    pub(crate) fn bare(text: String) -> Self {
        Self {
            written: Ok(text),
            replaced: Vec::new(),
        }
    }

    fn failed(problem: Problem) -> Self {
        Self {
            written: Err(problem),
            replaced: Vec::new(),
        }
    }

    /// As it stands in a command line.
    pub(crate) fn into_written(self) -> Result<String, Problem> {
        self.written
    }
}

/// Whether no public source tells how a server reads this character inside quotes.
pub(crate) fn is_unwritable(character: char) -> bool {
    matches!(character, '"' | '\\') || character.is_control() || is_line_break(character)
}

/// What .NET, too, takes for a whole number: digits, perhaps with a sign.
/// Whether nothing of it is to be seen.
fn is_blank(text: &str) -> bool {
    let is_seen = |letter: char| {
        !letter.is_whitespace()
            && !matches!(
                letter,
                BYTE_ORDER_MARK | '\u{200b}'..='\u{200f}' | '\u{2060}'
            )
    };
    !text.contains(is_seen)
}

fn is_a_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).trim_start();
    !digits.is_empty() && digits.chars().all(char::is_numeric)
}

/// Whether a quotation mark after this character opens a quotation.
fn begins_a_quotation(before: char) -> bool {
    before.is_whitespace() || matches!(before, '(' | '[' | '{' | '<' | '\u{2014}' | '"')
}

/// Line and paragraph separators end lines for .NET, too.
fn is_line_break(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}')
}

/// Files of some programs begin with it.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// What to do about a character that cannot be written in a text.
fn advice(character: char) -> &'static str {
    if character == '"' {
        "let Argument::typographic write typographic quotation marks (\u{201c} \u{201d}) for it, or Argument::replacing another \
         character"
    } else {
        "leave it out, or let Argument::typographic or Argument::replacing put another character in its place"
    }
}

/// Long texts are shortened in errors.
pub(crate) fn abbreviated(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

impl From<&str> for Argument {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Argument {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&String> for Argument {
    fn from(text: &String) -> Self {
        Self::text(text)
    }
}

impl From<bool> for Argument {
    fn from(value: bool) -> Self {
        Self::bare(value.to_string())
    }
}

impl From<f64> for Argument {
    /// With a point and without an exponent, as the server reads it. What is not finite is an error.
    fn from(value: f64) -> Self {
        if value.is_finite() {
            Self::bare(value.to_string())
        } else {
            Self::failed(Problem::Number(value))
        }
    }
}

impl From<Vector3> for Argument {
    /// `x,y,z` without spaces.
    fn from(vector: Vector3) -> Self {
        let parts = [vector.x, vector.y, vector.z];
        match parts.into_iter().find(|part| !part.is_finite()) {
            Some(part) => Self::failed(Problem::Number(part)),
            None => Self::bare(format!("{},{},{}", vector.x, vector.y, vector.z)),
        }
    }
}

macro_rules! integer_arguments {
    ($($integer:ty),*) => {
        $(
            impl From<$integer> for Argument {
                fn from(value: $integer) -> Self {
                    Self::bare(value.to_string())
                }
            }
        )*
    };
}

integer_arguments!(i16, i32, i64, u8, u16, u32, u64, usize);

macro_rules! id_arguments {
    ($($id:ty),*) => {
        $(
            impl From<$id> for Argument {
                fn from(id: $id) -> Self {
                    Self::bare(id.to_string())
                }
            }
        )*
    };
}

id_arguments!(UserId, EntityId, PrefabHash);

impl From<Target> for Argument {
    fn from(target: Target) -> Self {
        match target.written() {
            Ok(written) => Self::bare(written),
            Err(problem) => Self::failed(problem),
        }
    }
}

/// Whom a command is for: what the server calls a `PlayerList` or a `Player`.
///
/// Ids are always safe; player records are turned into their ids. A name is refused where the server could read
/// something else in it: a list (a comma), everyone (`*`), an id (all digits, also with a sign).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The player with this id.
    Id(UserId),
    /// The player of this name.
    Name(String),
    /// Several players, by id.
    Ids(Vec<UserId>),
    /// Everyone on the server.
    Everyone,
}

impl Target {
    /// Several players by id: `1,2,3` on the wire.
    pub fn ids(ids: impl IntoIterator<Item = UserId>) -> Self {
        Self::Ids(ids.into_iter().collect())
    }

    fn written(&self) -> Result<String, Problem> {
        match self {
            Target::Id(id) => Ok(id.to_string()),
            Target::Everyone => Ok("*".to_owned()),
            Target::Ids(ids) => {
                let (first, rest) = ids.split_first().ok_or(Problem::Nobody)?;
                let mut list = first.to_string();
                for id in rest {
                    // Writing to a `String` cannot fail.
                    let _ = write!(list, ",{id}");
                }
                Ok(list)
            }
            Target::Name(name) => {
                let refused = |why| {
                    let name = abbreviated(name);
                    Err(Problem::Target { name, why })
                };
                let trimmed = name.trim();
                if is_blank(trimmed) {
                    refused("it is empty")
                } else if name.contains(',') {
                    refused("a comma makes it a list")
                } else if trimmed == "*" {
                    refused("it means everyone")
                } else if is_a_number(trimmed) {
                    refused("digits are read as an id")
                } else {
                    Argument::text(name)
                        .written
                        .map_err(|problem| match problem {
                            Problem::Character { character, text } => Problem::NameCharacter {
                                character,
                                name: text,
                            },
                            other => other,
                        })
                }
            }
        }
    }
}

impl From<UserId> for Target {
    fn from(id: UserId) -> Self {
        Self::Id(id)
    }
}

impl From<&User> for Target {
    fn from(user: &User) -> Self {
        Self::Id(user.id)
    }
}

impl From<User> for Target {
    fn from(user: User) -> Self {
        Self::Id(user.id)
    }
}

impl From<&str> for Target {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Target {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<&PlayerDetailed> for Target {
    fn from(player: &PlayerDetailed) -> Self {
        Self::Id(player.id)
    }
}

impl From<Vec<UserId>> for Target {
    fn from(ids: Vec<UserId>) -> Self {
        Self::Ids(ids)
    }
}

impl From<&[User]> for Target {
    fn from(users: &[User]) -> Self {
        users.iter().map(|user| user.id).collect()
    }
}

impl From<&Vec<User>> for Target {
    fn from(users: &Vec<User>) -> Self {
        users.as_slice().into()
    }
}

impl FromIterator<UserId> for Target {
    fn from_iter<I: IntoIterator<Item = UserId>>(ids: I) -> Self {
        Self::ids(ids)
    }
}

#[cfg(test)]
mod tests;
#[cfg(any(test, fuzzing))]
pub(crate) mod tokenizer;
