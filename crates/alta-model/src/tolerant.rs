//! The tolerant reader of the models: it consumes every JSON value, so that one invalid value affects no other.
//!
//! It distinguishes two failures. An error of the deserializer means that the input is not JSON: nothing after it can be
//! read. [`Invalid`] means that the value is JSON of another shape: it has been consumed to its end, and the reader
//! continues after it.

/// The methods of a visitor whose slot stays empty for a null.
macro_rules! visit_null {
    () => {
        fn visit_unit<E>(self) -> Result<Validity, E> {
            Ok(Ok(()))
        }

        fn visit_none<E>(self) -> Result<Validity, E> {
            Ok(Ok(()))
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Validity, D::Error> {
            deserializer.deserialize_any(self)
        }
    };
}
pub(crate) use visit_null;

mod number;
mod record;
mod scalar;
mod value;

pub(crate) use record::{List, Mode, Record, Required, read_record, record};
pub(crate) use scalar::scalar;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess};
use serde::{Deserialize, Deserializer};
use std::fmt;

/// The deepest nesting. A deeper value is invalid: `serde_json` would fail for the whole input at 128.
pub(crate) const DEEPEST: u8 = 100;

/// The reason why a value is invalid.
#[derive(Debug)]
pub(crate) struct Invalid(Box<str>);

/// The result of a consumed value. The slot stays empty for a null.
pub(crate) type Validity = Result<(), Invalid>;

/// A type that consumes any JSON value.
pub(crate) trait Tolerant: Sized {
    /// Reads the value into the slot, from which it is not moved; `depth` counts the arrays and objects around it.
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        depth: u8,
        slot: &mut Option<Self>,
    ) -> Result<Validity, D::Error>;
}

/// Reads a `T`; null is an error.
pub(crate) fn strictly<'de, T: Tolerant, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let mut slot = None;
    T::read(deserializer, 0, &mut slot)?.map_err(D::Error::custom)?;
    slot.ok_or_else(|| D::Error::custom("it is null"))
}

/// Reads a value as part of another one, or skips it if its slot is filled.
pub(crate) struct Field<'a, T> {
    pub(crate) depth: u8,
    pub(crate) slot: &'a mut Option<T>,
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Field<'_, T> {
    type Value = Validity;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Validity, D::Error> {
        if self.slot.is_some() {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Ok(()));
        }
        if self.depth >= DEEPEST {
            IgnoredAny::deserialize(deserializer)?;
            return Ok(Err(Invalid::new("it is nested too deeply")));
        }
        T::read(deserializer, self.depth, self.slot)
    }
}

impl Invalid {
    pub(crate) fn new(reason: &str) -> Self {
        Self(reason.into())
    }

    /// The same reason, with the name of the field.
    pub(crate) fn of_field(&self, field: &str) -> Self {
        Self(format!("`{field}`: {self}").into())
    }
}

impl serde::de::Error for Invalid {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string().into())
    }
}

impl std::error::Error for Invalid {}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T: Tolerant> Tolerant for Box<T> {
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        depth: u8,
        slot: &mut Option<Self>,
    ) -> Result<Validity, D::Error> {
        let mut unboxed = None;
        let validity = T::read(deserializer, depth, &mut unboxed)?;
        *slot = unboxed.map(Box::new);
        Ok(validity)
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
