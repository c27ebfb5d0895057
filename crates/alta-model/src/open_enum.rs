/// Declares an enum that keeps unknown values.
///
/// `Variant: "Name" | "OtherName" = number` (without the number if no source attests one) is read from either name in any case,
/// from the number, and from a string of the number's digits. It is written as the first name.
macro_rules! open_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_meta:meta])*
                $variant:ident : $wire:literal $(| $alias:literal)* $(= $number:literal)?
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        ///
        /// Read from its name in any case, or from its number. Another value is kept as `Unknown` and written as it was
        /// received.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        #[non_exhaustive]
        pub enum $name {
            $( $(#[$variant_meta])* $variant, )*
            /// An unknown value, as the server sent it.
            Unknown(String),
        }

        impl $name {
            /// The value as the server spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $wire, )*
                    Self::Unknown(text) => text,
                }
            }

            fn from_name(text: &str) -> Option<Self> {
                match text {
                    $( $wire $(| $alias)* => return Some(Self::$variant), )*
                    _ => {}
                }
                $(
                    if [$wire $(, $alias)*].iter().any(|name| name.eq_ignore_ascii_case(text)) {
                        return Some(Self::$variant);
                    }
                )*
                None
            }

            #[allow(clippy::match_single_binding, reason = "not every enum has attested numbers")]
            fn from_number(number: i64) -> Self {
                match number {
                    $( $( $number => Self::$variant, )? )*
                    other => Self::Unknown(other.to_string()),
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                if let Some(known) = Self::from_name(text) {
                    return known;
                }
                match text.parse() {
                    Ok(number) => Self::from_number(number),
                    Err(_) => Self::Unknown(text.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // .NET writes a value without a name as a number.
                if let Self::Unknown(text) = self
                    && let Ok(number) = text.parse::<i64>()
                {
                    return serializer.serialize_i64(number);
                }
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::tolerant::Tolerant for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                _: u8,
                slot: &mut Option<Self>,
            ) -> Result<$crate::tolerant::Validity, D::Error> {
                $crate::tolerant::scalar(deserializer, slot)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Visitor;

                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the name or the number of a ", stringify!($name)))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok(text.into())
                    }

                    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<$name, E> {
                        Ok($name::from_number(number))
                    }

                    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<$name, E> {
                        // .NET also writes `1.0`.
                        Ok(number.to_string().as_str().into())
                    }

                    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<$name, E> {
                        Ok(i64::try_from(number)
                            .map_or_else(|_| $name::Unknown(number.to_string()), $name::from_number))
                    }
                }

                deserializer.deserialize_any(Visitor)
            }
        }
    };
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro makes public enums")]
mod tests {
    open_enum! {
        /// A test value.
        pub enum Status {
            /// One.
            Online: "Online" = 1,
            /// Another.
            ForcedOffline: "ForcedOffline" | "Forced" = -1,
            /// Without a number.
            Odd: "Odd",
        }
    }

    fn read(json: &str) -> Status {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_name_in_any_case_an_alias_and_a_number_mean_the_same() {
        for json in [
            "\"ForcedOffline\"",
            "\"forcedoffline\"",
            "\"Forced\"",
            "-1",
            "\"-1\"",
        ] {
            assert_eq!(read(json), Status::ForcedOffline, "{json}");
        }
        assert_eq!(
            serde_json::to_string(&Status::ForcedOffline).unwrap(),
            "\"ForcedOffline\""
        );
    }

    #[test]
    fn an_unknown_value_survives_a_round_trip() {
        for json in ["\"Petrified\"", "17", "-3", "18446744073709551615", "\"\""] {
            let value = read(json);
            assert!(matches!(value, Status::Unknown(_)), "{json}");
            if json != "18446744073709551615" {
                assert_eq!(serde_json::to_string(&value).unwrap(), json);
            }
        }
    }

    #[test]
    fn a_value_that_is_neither_string_nor_number_is_an_error() {
        assert!(serde_json::from_str::<Status>("{}").is_err());
        assert!(serde_json::from_str::<Status>("null").is_err());
    }
}
