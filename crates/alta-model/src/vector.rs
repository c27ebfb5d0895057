use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer, de, de::IgnoredAny, ser::SerializeTuple as _,
};

use crate::{Error, ErrorKind, tolerant::tolerant};

/// A position in metres, a direction, or three angles in degrees.
///
/// Read from `[x, y, z]`, from an object with these names, or from a text, `x,y,z` or `(x, y, z)` as servers wrote it in
/// 2021. Written as `[x, y, z]`; `Display` gives `x,y,z`, the form that console commands take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vector3 {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Along.
    pub z: f64,
}

impl Vector3 {
    /// The origin, or no rotation at all.
    pub const ZERO: Self = Self::new(0.0, 0.0, 0.0);

    /// Three numbers.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    /// How far it is from here to there, in the same unit.
    pub fn distance(self, other: Self) -> f64 {
        let (x, y, z) = (self.x - other.x, self.y - other.y, self.z - other.z);
        (x * x + y * y + z * z).sqrt()
    }
}

/// `x,y,z` without spaces, with a point, without exponents.
impl fmt::Display for Vector3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.x, self.y, self.z)
    }
}

impl FromStr for Vector3 {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let inner = text.trim();
        let inner = inner
            .strip_prefix('(')
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(inner);
        let mut numbers = inner.split(',').map(|part| part.trim().parse());
        match (
            numbers.next(),
            numbers.next(),
            numbers.next(),
            numbers.next(),
        ) {
            (Some(Ok(x)), Some(Ok(y)), Some(Ok(z)), None) => Ok(Self { x, y, z }),
            _ => Err(Error::new(ErrorKind::Vector3, text)),
        }
    }
}

impl Serialize for Vector3 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(3)?;
        tuple.serialize_element(&self.x)?;
        tuple.serialize_element(&self.y)?;
        tuple.serialize_element(&self.z)?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Vector3 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Vector3;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("three numbers")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vector3, A::Error> {
                let mut numbers = [0.0; 3];
                for (at, number) in numbers.iter_mut().enumerate() {
                    *number = seq
                        .next_element_seed(tolerant())?
                        .ok_or_else(|| de::Error::invalid_length(at, &self))?;
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                let [x, y, z] = numbers;
                Ok(Vector3 { x, y, z })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Vector3, A::Error> {
                let Named { x, y, z } =
                    Named::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Vector3 { x, y, z })
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Vector3, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

model! {
    /// The same with names.
    #[allow(unreachable_pub, reason = "the macro knows only public structs")]
    pub struct Named {
        /// Across.
        required x: f64 = "x",
        /// Up.
        required y: f64 = "y",
        /// Along.
        required z: f64 = "z",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_texts_and_objects_give_the_same_vector() {
        let expected = Vector3::new(-870.5, 150.25, 98.0);
        for json in [
            "[-870.5, 150.25, 98]",
            "\"(-870.5, 150.25, 98.0)\"",
            "\"-870.5,150.25,98\"",
            r#"{"x": -870.5, "Y": 150.25, "z": 98}"#,
            "[-870.5, 150.25, 98.0, 1.0]",
            r#"["-870.5", "150.25", "98"]"#,
        ] {
            assert_eq!(
                serde_json::from_str::<Vector3>(json).unwrap(),
                expected,
                "{json}"
            );
        }
        assert_eq!(
            serde_json::to_string(&expected).unwrap(),
            "[-870.5,150.25,98.0]"
        );
    }

    #[test]
    fn the_text_for_commands_has_no_spaces_and_no_exponent() {
        assert_eq!(
            Vector3::new(-870.5, 0.0, 1e-7).to_string(),
            "-870.5,0,0.0000001"
        );
        assert_eq!(
            Vector3::new(1e21, 0.0, 0.0).to_string(),
            "1000000000000000000000,0,0"
        );
    }

    #[test]
    fn two_numbers_or_a_word_are_an_error() {
        for json in [
            "[1, 2]",
            "\"1,2\"",
            "\"1,2,3,4\"",
            "\"here\"",
            "[1, 2, \"x\"]",
            "7",
            r#"{"x": 1, "y": 2}"#,
        ] {
            assert!(serde_json::from_str::<Vector3>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn distance_is_the_straight_line() {
        let (here, there) = (Vector3::new(1.0, 2.0, 3.0), Vector3::new(4.0, 6.0, 3.0));
        assert!((here.distance(there) - 5.0).abs() < 1e-12);
    }
}
