//! Reads an [`Action`] from an object whose `do` names it.

use super::Action;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::{Map, Value};

impl<'de> Deserialize<'de> for Action {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut fields = Map::deserialize(deserializer)?;
        let name = match fields.remove("do") {
            Some(Value::String(name)) => name,
            Some(other) => {
                return Err(D::Error::custom(format_args!(
                    "`do`: expected the name of an action, not {other}"
                )));
            }
            None => {
                return Err(D::Error::custom(
                    "`do` is missing: it is the name of an action",
                ));
            }
        };
        let tagged: Map<String, Value> = [(name.clone(), Value::Object(fields))]
            .into_iter()
            .collect();
        let mut track = serde_path_to_error::Track::new();
        let value = Value::Object(tagged);
        let reader = serde_path_to_error::Deserializer::new(value, &mut track);
        Self::deserialize(reader).map_err(|error| {
            let path = track.path().to_string();
            // The first part of the path is the name of the action.
            let field = path.strip_prefix(&name).unwrap_or_default();
            match field.strip_prefix('.') {
                Some(field) => D::Error::custom(format_args!("{name}: `{field}`: {error}")),
                None if error.to_string().starts_with("unknown variant") => {
                    D::Error::custom(format_args!("`do`: {}", actions(&error)))
                }
                None => D::Error::custom(format_args!("{name}: {error}")),
            }
        })
    }
}

/// The error of an unknown name, with the word that users know.
fn actions(error: &serde_json::Error) -> String {
    error
        .to_string()
        .replacen("unknown variant", "unknown action", 1)
}
