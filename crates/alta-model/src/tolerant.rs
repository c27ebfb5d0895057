//! How the models are read: whatever stands in a place is consumed, so that one odd value loses nothing beside it.
//!
//! A reader here has two kinds of failure. An error of the deserializer means that the text is no JSON: nothing after it
//! can be read. [`Odd`] means that the value is JSON of another shape: it has been consumed to its end, and reading goes
//! on behind it.

mod number;
mod record;
mod scalar;
mod value;

use std::fmt;

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
pub(crate) struct Odd(Box<str>);

/// What came of a value that was consumed: nothing is in the slot if it was a null.
pub(crate) type Outcome = Result<(), Odd>;

/// A type that consumes any JSON value.
pub(crate) trait Tolerant: Sized {
    /// Reads the value into the slot, where it is not moved any more; `depth` counts the arrays and objects around it.
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        depth: u8,
        slot: &mut Option<Self>,
    ) -> Result<Outcome, D::Error>;
}

/// Reads a `T`, or fails.
pub(crate) fn strictly<'de, T: Tolerant, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let mut slot = None;
    T::read(deserializer, 0, &mut slot)?.map_err(D::Error::custom)?;
    slot.ok_or_else(|| D::Error::custom("it is null"))
}

/// Reads a value as part of another one, unless its slot is taken.
pub(crate) struct Field<'a, T> {
    pub(crate) depth: u8,
    pub(crate) slot: &'a mut Option<T>,
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Field<'_, T> {
    type Value = Outcome;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome, D::Error> {
        if self.slot.is_some() {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Ok(()));
        }
        if self.depth >= DEEPEST {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Err(Odd::new("it is nested too deep")));
        }
        T::read(deserializer, self.depth, self.slot)
    }
}

impl Odd {
    pub(crate) fn new(reason: &str) -> Self {
        Self(reason.into())
    }

    /// The same of a field.
    pub(crate) fn of_field(&self, field: &str) -> Self {
        Self(format!("`{field}`: {self}").into())
    }
}

impl serde::de::Error for Odd {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

impl std::error::Error for Odd {}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Tolerant> Tolerant for Box<T> {
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        depth: u8,
        slot: &mut Option<Self>,
    ) -> Result<Outcome, D::Error> {
        let mut unboxed = None;
        let outcome = T::read(deserializer, depth, &mut unboxed)?;
        *slot = unboxed.map(Box::new);
        Ok(outcome)
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
