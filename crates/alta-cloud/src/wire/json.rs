//! JSON with its keys in order, as the servers send it.
//!
//! The objects of `serde_json` are sorted, and its feature `preserve_order` would change every crate in the same build.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Number, Value};
use std::fmt;

/// A JSON value whose objects keep the order they were written in.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object: names and values.
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Parses JSON. Returns `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// An object with these members, in this order.
    pub fn object<const N: usize>(members: [(&str, Node); N]) -> Self {
        Self::Object(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    /// The member of an object.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Self::Object(members) => members
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The items of an array; empty for any other value.
    pub fn as_array(&self) -> &[Node] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// Replaces the value of a member that exists. In debug builds, a missing member is a panic: the name is a mistake.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Node>) -> Self {
        let member = match &mut self {
            Self::Object(members) => members.iter_mut().find(|(name, _)| name == key),
            _ => None,
        };
        debug_assert!(member.is_some(), "the sample has no member {key}");
        if let Some((_, old)) = member {
            *old = value.into();
        }
        self
    }

    /// Replaces the value of a member if it exists.
    #[must_use]
    pub fn set(self, (key, value): (&str, Node)) -> Self {
        if self.get(key).is_some() {
            self.with(key, value)
        } else {
            self
        }
    }

    /// Replaces the value of a member, or adds the member at the end.
    #[must_use]
    pub fn and(mut self, key: &str, value: impl Into<Node>) -> Self {
        if let Self::Object(members) = &mut self {
            match members.iter_mut().find(|(name, _)| name == key) {
                Some((_, old)) => *old = value.into(),
                None => members.push((key.to_owned(), value.into())),
            }
        }
        self
    }

    /// Removes members. The servers leave out members that are null.
    #[must_use]
    pub fn without(mut self, keys: &[&str]) -> Self {
        if let Self::Object(members) = &mut self {
            members.retain(|(name, _)| !keys.contains(&name.as_str()));
        }
        self
    }
}

/// JSON text without spaces.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

macro_rules! from {
    ($($kind:ty => |$value:ident| $make:expr,)*) => {
        $(impl From<$kind> for Node {
            fn from($value: $kind) -> Self {
                $make
            }
        })*
    };
}

from! {
    bool => |value| Self::Bool(value),
    u64 => |value| Self::Number(value.into()),
    u32 => |value| Self::Number(value.into()),
    i64 => |value| Self::Number(value.into()),
    f64 => |value| Number::from_f64(value).map_or(Self::Null, Self::Number),
    &str => |value| Self::String(value.to_owned()),
    String => |value| Self::String(value),
    Vec<Node> => |value| Self::Array(value),
    Value => |value| match value {
        Value::Null => Self::Null,
        Value::Bool(value) => Self::Bool(value),
        Value::Number(value) => Self::Number(value),
        Value::String(value) => Self::String(value),
        Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
        Value::Object(members) => {
            Self::Object(members.into_iter().map(|(key, value)| (key, Self::from(value))).collect())
        }
    },
}

/// A position or direction: three numbers.
impl From<[f64; 3]> for Node {
    fn from(vector: [f64; 3]) -> Self {
        Self::Array(vector.into_iter().map(Self::from).collect())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::String(value) => serializer.serialize_str(value),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (key, value) in members {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NodeVisitor;

        impl<'de> Visitor<'de> for NodeVisitor {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(value.into())
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(value.into())
            }

            fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
                Ok(value.into())
            }

            fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
                Ok(value.into())
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(value.into())
            }

            fn visit_string<E>(self, value: String) -> Result<Node, E> {
                Ok(value.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Node::Array(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = access.next_entry()? {
                    members.push(member);
                }
                Ok(Node::Object(members))
            }
        }

        deserializer.deserialize_any(NodeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn the_order_of_keys_survives_reading_and_writing() {
        let text = r#"{"z":1,"a":[true,null,-2,0.5],"m":{"b":"x","a":""}}"#;
        assert_eq!(Node::parse(text).unwrap().to_string(), text);
    }

    #[test]
    #[should_panic(expected = "no member usernme")]
    fn a_member_that_the_sample_lacks_is_a_panic() {
        let _ = Node::object([("username", Node::from("Ashwick"))]).with("usernme", "x");
    }
}
