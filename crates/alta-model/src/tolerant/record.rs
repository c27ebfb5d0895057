use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{Field, Odd, Outcome, Tolerant, drain_map, drain_seq};
use crate::Skipped;

/// What `model!` declares: fields by name.
pub(crate) trait Record: Sized {
    /// For errors: `the fields of a Server`.
    const EXPECTED: &'static str;

    /// Reads all fields of the object.
    fn read_fields<'de, A: MapAccess<'de>>(
        map: A,
        mode: Mode,
        slot: &mut Option<Self>,
    ) -> Result<Outcome, A::Error>;

    /// Reads the record from a string, if it can stand in one.
    fn from_text(_: &str) -> Option<Self> {
        None
    }
}

/// How a record's required fields are read.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    /// Whether the reading ends where a required field is odd, so that the error tells the place. Otherwise the record is
    /// consumed first.
    pub(crate) is_strict: bool,
    /// The depth of the fields.
    pub(crate) depth: u8,
}

/// Reads a record as part of something else.
pub(crate) fn read_record<'de, T: Record, D: Deserializer<'de>>(
    deserializer: D,
    depth: u8,
    slot: &mut Option<T>,
) -> Result<Outcome, D::Error> {
    let mode = Mode {
        is_strict: false,
        depth: depth + 1,
    };
    deserializer.deserialize_any(RecordVisitor { mode, slot })
}

/// Reads a record, or fails.
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
    let outcome = deserializer.deserialize_any(visitor)?;
    outcome.map_err(D::Error::custom)?;
    slot.ok_or_else(|| D::Error::custom(odd::<T>("null")))
}

fn odd<T: Record>(found: impl fmt::Display) -> Odd {
    Odd::custom(format_args!(
        "invalid type: {found}, expected {}",
        T::EXPECTED
    ))
}

struct RecordVisitor<'a, T> {
    mode: Mode,
    slot: &'a mut Option<T>,
}

impl<'de, T: Record> Visitor<'de> for RecordVisitor<'_, T> {
    type Value = Outcome;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Outcome, E> {
        Ok(Err(odd::<T>("a bool")))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Outcome, E> {
        Ok(Err(odd::<T>(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Outcome, E> {
        Ok(Err(odd::<T>(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Outcome, E> {
        Ok(Err(odd::<T>(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Outcome, E> {
        *self.slot = T::from_text(text);
        let is_read = self.slot.is_some();
        let odd = || odd::<T>(format_args!("string {text:?}"));
        Ok(is_read.then_some(()).ok_or_else(odd))
    }

    fn visit_unit<E>(self) -> Result<Outcome, E> {
        Ok(Ok(()))
    }

    fn visit_none<E>(self) -> Result<Outcome, E> {
        Ok(Ok(()))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Outcome, A::Error> {
        drain_seq(seq)?;
        Ok(Err(odd::<T>("an array")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Outcome, A::Error> {
        T::read_fields(map, self.mode, self.slot)
    }
}

/// Reads a required field.
pub(crate) struct Required<'a, T> {
    pub(crate) mode: Mode,
    pub(crate) slot: &'a mut Option<T>,
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Required<'_, T> {
    type Value = Outcome;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outcome, D::Error> {
        let (depth, slot) = (self.mode.depth, self.slot);
        match (Field { depth, slot }).deserialize(deserializer)? {
            Err(odd) if self.mode.is_strict => Err(D::Error::custom(odd)),
            outcome => Ok(outcome),
        }
    }
}

/// Reads a field's list. What can't be read, or isn't kept, is noted.
pub(crate) struct List<'a, T, K> {
    pub(crate) field: &'static str,
    pub(crate) depth: u8,
    pub(crate) skipped: &'a mut Skipped,
    /// Makes an entry of what was read: none of a null and of an odd value.
    pub(crate) keep: K,
    pub(crate) of: PhantomData<T>,
}

impl<'de, T: Tolerant, E, K: Fn(Option<T>) -> Option<E>> DeserializeSeed<'de> for List<'_, T, K> {
    /// None for a null, and for what is no list.
    type Value = Option<Vec<E>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<T, K> List<'_, T, K> {
    /// What is no list is left out as a whole.
    fn leave_out<E>(self) -> Option<Vec<E>> {
        self.skipped.field(self.field);
        None
    }
}

impl<'de, T: Tolerant, E, K: Fn(Option<T>) -> Option<E>> Visitor<'de> for List<'_, T, K> {
    type Value = Option<Vec<E>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        let mut index = 0;
        loop {
            let (depth, mut entry) = (self.depth + 1, None);
            let slot = &mut entry;
            let Some(outcome) = seq.next_element_seed(Field { depth, slot })? else {
                return Ok(Some(list));
            };
            let kept = (self.keep)(entry);
            if outcome.is_err() || kept.is_none() {
                self.skipped.entry(self.field, index);
            }
            list.extend(kept);
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map)?;
        Ok(self.leave_out())
    }

    fn visit_bool<E2>(self, _: bool) -> Result<Self::Value, E2> {
        Ok(self.leave_out())
    }

    fn visit_i64<E2>(self, _: i64) -> Result<Self::Value, E2> {
        Ok(self.leave_out())
    }

    fn visit_u64<E2>(self, _: u64) -> Result<Self::Value, E2> {
        Ok(self.leave_out())
    }

    fn visit_f64<E2>(self, _: f64) -> Result<Self::Value, E2> {
        Ok(self.leave_out())
    }

    fn visit_str<E2>(self, _: &str) -> Result<Self::Value, E2> {
        Ok(self.leave_out())
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
