use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Unexpected, Visitor, value},
    forward_to_deserialize_any,
};

use super::{Odd, Read, Tolerant, drain_map, drain_seq, number::Number};
use crate::{
    EntityId, GroupId, MemberPermissions, PrefabHash, RoleId, Secret, ServerId, TimeSpan,
    Timestamp, UserId,
};

/// Reads a `T` that stands in a single token: a string, a number, a bool. An array or an object is consumed.
pub(crate) fn scalar<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Read<T>, D::Error> {
    deserializer.deserialize_any(Scalar(PhantomData))
}

macro_rules! scalars {
    ($($name:ty),* $(,)?) => {
        $(
            impl Tolerant for $name {
                fn read<'de, D: Deserializer<'de>>(deserializer: D, _: u8) -> Result<Read<Self>, D::Error> {
                    scalar(deserializer)
                }
            }
        )*
    };
}

scalars! {
    bool, f64, i64, u16, String, Secret, TimeSpan, Timestamp, MemberPermissions,
    EntityId, GroupId, PrefabHash, RoleId, ServerId, UserId,
}

struct Scalar<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Scalar<T> {
    fn of<D: Deserializer<'de, Error = Odd>>(token: D) -> Read<T> {
        T::deserialize(Number(token)).map(Some)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Scalar<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read<T>, E> {
        Ok(Self::of(value::BoolDeserializer::new(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Read<T>, E> {
        Ok(Self::of(value::I64Deserializer::new(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Read<T>, E> {
        Ok(Self::of(value::U64Deserializer::new(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Read<T>, E> {
        Ok(Self::of(value::F64Deserializer::new(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Read<T>, E> {
        Ok(Self::of(value::StrDeserializer::new(text)))
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
        Ok(T::deserialize(Compound(Unexpected::Seq)).map(Some))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read<T>, A::Error> {
        drain_map(map)?;
        Ok(T::deserialize(Compound(Unexpected::Map)).map(Some))
    }
}

/// Stands for an array or an object, so that the type itself says what it expected.
struct Compound(Unexpected<'static>);

impl<'de> Deserializer<'de> for Compound {
    type Error = Odd;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Odd> {
        Err(serde::de::Error::invalid_type(self.0, &visitor))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
