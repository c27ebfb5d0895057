use crate::tolerant::{Field, Tolerant, Validity, drain_seq, strictly, visit_null};
use crate::{Error, ErrorKind};
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A position in meters, a direction, or three angles in degrees.
///
/// It is read from `[x, y, z]`, from an object with these names, or from a string, `x,y,z` or `(x, y, z)` as servers wrote it in
/// 2021. It is written as `[x, y, z]`; `Display` writes `x,y,z`, the form of console commands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vector3 {
    /// To the right.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Forward.
    pub z: f64,
}

impl Vector3 {
    /// The origin, or no rotation at all.
    pub const ZERO: Self = Self::new(0.0, 0.0, 0.0);

    /// A vector of these numbers.
    pub const fn new(x: f64, y: f64, z: f64) -> Self {
        Self { x, y, z }
    }

    /// The distance between two positions, in the same unit.
    pub fn distance(self, other: Self) -> f64 {
        let (x, y, z) = (self.x - other.x, self.y - other.y, self.z - other.z);
        (x * x + y * y + z * z).sqrt()
    }
}

impl From<[f64; 3]> for Vector3 {
    fn from([x, y, z]: [f64; 3]) -> Self {
        Self::new(x, y, z)
    }
}

/// Writes `x,y,z` without spaces and exponents, with a decimal point.
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
            _ => Err(Error::of(ErrorKind::Vector3, text)),
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

impl Tolerant for Vector3 {
    fn read<'de, D: Deserializer<'de>>(
        deserializer: D,
        depth: u8,
        slot: &mut Option<Self>,
    ) -> Result<Validity, D::Error> {
        let depth = depth + 1;
        deserializer.deserialize_any(VectorVisitor { depth, slot })
    }
}

impl<'de> Deserialize<'de> for Vector3 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        strictly(deserializer)
    }
}

struct VectorVisitor<'a> {
    /// The key of a number.
    depth: u8,
    slot: &'a mut Option<Vector3>,
}

impl VectorVisitor<'_> {
    fn take(self, numbers: [Option<f64>; 3], found: Unexpected<'_>) -> Validity {
        let [Some(x), Some(y), Some(z)] = numbers else {
            return self.invalid(found);
        };
        *self.slot = Some(Vector3 { x, y, z });
        Ok(())
    }

    fn invalid(&self, found: Unexpected<'_>) -> Validity {
        Err(de::Error::invalid_type(found, self))
    }
}

impl<'de> Visitor<'de> for VectorVisitor<'_> {
    type Value = Validity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("three numbers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Validity, A::Error> {
        let (depth, mut numbers) = (self.depth, [None; 3]);
        for slot in &mut numbers {
            // An invalid number counts as missing.
            if seq.next_element_seed(Field { depth, slot })?.is_none() {
                return Ok(self.invalid(Unexpected::Seq));
            }
        }
        drain_seq(seq)?;
        Ok(self.take(numbers, Unexpected::Seq))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Validity, A::Error> {
        let (depth, mut numbers) = (self.depth, [None; 3]);
        while let Some(name) = map.next_key::<String>()? {
            let mut axes = ["x", "y", "z"].into_iter();
            match axes.position(|axis| axis.eq_ignore_ascii_case(&name)) {
                Some(axis) => {
                    let slot = &mut numbers[axis];
                    // An invalid number counts as missing.
                    let _ = map.next_value_seed(Field { depth, slot })?;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self.take(numbers, Unexpected::Map))
    }

    fn visit_str<E>(self, text: &str) -> Result<Validity, E> {
        *self.slot = text.parse().ok();
        Ok(match self.slot {
            Some(_) => Ok(()),
            None => self.invalid(Unexpected::Str(text)),
        })
    }

    fn visit_bool<E>(self, value: bool) -> Result<Validity, E> {
        Ok(self.invalid(Unexpected::Bool(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Validity, E> {
        Ok(self.invalid(Unexpected::Signed(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Validity, E> {
        Ok(self.invalid(Unexpected::Unsigned(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Validity, E> {
        Ok(self.invalid(Unexpected::Float(number)))
    }

    visit_null!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_strings_and_objects_give_the_same_vector() {
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
    fn the_form_for_commands_has_no_spaces_and_no_exponent() {
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
        for text in ["", "1,2", "1,2,3,4", "a,b,c", "1,2,\u{1b}"] {
            let error = text.parse::<Vector3>().unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Vector3, "{text:?}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }

    #[test]
    fn distance_is_the_straight_line() {
        let (here, there) = (Vector3::new(1.0, 2.0, 3.0), Vector3::new(4.0, 6.0, 3.0));
        assert!((here.distance(there) - 5.0).abs() < 1e-12);
    }
}
