use super::{Field, Invalid, Tolerant, Validity, drain_map, drain_seq};
use crate::Skipped;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A type that `model!` declares: fields by name.
pub(crate) trait Record: Sized {
    /// For errors: `the fields of a Server`.
    const EXPECTED: &'static str;

    /// Reads all fields of the object.
    fn read_fields<'de, A: MapAccess<'de>>(
        map: A,
        mode: Mode,
        slot: &mut Option<Self>,
    ) -> Result<Validity, A::Error>;

    /// Reads the record from a string, if the record has such a form.
    fn from_text(_: &str) -> Option<Self> {
        None
    }
}

/// The way to read the required fields of a record.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    /// True if an invalid required field ends the reading, so that the error has its position. Otherwise, the record is
    /// consumed first.
    pub(crate) is_strict: bool,
    /// The depth of the fields.
    pub(crate) depth: u8,
}

/// Reads a record that is part of another value.
pub(crate) fn read_record<'de, T: Record, D: Deserializer<'de>>(
    deserializer: D,
    depth: u8,
    slot: &mut Option<T>,
) -> Result<Validity, D::Error> {
    let mode = Mode {
        is_strict: false,
        depth: depth + 1,
    };
    deserializer.deserialize_any(RecordVisitor { mode, slot })
}

/// Reads a record; null is an error.
pub(crate) fn record<'de, T: Record, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mode = Mode {
        is_strict: true,
        depth: 1,
    };
    let mut slot = None;
    let visitor = RecordVisitor {
        mode,
        slot: &mut slot,
    };
    let validity = deserializer.deserialize_any(visitor)?;
    validity.map_err(D::Error::custom)?;
    slot.ok_or_else(|| D::Error::custom(invalid::<T>("null")))
}

fn invalid<T: Record>(found: impl fmt::Display) -> Invalid {
    Invalid::custom(format_args!(
        "invalid type: {found}, expected {}",
        T::EXPECTED
    ))
}

struct RecordVisitor<'a, T> {
    mode: Mode,
    slot: &'a mut Option<T>,
}

impl<'de, T: Record> Visitor<'de> for RecordVisitor<'_, T> {
    type Value = Validity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Validity, E> {
        Ok(Err(invalid::<T>("a bool")))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Validity, E> {
        Ok(Err(invalid::<T>(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Validity, E> {
        Ok(Err(invalid::<T>(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Validity, E> {
        Ok(Err(invalid::<T>(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Validity, E> {
        *self.slot = T::from_text(text);
        let is_read = self.slot.is_some();
        let reason = || invalid::<T>(format_args!("string {text:?}"));
        Ok(is_read.then_some(()).ok_or_else(reason))
    }

    visit_null!();

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Validity, A::Error> {
        drain_seq(seq)?;
        Ok(Err(invalid::<T>("an array")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Validity, A::Error> {
        T::read_fields(map, self.mode, self.slot)
    }
}

/// Reads a required field.
pub(crate) struct Required<'a, T> {
    pub(crate) mode: Mode,
    pub(crate) slot: &'a mut Option<T>,
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Required<'_, T> {
    type Value = Validity;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Validity, D::Error> {
        let (depth, slot) = (self.mode.depth, self.slot);
        match (Field { depth, slot }).deserialize(deserializer)? {
            Err(invalid) if self.mode.is_strict => Err(D::Error::custom(invalid)),
            validity => Ok(validity),
        }
    }
}

/// Reads the list of a field. Invalid and omitted entries are recorded.
pub(crate) struct List<'a, T, K> {
    pub(crate) field: &'static str,
    pub(crate) depth: u8,
    pub(crate) skipped: &'a mut Skipped,
    /// Converts a value to an entry. The value is none for a null and for an invalid one; no entry means that it is omitted.
    pub(crate) keep: K,
    pub(crate) of: PhantomData<T>,
}

impl<'de, T: Tolerant, E, K: Fn(Option<T>) -> Option<E>> DeserializeSeed<'de> for List<'_, T, K> {
    /// None for a null, and for a value that is not a list.
    type Value = Option<Vec<E>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<T, K> List<'_, T, K> {
    /// Records a value that is not a list.
    fn skip<E>(self) -> Option<Vec<E>> {
        self.skipped.field(self.field);
        None
    }
}

impl<'de, T: Tolerant, E, K: Fn(Option<T>) -> Option<E>> Visitor<'de> for List<'_, T, K> {
    type Value = Option<Vec<E>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        let mut index = 0;
        loop {
            let (depth, mut entry) = (self.depth + 1, None);
            let slot = &mut entry;
            let Some(validity) = seq.next_element_seed(Field { depth, slot })? else {
                return Ok(Some(list));
            };
            let kept = (self.keep)(entry);
            if validity.is_err() || kept.is_none() {
                self.skipped.entry(self.field, index);
            }
            list.extend(kept);
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map)?;
        Ok(self.skip())
    }

    fn visit_bool<E2>(self, _: bool) -> Result<Self::Value, E2> {
        Ok(self.skip())
    }

    fn visit_i64<E2>(self, _: i64) -> Result<Self::Value, E2> {
        Ok(self.skip())
    }

    fn visit_u64<E2>(self, _: u64) -> Result<Self::Value, E2> {
        Ok(self.skip())
    }

    fn visit_f64<E2>(self, _: f64) -> Result<Self::Value, E2> {
        Ok(self.skip())
    }

    fn visit_str<E2>(self, _: &str) -> Result<Self::Value, E2> {
        Ok(self.skip())
    }

    fn visit_unit<E2>(self) -> Result<Self::Value, E2> {
        Ok(None)
    }

    fn visit_none<E2>(self) -> Result<Self::Value, E2> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}
