//! Arguments of particular kinds, each with its own check.

use super::text::{BYTE_ORDER_MARK, is_a_number, is_blank};
use super::{Argument, Problem, abbreviated};
use std::ops::RangeInclusive;

impl Argument {
    /// A name or a number: without quotes if it is one plain word, otherwise in quotes. `what` names the parameter in an error.
    ///
    /// An empty name is an error: the server can take it for a parameter that is left out, and so for everything.
    pub(crate) fn word(what: &'static str, text: &str) -> Self {
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        if text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.bytes().all(plain)
        {
            Self::bare(text.to_owned())
        } else {
            Self::quoted(what, text)
        }
    }

    /// A name, in quotes. An empty name is an error, as in [`word`](Self::word).
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

    /// A save string without the white space around it, which is never part of it: bare if it has the usual form, as all
    /// known clients write it; otherwise in quotes.
    pub(crate) fn save_string(what: &'static str, text: &str) -> Self {
        let text =
            text.trim_matches(|letter: char| letter.is_whitespace() || letter == BYTE_ORDER_MARK);
        let plain = |letter: u8| letter.is_ascii_digit() || b",|".contains(&letter);
        if !text.is_empty() && text.bytes().all(plain) {
            Self::bare(text.to_owned())
        } else {
            Self::quoted(what, text)
        }
    }

    /// A count within a range.
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

    /// A player's name that is also the name of a place, where the server accepts both.
    pub(crate) fn place_for_player(name: String) -> Self {
        Self::failed(Problem::PlaceForPlayer(name))
    }

    /// A time of day: `13.05`.
    pub(crate) fn time_of_day(hour: u8, minute: u8) -> Self {
        if hour < 24 && minute < 60 {
            Self::bare(format!("{hour}.{minute:02}"))
        } else {
            Self::failed(Problem::Time { hour, minute })
        }
    }
}
