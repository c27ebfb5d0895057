use super::number::Number;
use super::{Invalid, Tolerant, Validity, drain_map, drain_seq};
use crate::{
    EntityId, GroupId, MemberPermissions, PrefabHash, RoleId, Secret, ServerId, TimeSpan,
    Timestamp, UserId,
};
use serde::de::{MapAccess, SeqAccess, Unexpected, Visitor, value};
use serde::{Deserialize, Deserializer, forward_to_deserialize_any};
use std::fmt;

/// Reads a `T` from a single token: a string, a number or a bool. An array or an object is consumed, and is invalid.
pub(crate) fn scalar<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    slot: &mut Option<T>,
) -> Result<Validity, D::Error> {
    deserializer.deserialize_any(Scalar(slot))
}

macro_rules! scalars {
    ($($name:ty),* $(,)?) => {
        $(
            impl Tolerant for $name {
                fn read<'de, D: Deserializer<'de>>(
                    deserializer: D,
                    _: u8,
                    slot: &mut Option<Self>,
                ) -> Result<Validity, D::Error> {
                    scalar(deserializer, slot)
                }
            }
        )*
    };
}

scalars! {
    bool, f64, i64, u16, u64, String, Secret, TimeSpan, Timestamp, MemberPermissions,
    EntityId, GroupId, PrefabHash, RoleId, ServerId, UserId,
}

struct Scalar<'a, T>(&'a mut Option<T>);

impl<'de, T: Deserialize<'de>> Scalar<'_, T> {
    fn take<D: Deserializer<'de, Error = Invalid>>(self, token: D) -> Validity {
        *self.0 = Some(T::deserialize(Number(token))?);
        Ok(())
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Scalar<'_, T> {
    type Value = Validity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Validity, E> {
        Ok(self.take(value::BoolDeserializer::new(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Validity, E> {
        Ok(self.take(value::I64Deserializer::new(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Validity, E> {
        Ok(self.take(value::U64Deserializer::new(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Validity, E> {
        Ok(self.take(value::F64Deserializer::new(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Validity, E> {
        Ok(self.take(value::StrDeserializer::new(text)))
    }

    visit_null!();

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Validity, A::Error> {
        drain_seq(seq)?;
        Ok(self.take(Compound(Unexpected::Seq)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Validity, A::Error> {
        drain_map(map)?;
        Ok(self.take(Compound(Unexpected::Map)))
    }
}

/// Replaces a consumed array or object, so that the error comes from the type and names the type's expectation.
struct Compound(Unexpected<'static>);

impl<'de> Deserializer<'de> for Compound {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        Err(serde::de::Error::invalid_type(self.0, &visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
