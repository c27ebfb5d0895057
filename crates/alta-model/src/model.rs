/// Declares a data model and its tolerant reader.
///
/// A field is declared as `marker name: Type = "wireName" | "other spelling"`. Names are matched exactly first, then without
/// regard to case; the first spelling is written. A null equals an absent field, unknown fields are skipped, the first non-null
/// value of a duplicate field counts, and a string may contain a number or a bool. The markers:
///
/// - `required`: an absent or invalid value is an error;
/// - `default`: the type's default if absent;
/// - `optional`: an `Option`, omitted when written as none;
/// - `list`: a `Vec`, empty if absent, without nulls;
/// - `slots`: a `Vec` of `Option`s, empty if absent, which keeps nulls.
///
/// An invalid value, one of another type, counts as absent except in required fields, and an invalid entry as a null; both
/// are recorded in `skipped()`.
///
/// `[text: function]` after the name reads the whole model from a string, too; `[local name: Type]` adds a private field
/// that does not come from the server.
macro_rules! model {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $([text: $from_text:path])? $([local $local:ident : $local_ty:ty])? {
            $(
                $(#[$field_meta:meta])*
                $marker:ident $field:ident : $ty:ty = $wire:literal $(| $alias:literal)*
            ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: model_field!(@type $marker $ty), )*
            skipped: $crate::Skipped,
            $( $local: $local_ty, )?
        }

        impl $name {
            /// The skipped invalid values: fields, which are none or empty instead, and entries of lists.
            pub fn skipped(&self) -> &$crate::Skipped {
                &self.skipped
            }
        }

        impl $crate::tolerant::Record for $name {
            const EXPECTED: &'static str = concat!("the fields of a ", stringify!($name));

            fn read_fields<'de, A: serde::de::MapAccess<'de>>(
                mut map: A,
                mode: $crate::tolerant::Mode,
                slot: &mut Option<Self>,
            ) -> Result<$crate::tolerant::Validity, A::Error> {
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

                #[allow(unused_mut, reason = "of a model of required fields")]
                let mut skipped = $crate::Skipped::default();
                #[allow(unused_mut, reason = "of a model without required fields")]
                let mut invalid: Option<$crate::tolerant::Invalid> = None;
                $( let mut $field: Option<model_field!(@slot $marker $ty)> = None; )*
                while let Some(key) = map.next_key::<Key>()? {
                    match key {
                        $(
                            Key::$field => model_field!(@read $marker map mode skipped invalid $wire $field $ty),
                        )*
                        Key::other_ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                if let Some(invalid) = invalid {
                    return Ok(Err(invalid));
                }
                *slot = Some($name {
                    $( $field: model_field!(@finish $marker $field mode $wire), )*
                    skipped,
                    $( $local: Default::default(), )?
                });
                Ok(Ok(()))
            }

            $(
                fn from_text(text: &str) -> Option<Self> {
                    Some($from_text(text))
                }
            )?
        }

        impl $crate::tolerant::Tolerant for $name {
            fn read<'de, D: serde::Deserializer<'de>>(
                deserializer: D,
                depth: u8,
                slot: &mut Option<Self>,
            ) -> Result<$crate::tolerant::Validity, D::Error> {
                $crate::tolerant::read_record(deserializer, depth, slot)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::tolerant::record(deserializer)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $( model_field!(@write $marker map $wire self.$field); )*
                serde::ser::SerializeMap::end(map)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut fields = f.debug_struct(stringify!($name));
                $( fields.field(stringify!($field).trim_start_matches("r#"), &self.$field); )*
                if !self.skipped.is_empty() {
                    fields.field("skipped", &self.skipped);
                }
                fields.finish()
            }
        }
    };
}

/// The implementation of each marker of [`model!`].
macro_rules! model_field {
    (@type required $ty:ty) => { $ty };
    (@type default $ty:ty) => { $ty };
    (@type optional $ty:ty) => { Option<$ty> };
    (@type $list:ident $ty:ty) => { model_field!(@slot $list $ty) };

    (@slot list $ty:ty) => { Vec<$ty> };
    (@slot slots $ty:ty) => { Vec<Option<$ty>> };
    (@slot $marker:ident $ty:ty) => { $ty };

    (@read required $map:ident $mode:ident $skipped:ident $invalid:ident $wire:literal $field:ident $ty:ty) => {
        if let Err(found) = $map.next_value_seed($crate::tolerant::Required {
            mode: $mode,
            slot: &mut $field,
        })? {
            $invalid.get_or_insert_with(|| found.of_field($wire));
        }
    };
    (@read list $map:ident $mode:ident $skipped:ident $invalid:ident $wire:literal $field:ident $ty:ty) => {
        model_field!(@list $map $mode $skipped $wire $field $ty, |entry| entry)
    };
    (@read slots $map:ident $mode:ident $skipped:ident $invalid:ident $wire:literal $field:ident $ty:ty) => {
        model_field!(@list $map $mode $skipped $wire $field $ty, Some)
    };
    (@read $marker:ident $map:ident $mode:ident $skipped:ident $invalid:ident $wire:literal $field:ident $ty:ty) => {
        if $map
            .next_value_seed($crate::tolerant::Field {
                depth: $mode.depth,
                slot: &mut $field,
            })?
            .is_err()
        {
            $skipped.field($wire);
        }
    };

    (@list $map:ident $mode:ident $skipped:ident $wire:literal $field:ident $ty:ty, $keep:expr) => {{
        let list = $map.next_value_seed($crate::tolerant::List {
            field: $wire,
            depth: $mode.depth,
            skipped: &mut $skipped,
            keep: $keep,
            of: std::marker::PhantomData::<$ty>,
        })?;
        $field = $field.or(list);
    }};

    (@finish required $field:ident $mode:ident $wire:literal) => {
        match $field {
            Some(value) => value,
            None if $mode.is_strict => return Err(serde::de::Error::missing_field($wire)),
            None => return Ok(Err(serde::de::Error::missing_field($wire))),
        }
    };
    (@finish optional $field:ident $mode:ident $wire:literal) => { $field };
    (@finish $marker:ident $field:ident $mode:ident $wire:literal) => { $field.unwrap_or_default() };

    (@write optional $map:ident $wire:literal $self:ident.$field:ident) => {
        if let Some(value) = &$self.$field {
            serde::ser::SerializeMap::serialize_entry(&mut $map, $wire, value)?;
        }
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
            /// A bool.
            optional flag: bool = "flag",
            /// Places.
            slots places: i64 = "places",
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
                flag: None,
                places: Vec::new(),
                skipped: crate::Skipped::default(),
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
    fn strings_may_contain_numbers_and_bools() {
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
    fn unknown_fields_are_skipped_and_invalid_values_count_as_absent() {
        let sample = read(json!({"id": 1, "new": {"deep": [1, {}]}})).unwrap();
        assert!(sample.skipped().is_empty());
        for invalid in [json!([]), json!({"a": [1]}), json!("maybe"), json!(2.5)] {
            let text = json!({"Count": invalid, "id": 1, "tags": ["a"]}).to_string();
            let sample: Sample = serde_json::from_str(&text).unwrap();
            assert_eq!((sample.count, sample.tags.len()), (None, 1), "{text}");
            assert_eq!(sample.skipped().to_string(), "Count");
        }
        let sample = read(json!({"id": 1, "name": {"first": "x"}, "tags": 7, "flag": []})).unwrap();
        assert_eq!((sample.name.as_str(), sample.tags.len()), ("", 0));
        assert_eq!(sample.skipped().to_string(), "flag, name, tags");
    }

    #[test]
    fn invalid_entries_are_skipped_and_recorded() {
        let lists = json!({
            "id": 1, "tags": ["a", 5, null, "b", [["c"]]], "places": [1, null, "x", "4"],
        });
        let sample = read(lists).unwrap();
        assert_eq!(sample.tags, ["a", "b"]);
        assert_eq!(sample.places, [Some(1), None, None, Some(4)]);
        assert_eq!(
            sample.skipped().to_string(),
            "places[2], tags[1], tags[2], tags[4]"
        );
        let debug = format!("{sample:?}");
        assert!(debug.contains("skipped: [places[2]"), "{debug}");
    }

    model! {
        /// A test model with others in it.
        pub struct Outer {
            /// Several.
            list samples: Sample = "samples",
            /// One.
            optional sample: Sample = "sample",
            /// Any JSON.
            optional any: serde_json::Value = "any",
            /// Itself.
            optional within: Box<Outer> = "outer",
        }
    }

    #[test]
    fn a_record_without_its_required_fields_is_invalid_where_it_is_optional() {
        let text = r#"{
            "samples": [{"id": []}, {"name": "x", "new": [{}]}, {"id": 3, "Count": {}}, 4, "x", [{"id": 5}], {"id": 6}],
            "sample": {"tags": [1, [2]], "id": {"a": {}}}, "any": [1]
        }"#;
        let outer: Outer = serde_json::from_str(text).unwrap();
        let ids: Vec<_> = outer.samples.iter().map(|sample| sample.id).collect();
        assert_eq!(ids, [3, 6]);
        assert_eq!((outer.sample, outer.any), (None, Some(json!([1]))));
        assert_eq!(outer.skipped.count(), 6);
        assert_eq!(outer.samples[0].skipped().to_string(), "Count");
        // Invalid JSON is an error everywhere.
        for broken in [
            r#"{"sample": {"id": [}, "any": 1}"#,
            r#"{"samples": [{"id": tru}]}"#,
            r#"{"samples": [{"id": 1}]"#,
        ] {
            assert!(serde_json::from_str::<Outer>(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_value_that_is_nested_too_deep_is_skipped() {
        for depth in [90, 99, 100, 126, 127, 128, 5_000] {
            let nested = |open: &str, close: &str| {
                format!(
                    r#"{{"any": {}1{}, "sample": {{"id": 1}}}}"#,
                    open.repeat(depth),
                    close.repeat(depth)
                )
            };
            for text in [
                nested("[", "]"),
                nested(r#"{"a":"#, "}"),
                nested("[", "]").replace("any", "outer"),
                nested(r#"{"outer":"#, "}").replace("any", "outer"),
                nested(r#"{"outer":"#, "}").replace("any", "samples"),
                nested("[", "]").replace("any", "samples"),
            ] {
                let outer: Outer = serde_json::from_str(&text).unwrap();
                assert_eq!(outer.sample.unwrap().id, 1, "{depth}");
            }
        }
        let text = format!(r#"{{"any": {}{}}}"#, "[".repeat(128), "]".repeat(128));
        let outer: Outer = serde_json::from_str(&text).unwrap();
        assert_eq!(outer.skipped().to_string(), "any");
        assert_eq!(outer.any, None);
    }

    #[test]
    fn a_missing_id_is_an_error_that_names_it() {
        let error = read(json!({"name": "x"})).unwrap_err();
        assert!(error.to_string().contains("`id`"), "{error}");
        assert!(read(json!({"id": null})).is_err());
        assert!(read(json!([1])).is_err());
    }

    #[test]
    fn writing_omits_none_and_uses_the_first_spelling() {
        let sample = read(json!({"id": 1, "title": "x"})).unwrap();
        assert_eq!(
            serde_json::to_value(&sample).unwrap(),
            json!({"id": 1, "name": "x", "places": [], "tags": []})
        );
    }
}
