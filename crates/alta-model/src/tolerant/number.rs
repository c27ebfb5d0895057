use serde::de::{Error, Visitor};
use serde::{Deserializer, forward_to_deserialize_any};
use std::fmt;

/// A token that may contain a number or a bool in a string (`"5"`, `"True"`), or an integer with a fraction of zero (`5.0`).
/// The requested type decides: a string stays a string.
pub(super) struct Number<D>(pub(super) D);

macro_rules! numbers {
    ($($is_whole:literal $($method:ident)+;)+) => {
        $($(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
                self.0.deserialize_any(Plain { visitor, is_whole: $is_whole })
            }
        )+)+
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Number<D> {
    type Error = D::Error;

    numbers! {
        true deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
            deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64;
        false deserialize_f32 deserialize_f64 deserialize_bool;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple tuple_struct map struct
        enum identifier ignored_any
    }
}

/// Passes on a number or a bool, also from a string.
struct Plain<V> {
    visitor: V,
    is_whole: bool,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Plain<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.visitor.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<V::Value, E> {
        self.visitor.visit_i64(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<V::Value, E> {
        self.visitor.visit_u64(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<V::Value, E> {
        /// Up to this number, each integer has an exact `f64`.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if self.is_whole && number.fract() == 0.0 && number.abs() <= EXACT {
            #[allow(
                clippy::cast_possible_truncation,
                reason = "it is whole and small enough"
            )]
            return self.visitor.visit_i64(number as i64);
        }
        self.visitor.visit_f64(number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        let plain = text.trim();
        let (signed, unsigned) = (plain.parse::<i64>(), plain.parse::<u64>());
        // Also `NaN`, as .NET writes it.
        let float = plain.parse::<f64>();
        let bool = plain.to_ascii_lowercase().parse();
        match (signed, unsigned, float, bool) {
            (Ok(number), ..) => self.visit_i64(number),
            (_, Ok(number), ..) => self.visit_u64(number),
            (_, _, Ok(number), _) => self.visit_f64(number),
            (_, _, _, Ok(value)) => self.visit_bool(value),
            _ => self.visitor.visit_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::tolerant::{Tolerant, strictly};
    use serde_json::{Value, json};

    fn read<T: Tolerant>(value: &Value) -> Result<T, serde_json::Error> {
        let from_value = strictly::<T, _>(value.clone());
        let text = value.to_string();
        let from_text = strictly::<T, _>(&mut serde_json::Deserializer::from_str(&text));
        assert_eq!(from_value.is_ok(), from_text.is_ok(), "{text}");
        from_text
    }

    #[test]
    fn numbers_and_bools_are_read_from_strings_and_strings_stay_strings() {
        for value in [json!(5), json!("5"), json!(" 5 "), json!(5.0), json!("5.0")] {
            assert_eq!(read::<i64>(&value).unwrap(), 5, "{value}");
            assert_eq!(read::<u16>(&value).unwrap(), 5, "{value}");
        }
        assert_eq!(read::<f64>(&json!("-0.5")).unwrap().to_string(), "-0.5");
        assert!(read::<bool>(&json!("True")).unwrap());
        assert_eq!(read::<String>(&json!("1234")).unwrap(), "1234");
        assert_eq!(read::<Value>(&json!("1234")).unwrap(), json!("1234"));
        assert!(read::<i64>(&json!(null)).is_err());
    }

    #[test]
    fn an_invalid_number_or_bool_is_an_error() {
        for value in [
            json!("0,5"),
            json!(""),
            json!("x"),
            json!([1]),
            json!({}),
            json!(5.5),
            json!("NaN"),
        ] {
            assert!(read::<i64>(&value).is_err(), "{value}");
        }
        assert!(read::<f64>(&json!("NaN")).unwrap().is_nan());
        assert!(read::<f64>(&json!("1,5")).is_err());
        assert!(read::<bool>(&json!("yes")).is_err());
        assert!(read::<u16>(&json!("-1")).is_err());
    }
}
