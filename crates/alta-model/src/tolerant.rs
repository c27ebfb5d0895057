//! How the models are read: whatever stands in a place is consumed, so that one odd value loses nothing beside it.
//!
//! A reader here has two kinds of failure. An error of the deserializer means that the text is no JSON: nothing after it
//! can be read. [`Odd`] means that the value is JSON of another shape: it has been consumed to its end, and reading goes
//! on behind it.

mod number;
mod record;
mod scalar;
mod value;

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess},
};

pub(crate) use record::{List, Mode, Record, Required, read_record, record};
pub(crate) use scalar::scalar;

/// How deep values may be nested. What is deeper is odd: `serde_json` itself gives up at 128, and then on everything.
pub(crate) const DEEPEST: u8 = 100;

/// Why a value is not what it should be.
#[derive(Debug)]
pub(crate) struct Odd(String);

/// A value that was consumed: none for a null.
pub(crate) type Read<T> = Result<Option<T>, Odd>;

/// A type that consumes any JSON value.
pub(crate) trait Tolerant: Sized {
    /// Reads the value; `depth` counts the arrays and objects around it.
    fn read<'de, D: Deserializer<'de>>(deserializer: D, depth: u8) -> Result<Read<Self>, D::Error>;
}

/// Reads a `T`, or fails.
pub(crate) fn strictly<'de, T: Tolerant, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::read(deserializer, 0)?
        .and_then(|value| value.ok_or_else(|| Odd::new("it is null")))
        .map_err(D::Error::custom)
}

/// Reads a value as part of another one.
pub(crate) struct Field<T> {
    depth: u8,
    of: PhantomData<T>,
}

impl<T> Field<T> {
    pub(crate) fn at(depth: u8) -> Self {
        Self {
            depth,
            of: PhantomData,
        }
    }
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Field<T> {
    type Value = Read<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read<T>, D::Error> {
        if self.depth >= DEEPEST {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Err(Odd::new("it is nested too deep")));
        }
        T::read(deserializer, self.depth)
    }
}

impl Odd {
    pub(crate) fn new(reason: &str) -> Self {
        Self(reason.to_owned())
    }

    /// The same of a field.
    pub(crate) fn of_field(&self, field: &str) -> Self {
        Self(format!("`{field}`: {self}"))
    }
}

impl serde::de::Error for Odd {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl std::error::Error for Odd {}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Tolerant> Tolerant for Box<T> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, depth: u8) -> Result<Read<Self>, D::Error> {
        Ok(T::read(deserializer, depth)?.map(|value| value.map(Box::new)))
    }
}

/// Consumes the rest of an array.
pub(crate) fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Consumes the rest of an object.
pub(crate) fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}
