use std::{fmt, marker::PhantomData};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};

use super::{Field, Odd, Read, Tolerant, drain_map, drain_seq};
use crate::Skipped;

/// What `model!` declares: fields by name.
pub(crate) trait Record: Sized {
    /// For errors: `the fields of a Server`.
    const EXPECTED: &'static str;

    /// Reads all fields of the object.
    fn read_fields<'de, A: MapAccess<'de>>(map: A, mode: Mode) -> Result<Read<Self>, A::Error>;

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
) -> Result<Read<T>, D::Error> {
    let mode = Mode {
        is_strict: false,
        depth: depth + 1,
    };
    let of = PhantomData;
    deserializer.deserialize_any(RecordVisitor { mode, of })
}

/// Reads a record, or fails.
pub(crate) fn record<'de, T: Record, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let mode = Mode {
        is_strict: true,
        depth: 1,
    };
    let of = PhantomData;
    deserializer
        .deserialize_any(RecordVisitor { mode, of })?
        .and_then(|record| record.ok_or_else(|| odd::<T>("null")))
        .map_err(D::Error::custom)
}

fn odd<T: Record>(found: impl fmt::Display) -> Odd {
    Odd::custom(format_args!(
        "invalid type: {found}, expected {}",
        T::EXPECTED
    ))
}

struct RecordVisitor<T> {
    mode: Mode,
    of: PhantomData<T>,
}

impl<'de, T: Record> Visitor<'de> for RecordVisitor<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Read<T>, E> {
        Ok(Err(odd::<T>("a bool")))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Read<T>, E> {
        Ok(Err(odd::<T>(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Read<T>, E> {
        Ok(Err(odd::<T>(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Read<T>, E> {
        Ok(Err(odd::<T>(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Read<T>, E> {
        Ok(T::from_text(text)
            .map(Some)
            .ok_or_else(|| odd::<T>(format_args!("string {text:?}"))))
    }

    fn visit_unit<E>(self) -> Result<Read<T>, E> {
        Ok(Ok(None))
    }

    fn visit_none<E>(self) -> Result<Read<T>, E> {
        Ok(Ok(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Read<T>, A::Error> {
        drain_seq(seq)?;
        Ok(Err(odd::<T>("an array")))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read<T>, A::Error> {
        T::read_fields(map, self.mode)
    }
}

/// Reads a required field.
pub(crate) struct Required<T> {
    mode: Mode,
    of: PhantomData<T>,
}

impl<T> Required<T> {
    pub(crate) fn new(mode: Mode) -> Self {
        let of = PhantomData;
        Self { mode, of }
    }
}

impl<'de, T: Tolerant> DeserializeSeed<'de> for Required<T> {
    type Value = Read<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read<T>, D::Error> {
        match Field::at(self.mode.depth).deserialize(deserializer)? {
            Err(odd) if self.mode.is_strict => Err(D::Error::custom(odd)),
            read => Ok(read),
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
    fn is_none(self) {
        self.skipped.field(self.field);
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
        while let Some(read) = seq.next_element_seed(Field::at(self.depth + 1))? {
            let is_odd = read.is_err();
            let kept = (self.keep)(read.ok().flatten());
            if is_odd || kept.is_none() {
                self.skipped.entry(self.field, index);
            }
            list.extend(kept);
            index += 1;
        }
        Ok(Some(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        drain_map(map)?;
        self.is_none();
        Ok(None)
    }

    fn visit_bool<E2>(self, _: bool) -> Result<Self::Value, E2> {
        self.is_none();
        Ok(None)
    }

    fn visit_i64<E2>(self, _: i64) -> Result<Self::Value, E2> {
        self.is_none();
        Ok(None)
    }

    fn visit_u64<E2>(self, _: u64) -> Result<Self::Value, E2> {
        self.is_none();
        Ok(None)
    }

    fn visit_f64<E2>(self, _: f64) -> Result<Self::Value, E2> {
        self.is_none();
        Ok(None)
    }

    fn visit_str<E2>(self, _: &str) -> Result<Self::Value, E2> {
        self.is_none();
        Ok(None)
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
