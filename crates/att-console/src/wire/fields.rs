use crate::wire::scalar::Scalar;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Calls `take` with the name and the JSON value of each field of a JSON object. Fails if `json` is not one JSON object.
pub(crate) fn each_field<'a>(
    json: &'a str,
    take: impl FnMut(&str, &'a str),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_map(Fields(take))?;
    reader.end()
}

/// Keeps the first value other than null: names match in any case, so two fields of an object can have the same name.
pub(crate) fn keep_first<'a>(kept: &mut Option<&'a str>, value: &'a str) {
    if kept.is_none() && value != "null" {
        *kept = Some(value);
    }
}

struct Fields<F>(F);

impl<'de, F: FnMut(&str, &'de str)> Visitor<'de> for Fields<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if let Scalar::String(name) = Scalar::of(name.get()) {
                (self.0)(&name, value.get());
            }
        }
        Ok(())
    }
}
