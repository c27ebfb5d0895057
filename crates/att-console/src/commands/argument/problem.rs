use std::ops::RangeInclusive;

/// The reason why an argument cannot be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum Problem {
    #[error(
        "the character {character:?} in {text:?} cannot be written in a command for certain; {}",
        advice(*character)
    )]
    Character { character: char, text: String },
    #[error(
        "the character {character:?} in `{what}` {text:?} cannot be written in a command for certain"
    )]
    WordCharacter {
        what: &'static str,
        character: char,
        text: String,
    },
    #[error("`{what}` must not be empty")]
    Empty { what: &'static str },
    #[error("{name:?} cannot be the name of a place: {why}")]
    Place { name: String, why: &'static str },
    #[error(
        "{0:?} is the name of a place, but the command needs a player: `teleport` takes places; give a player of that \
         name by id"
    )]
    PlaceForPlayer(String),
    #[error("{count} is not a count from {} to {}", range.start(), range.end())]
    Count {
        count: u32,
        range: RangeInclusive<u32>,
    },
    #[error(
        "the name {name:?} cannot address a player: the character {character:?} in it cannot be written in a command \
         for certain; use the id"
    )]
    NameCharacter { character: char, name: String },
    #[error("the name {name:?} cannot address a player: {why}; use the id")]
    Target { name: String, why: &'static str },
    #[error("{0} is not a number that can be written in a command")]
    Number(f64),
    #[error("the list of players is empty")]
    Nobody,
    #[error("{hour}:{minute:02} is not a time of day")]
    Time { hour: u8, minute: u8 },
}

/// The alternatives to a character that cannot be written.
fn advice(character: char) -> &'static str {
    if character == '"' {
        "Argument::typographic writes typographic quotation marks (\u{201c} \u{201d}) instead, Argument::replacing another \
         character"
    } else {
        "leave it out, or replace it with Argument::typographic or Argument::replacing"
    }
}

/// Shortens a long string for an error.
pub(crate) fn abbreviated(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
