use std::fmt;

use serde::{
    Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use super::{Field, Odd, Read, Tolerant, drain_map, drain_seq};

/// Any JSON; odd only if it is nested too deep.
impl Tolerant for Value {
    fn read<'de, D: Deserializer<'de>>(deserializer: D, depth: u8) -> Result<Read<Self>, D::Error> {
        deserializer.deserialize_any(ValueVisitor { depth })
    }
}

struct ValueVisitor {
    depth: u8,
}

impl ValueVisitor {
    fn within(&self) -> Field<Value> {
        Field::at(self.depth + 1)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Read<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Read<Value>, E> {
        Ok(Ok(Some(Value::Bool(value))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Read<Value>, E> {
        Ok(Ok(Some(number.into())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Read<Value>, E> {
        Ok(Ok(Some(number.into())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Read<Value>, E> {
        let number = Number::from_f64(number).ok_or_else(|| Odd::new("it is no finite number"));
        Ok(number.map(|number| Some(Value::Number(number))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Read<Value>, E> {
        Ok(Ok(Some(Value::from(text))))
    }

    fn visit_unit<E>(self) -> Result<Read<Value>, E> {
        Ok(Ok(None))
    }

    fn visit_none<E>(self) -> Result<Read<Value>, E> {
        Ok(Ok(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Read<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Read<Value>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = seq.next_element_seed(self.within())? {
            match entry {
                Ok(entry) => entries.push(entry.unwrap_or_default()),
                Err(odd) => {
                    drain_seq(seq)?;
                    return Ok(Err(odd));
                }
            }
        }
        Ok(Ok(Some(Value::Array(entries))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read<Value>, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            match map.next_value_seed(self.within())? {
                Ok(value) => fields.insert(name, value.unwrap_or_default()),
                Err(odd) => {
                    drain_map(map)?;
                    return Ok(Err(odd));
                }
            };
        }
        Ok(Ok(Some(Value::Object(fields))))
    }
}
