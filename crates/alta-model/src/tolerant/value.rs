use super::{Field, Tolerant, Validity, drain_map, drain_seq};
use serde::Deserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// Any JSON; invalid only if it is nested too deeply.
impl Tolerant for Value {
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        depth: u8,
        slot: &mut Option<Self>,
    ) -> Result<Validity, D::Error> {
        let depth = depth + 1;
        deserializer.deserialize_any(ValueVisitor { depth, slot })
    }
}

struct ValueVisitor<'a> {
    /// The depth of the entries and fields.
    depth: u8,
    slot: &'a mut Option<Value>,
}

impl ValueVisitor<'_> {
    fn take(self, value: impl Into<Value>) {
        *self.slot = Some(value.into());
    }
}

impl<'de> Visitor<'de> for ValueVisitor<'_> {
    type Value = Validity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Validity, E> {
        self.take(value);
        Ok(Ok(()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Validity, E> {
        self.take(number);
        Ok(Ok(()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Validity, E> {
        self.take(number);
        Ok(Ok(()))
    }

    /// A number that is not finite becomes null.
    fn visit_f64<E>(self, number: f64) -> Result<Validity, E> {
        self.take(number);
        Ok(Ok(()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Validity, E> {
        self.take(text);
        Ok(Ok(()))
    }

    visit_null!();

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Validity, A::Error> {
        let mut entries = Vec::new();
        loop {
            let (depth, mut entry) = (self.depth, None::<Value>);
            let slot = &mut entry;
            match seq.next_element_seed(Field { depth, slot })? {
                Some(Ok(())) => entries.push(entry.unwrap_or_default()),
                None => {
                    self.take(entries);
                    return Ok(Ok(()));
                }
                Some(Err(invalid)) => {
                    drain_seq(seq)?;
                    return Ok(Err(invalid));
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Validity, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let (depth, mut value) = (self.depth, None::<Value>);
            let slot = &mut value;
            if let Err(invalid) = map.next_value_seed(Field { depth, slot })? {
                drain_map(map)?;
                return Ok(Err(invalid));
            }
            fields.insert(name, value.unwrap_or_default());
        }
        self.take(fields);
        Ok(Ok(()))
    }
}
