/// Declares a data model and its tolerant reader.
///
/// A field is written `marker name: Type = "wireName" | "other spelling"`. Names are matched exactly first, then whatever
/// their case; the first spelling is the one written. A null is the same as an absent field, unknown fields are skipped,
/// of a field that comes twice the first value that is not null counts, and a number or a truth value may stand in a
/// text. The markers:
///
/// - `required`: absent is an error;
/// - `default`: absent is the type's default;
/// - `optional`: an `Option`, left out again when written;
/// - `list`: a `Vec`, empty when absent, nulls in it dropped;
/// - `lenient`: an `Option`, none also when the value is of another type.
///
/// `[text: function]` after the name reads the whole model from a text, too.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $([text: $from_text:path])? {
            $(
                $(#[$field_meta:meta])*
                $marker:ident $field:ident : $ty:ty = $wire:literal $(| $alias:literal)*
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: model_field!(@type $marker $ty), )*
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[allow(non_camel_case_types, reason = "the fields' own names")]
                enum Key { $( $field, )* other_ }

                impl<'de> serde::Deserialize<'de> for Key {
                    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        struct KeyVisitor;

                        impl serde::de::Visitor<'_> for KeyVisitor {
                            type Value = Key;

                            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                                f.write_str("the name of a field")
                            }

                            fn visit_str<E>(self, key: &str) -> Result<Key, E> {
                                match key {
                                    $( $wire $(| $alias)* => return Ok(Key::$field), )*
                                    _ => {}
                                }
                                $(
                                    if [$wire $(, $alias)*].iter().any(|name| name.eq_ignore_ascii_case(key)) {
                                        return Ok(Key::$field);
                                    }
                                )*
                                Ok(Key::other_)
                            }
                        }

                        deserializer.deserialize_identifier(KeyVisitor)
                    }
                }

                struct Visitor;

                impl<'de> serde::de::Visitor<'de> for Visitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("the fields of a ", stringify!($name)))
                    }

                    $(
                        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                            Ok($from_text(text))
                        }
                    )?

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<$name, A::Error> {
                        $( let mut $field: Option<model_field!(@slot $marker $ty)> = None; )*
                        while let Some(key) = map.next_key::<Key>()? {
                            match key {
                                $(
                                    Key::$field => {
                                        let value = model_field!(@read $marker map $ty);
                                        $field = $field.or(value);
                                    }
                                )*
                                Key::other_ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok($name {
                            $( $field: model_field!(@finish $marker $field $wire), )*
                        })
                    }
                }

                deserializer.deserialize_any(Visitor)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $( model_field!(@write $marker map $wire self.$field); )*
                serde::ser::SerializeMap::end(map)
            }
        }
    };
}

/// What each marker of [`model!`] means.
macro_rules! model_field {
    (@type required $ty:ty) => { $ty };
    (@type default $ty:ty) => { $ty };
    (@type optional $ty:ty) => { Option<$ty> };
    (@type list $ty:ty) => { Vec<$ty> };
    (@type lenient $ty:ty) => { Option<$ty> };

    (@slot list $ty:ty) => { Vec<$ty> };
    (@slot $marker:ident $ty:ty) => { $ty };

    (@read list $map:ident $ty:ty) => {
        $map.next_value::<Option<Vec<Option<$ty>>>>()?
            .map(|list| list.into_iter().flatten().collect())
    };
    (@read lenient $map:ident $ty:ty) => {
        serde::Deserialize::deserialize($crate::tolerant::Tolerant($map.next_value::<serde_json::Value>()?)).ok()
    };
    (@read $marker:ident $map:ident $ty:ty) => {
        $map.next_value_seed($crate::tolerant::tolerant::<Option<$ty>>())?
    };

    (@finish required $field:ident $wire:literal) => {
        $field.ok_or_else(|| serde::de::Error::missing_field($wire))?
    };
    (@finish default $field:ident $wire:literal) => { $field.unwrap_or_default() };
    (@finish list $field:ident $wire:literal) => { $field.unwrap_or_default() };
    (@finish $marker:ident $field:ident $wire:literal) => { $field };

    (@write optional $map:ident $wire:literal $self:ident.$field:ident) => {
        if let Some(value) = &$self.$field {
            serde::ser::SerializeMap::serialize_entry(&mut $map, $wire, value)?;
        }
    };
    (@write lenient $map:ident $wire:literal $self:ident.$field:ident) => {
        model_field!(@write optional $map $wire $self.$field)
    };
    (@write $marker:ident $map:ident $wire:literal $self:ident.$field:ident) => {
        serde::ser::SerializeMap::serialize_entry(&mut $map, $wire, &$self.$field)?
    };
}

#[cfg(test)]
#[allow(unreachable_pub, reason = "the macro makes public structs")]
mod tests {
    use serde_json::json;

    model! {
        /// A test model.
        pub struct Sample {
            /// Needed.
            required id: i64 = "id",
            /// Defaulted.
            default name: String = "name" | "title",
            /// Optional.
            optional count: i64 = "Count",
            /// A list.
            list tags: String = "tags",
            /// Forgiving.
            lenient flag: bool = "flag",
        }
    }

    fn read(value: serde_json::Value) -> Result<Sample, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn absent_and_null_are_the_same() {
        let bare = read(json!({"id": 1})).unwrap();
        assert_eq!(
            bare,
            Sample {
                id: 1,
                name: String::new(),
                count: None,
                tags: Vec::new(),
                flag: None
            }
        );
        let nulls = read(json!({"id": 1, "name": null, "Count": null, "tags": null, "flag": null}))
            .unwrap();
        assert_eq!(nulls, bare);
    }

    #[test]
    fn spellings_differ_in_case_and_by_alias_and_both_at_once_are_no_error() {
        let sample =
            read(json!({"ID": 1, "Title": "x", "count": 3, "TAGS": ["a", null, "b"]})).unwrap();
        assert_eq!(
            (sample.id, sample.name.as_str(), sample.count),
            (1, "x", Some(3))
        );
        assert_eq!(sample.tags, ["a", "b"]);
        let both: Sample =
            serde_json::from_str(r#"{"id": 1, "name": null, "title": "x", "Name": "y"}"#).unwrap();
        assert_eq!(both.name, "x");
    }

    #[test]
    fn numbers_and_truth_values_may_stand_in_texts_beside_names_of_digits() {
        let sample =
            read(json!({"id": "1", "name": "1234", "Count": "3", "flag": "True"})).unwrap();
        assert_eq!(
            (sample.id, sample.count, sample.flag),
            (1, Some(3), Some(true))
        );
        assert_eq!(sample.name, "1234");
        assert!(read(json!({"id": "one"})).is_err());
    }

    #[test]
    fn unknown_fields_are_skipped_and_a_lenient_one_forgives_its_type() {
        let sample = read(json!({"id": 1, "new": {"deep": [1, {}]}, "flag": "maybe"})).unwrap();
        assert_eq!(sample.flag, None);
    }

    #[test]
    fn a_missing_id_is_an_error_that_names_it() {
        let error = read(json!({"name": "x"})).unwrap_err();
        assert!(error.to_string().contains("`id`"), "{error}");
        assert!(read(json!({"id": null})).is_err());
        assert!(read(json!([1])).is_err());
    }

    #[test]
    fn writing_leaves_out_what_is_none_and_uses_the_first_spelling() {
        let sample = read(json!({"id": 1, "title": "x"})).unwrap();
        assert_eq!(
            serde_json::to_value(&sample).unwrap(),
            json!({"id": 1, "name": "x", "tags": []})
        );
    }
}
