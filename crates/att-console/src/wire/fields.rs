use crate::wire::word::Word;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// Reads the fields of the JSON object that `json` is: for each, `take` gets its name and its value as JSON. Fails only if
/// `json` is not one JSON object.
pub(crate) fn each_field<'a>(
    json: &'a str,
    take: impl FnMut(&str, &'a str),
) -> Result<(), serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_str(json);
    reader.deserialize_map(Fields(take))?;
    reader.end()
}

/// Keeps the first value of a field that is not null: how servers write the name may differ, and two names may be the same.
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
            if let Word::Text(name) = Word::of(name.get()) {
                (self.0)(&name, value.get());
            }
        }
        Ok(())
    }
}
