//! The types of parameters. Each function takes the name of the parameter, as usage and errors show it.
//!
//! | function | argument | on the line |
//! | --- | --- | --- |
//! | [`string`] | `String` | a word, or several in quotes |
//! | [`word`] | `String` | a word without white space |
//! | [`integer`] | an integer | digits |
//! | [`number`] | `f64` | a finite number |
//! | [`flag`] | `bool` | `true`, `yes`, `on` or `1`; `false`, `no`, `off` or `0` |
//! | [`vector`] | [`Vector3`] | `x,y,z` |
//! | [`choice`] | a `T` | one of its words |
//! | [`parsed`] | a `T` | a word that `T` parses |
//! | [`player`] | [`User`] | a player who is online |
//! | [`user`] | [`User`] | a player whom the server knows |
//! | [`rest`] | `String` | the rest of the line |
//!
//! [`Parameter::optional`], [`Parameter::default`], [`Parameter::several`] and [`Parameter::range`] change a parameter.
//!
//! # Players
//!
//! A player is typed as a name, as the same name in another case if only one player has it, or as an id. A name wins over an
//! id: `1234` is the player of that name. If another player has the id 1234, too, the error names both, and `#1234` is the id.

use super::cursor::{Word, same};
use super::invalid::Invalid;
use super::parameter::{Parameter, Read, Shape, reader};
use super::resolve;
use alta_model::{User, Vector3};
use att_console::Console;
use futures_core::future::BoxFuture;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;
use std::sync::Arc;

/// A string: a word, or several in quotes.
pub fn string(name: impl Into<String>) -> Parameter<String> {
    by_word(name, "a string", |_, text| Ok(text))
}

/// A word without white space.
pub fn word(name: impl Into<String>) -> Parameter<String> {
    by_word(name, "a word", |kind, text| {
        if text.is_empty() || text.contains(char::is_whitespace) {
            return Err(kind.not(text));
        }
        Ok(text)
    })
}

/// An integer of any type: `integer::<u32>("count")`. A value outside of the type is an error.
pub fn integer<T>(name: impl Into<String>) -> Parameter<T>
where
    T: FromStr<Err = ParseIntError> + Send + 'static,
{
    by_word(name, "an integer", |kind, text| {
        text.parse()
            .map_err(|error: ParseIntError| match error.kind() {
                IntErrorKind::PosOverflow => kind.out_of_range("a smaller integer", text),
                IntErrorKind::NegOverflow => kind.out_of_range("a larger integer", text),
                _ => kind.not(text),
            })
    })
}

/// A finite number, with a point before its decimals.
pub fn number(name: impl Into<String>) -> Parameter<f64> {
    by_word(name, "a number", |kind, text| match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(kind.out_of_range("finite", text)),
        Err(_) => Err(kind.not(text)),
    })
}

/// True or false.
pub fn flag(name: impl Into<String>) -> Parameter<bool> {
    by_word(name, "true or false", |kind, text| {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err(kind.not(text)),
        }
    })
}

/// Three finite numbers, `x,y,z`.
pub fn vector(name: impl Into<String>) -> Parameter<Vector3> {
    by_word(name, "a vector x,y,z", |kind, text| {
        match text.parse::<Vector3>() {
            Ok(it) if [it.x, it.y, it.z].into_iter().all(f64::is_finite) => Ok(it),
            _ => Err(kind.not(text)),
        }
    })
}

/// One of these words, in any case, each with its value.
///
/// ```
/// use att_kit::bot_commands::arg;
///
/// let hour = arg::choice("time", [("noon", 12.0), ("midnight", 0.0)]);
/// # let _ = hour;
/// ```
pub fn choice<W: Into<String>, T: Clone + Send + Sync + 'static>(
    name: impl Into<String>,
    words: impl IntoIterator<Item = (W, T)>,
) -> Parameter<T> {
    let words = words.into_iter().map(|(word, value)| (word.into(), value));
    let words: Vec<(String, T)> = words.collect();
    let names: Vec<_> = words.iter().map(|(word, _)| word.as_str()).collect();
    let kind = format!("one of {}", names.join(", "));
    by_word(name, kind, move |kind, text| {
        let found = words.iter().find(|(word, _)| same(word, &text));
        found
            .map(|(_, value)| value.clone())
            .ok_or_else(|| kind.not(text))
    })
}

/// A word that `T` parses. `kind` names the type with its article, such as `a color`.
pub fn parsed<T: FromStr + Send + 'static>(
    name: impl Into<String>,
    kind: impl Into<String>,
) -> Parameter<T> {
    by_word(name, kind, |kind, text| {
        text.parse().map_err(|_| kind.not(text))
    })
}

/// A player who is online, from [`Players`](crate::players::Players) of the console.
pub fn player(name: impl Into<String>) -> Parameter<User> {
    by_player(name, "a player who is online", |console, word| {
        Box::pin(resolve::player(console, word))
    })
}

/// A player whom the server knows, online or not: looked up with `player id` and `player username`.
pub fn user(name: impl Into<String>) -> Parameter<User> {
    by_player(name, "a player whom the server knows", |console, word| {
        Box::pin(resolve::user(console, word))
    })
}

/// The rest of the line, as it was typed. Quotes around all of it are removed. Only for the last parameter.
pub fn rest(name: impl Into<String>) -> Parameter<String> {
    let name = name.into();
    let parameter = name.clone();
    let read: Read<String> = reader(move |cursor, _| {
        let rest = cursor.rest_of_line(&parameter);
        Box::pin(async move { rest })
    });
    Parameter::new(name, "the rest of the line", read).shaped(Shape::Rest)
}

/// The name and the type of a parameter, for its errors.
struct Kind {
    parameter: String,
    kind: String,
}

impl Kind {
    fn not(&self, given: String) -> Invalid {
        Invalid::NotA {
            parameter: self.parameter.clone(),
            kind: self.kind.clone(),
            given,
        }
    }

    fn out_of_range(&self, range: &str, given: String) -> Invalid {
        Invalid::OutOfRange {
            parameter: self.parameter.clone(),
            range: range.to_owned(),
            given,
        }
    }
}

fn by_player(
    name: impl Into<String>,
    kind: &str,
    find: fn(&Console, Word) -> BoxFuture<'_, Result<User, Invalid>>,
) -> Parameter<User> {
    let name = name.into();
    let parameter = name.clone();
    let read: Read<User> = reader(move |cursor, console| {
        let word = cursor.word(&parameter);
        Box::pin(async move { find(console, word?).await })
    });
    Parameter::new(name, kind, read)
}

fn by_word<T: Send + 'static>(
    name: impl Into<String>,
    kind: impl Into<String>,
    read: impl Fn(&Kind, String) -> Result<T, Invalid> + Send + Sync + 'static,
) -> Parameter<T> {
    let (name, kind) = (name.into(), kind.into());
    let known = Arc::new(Kind {
        parameter: name.clone(),
        kind: kind.clone(),
    });
    let read: Read<T> = reader(move |cursor, _| {
        let word = cursor.word(&known.parameter);
        let value = word.and_then(|word| read(&known, word.text));
        Box::pin(async move { value })
    });
    Parameter::new(name, kind, read)
}
