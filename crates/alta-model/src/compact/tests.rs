use super::*;
use crate::Server;
use crate::console::event::{InventoryChanged, PlayerJoined, TraceLog};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, PartialEq)]
enum Letter {
    A,
    B,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Any {
    Pair(u8, Option<f32>),
    Fields { a: Option<Letter>, b: Box<(i64,)> },
    Numbers(BTreeMap<u32, f64>),
    Text(String),
}

/// Compares this reader with `serde_json`, if it reads the input. Returns whether it does.
fn both<T: DeserializeOwned + PartialEq + fmt::Debug>(text: &str) -> bool {
    let fast = from_str::<T>(text);
    if let Ok(fast) = &fast {
        let full = serde_json::from_str::<T>(text);
        assert_eq!(*fast, full.unwrap(), "{text}");
    }
    fast.is_ok()
}

fn all(text: &str) {
    both::<Value>(text);
    both::<Any>(text);
    both::<(Letter, u8)>(text);
    both::<BTreeMap<u8, Option<Value>>>(text);
    both::<PlayerJoined>(text);
    both::<InventoryChanged>(text);
    both::<TraceLog>(text);
    if Scan::of(text).end_of_object(0) == Some(text.len()) {
        assert!(serde_json::from_str::<IgnoredAny>(text).is_ok(), "{text}");
    }
    all_in_string(&serde_json::to_string(text).unwrap());
    all_in_string(&format!("\"{text}\""));
}

/// The same with a JSON string that may contain JSON. Returns whether the short way reads it.
fn both_in_string<T: DeserializeOwned + PartialEq + fmt::Debug>(string: &str) -> bool {
    let short = from_str_in_string::<T>(string);
    if let Ok(short) = &short {
        let content: String = serde_json::from_str(string).unwrap();
        let long = serde_json::from_str::<T>(&content);
        assert_eq!(*short, long.unwrap(), "{string}");
    }
    short.is_ok()
}

fn all_in_string(string: &str) {
    both_in_string::<Value>(string);
    both_in_string::<Any>(string);
    both_in_string::<(Letter, u8)>(string);
    both_in_string::<BTreeMap<u8, Option<Value>>>(string);
    both_in_string::<Server>(string);
    both_in_string::<IgnoredAnyValue>(string);
}

/// Skips a value.
#[derive(Debug, PartialEq)]
struct IgnoredAnyValue;

impl<'de> Deserialize<'de> for IgnoredAnyValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

#[test]
fn json_in_a_string_is_read_the_short_way_wherever_its_strings_end() {
    for length in 0..200 {
        let text = "x".repeat(length);
        for escape in ["", r"\n", r#"\""#, r"\\", r"\u00e9", "é"] {
            let json = format!(
                r#"{{"a":"{text}{escape}","{text}":[1,-0.5,true,null,{{}},[],""],"{escape}{text}":{{"b":0.125}}}}"#
            );
            let string = serde_json::to_string(&json).unwrap();
            assert!(both_in_string::<Value>(&string), "{string}");
            assert!(both_in_string::<IgnoredAnyValue>(&string), "{string}");
        }
    }
    assert!(both_in_string::<(Letter, u8)>(r#""[\"B\",7]""#));
}

#[test]
fn anything_else_in_a_string_is_refused() {
    for string in [
        "",
        "\"",
        "\"\"",
        "{}",
        r#""{} ""#,
        r#""[1,]""#,
        r#""["a"]""#,
        r#""[\"a"]""#,
        r#""[\"a\"]"#,
        r#""[\"a\"]\""#,
        r#""[\"a\n\"]""#,
        r#""[\"a\/\"]""#,
        r#""[\"\u0041\"]""#,
        r#""[\"a\\x\"]""#,
        r#""[\"a\\"]""#,
        r#""[\"a\\\n\"]""#,
        r#""[\"\\ud83d\"]""#,
        r#""\u005b1]""#,
        "\"[\\\"\t\\\"]\"",
    ] {
        assert!(from_str_in_string::<Value>(string).is_err(), "{string}");
    }
}

#[test]
fn compact_json_is_read_wherever_its_strings_end() {
    for length in 0..200 {
        let text = "x".repeat(length);
        let json = format!(
            r#"{{"a":"{text}","{text}":[1,-0.5,-70,0,true,false,null,{{}},[]],"é":{{"b":0.125}}}}"#
        );
        assert!(both::<Value>(&json), "{json}");
        let within = format!("{text}{json}{text}");
        assert_eq!(
            Scan::of(&within).end_of_object(length),
            Some(length + json.len())
        );
    }
    assert!(both::<Value>(r#"["a\n\"b\\","\u00e9","é\\"]"#));
    assert!(both::<Value>(r#"{"\"":1,"a\\":["\\\\"]}"#));
    assert!(both::<(Letter, u8)>(r#"["B",7]"#));
    assert!(both::<Any>(r#"{"a":"A","b":[-7],"c":{"d":[{}]}}"#));
}

#[test]
fn any_other_input_is_refused() {
    for json in [
        "",
        "{",
        "[",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":1e5}"#,
        r#"{"a":-}"#,
        r#"{"a":-0}"#,
        r#"{"a":1,}"#,
        r#"{"a" :1}"#,
        r#"{"a":"b}"#,
        r#"{"a":nul}"#,
        r#"{"a":[1,]}"#,
        r#"{"a":[1}"#,
        "{\"a\":\"\t\"}",
        "{a:1}",
        r#"{"a":1]"#,
        "{} ",
        "{}{}",
        r#"{"a":"\x"}"#,
        r#"{"a":"\ud83d"}"#,
        r#"{,"a":1}"#,
        "18446744073709551616",
        "0.12345678901234567",
        "\"a",
        "\"\\",
    ] {
        assert!(from_str::<Value>(json).is_err(), "{json}");
    }
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    assert!(from_str::<Value>(&deep).is_err());
    assert_eq!(Scan::of(&deep).end_of_object(0), None);
    assert!(from_str::<(Letter, u8)>(r#"["B",7,8]"#).is_err());
}

proptest! {
    #[test]
    fn every_value_that_is_read_equals_that_of_serde_json(
        json in r#"\{("[abé}{]{0,20}":("([a}{\\é]|\\"|\\u00[0-9]{2}){0,40}"|0|-?[0-9.]{1,20}|1e9|\{\}|\[\{\}, ?1\]|\[1?\]|tru?e|null),?){0,4}\}?.?"#,
        array in r#"\[(("A"|-?[0-9]{1,22}|[0-9]{0,3}\.[0-9]{1,17}|null|"x"),?){0,3}\]?"#,
        event in r#"\{"user":\{"id":("7"|7|7\.0|\[\])(,"username":("a"|1|null))?\},"position":\[[0-9],?[0-9.]{1,5},"?3"?(,4)?\],"message":.{0,9}\}"#,
        string in r#""\{(\\"|"|\\|[a:,]){0,9}(:|1|\[|\\\\[nu"x]|\\\\\\["n\\]|\\"|[a-zé ]{0,70}|\}|,){0,20}\}"#,
        server in r#""\{\\"id\\":[0-9]{1,3},\\"name\\":\\"([a-z]{0,70}|\\\\n|\\\\\\"|\\n|\\|"){0,4}\\",\\"online_players\\":\[(\{\\"id\\":1\},?){0,2}\]\}""#,
        before in "[a\"{]{0,70}",
        after in r#"[ a}{"]{0,70}"#,
    ) {
        for text in [&json, &array, &event] {
            all(text);
        }
        all_in_string(&string);
        all_in_string(&server);
        let text = format!("{before}{json}{after}");
        if let Some(end) = Scan::of(&text).end_of_object(before.len()) {
            let object = &text[before.len()..end];
            prop_assert!(serde_json::from_str::<IgnoredAny>(object).is_ok(), "{}", object);
        }
    }

    #[test]
    fn numbers_are_read_to_the_bit(number in prop_oneof![
        any::<f64>().prop_map(|number| number.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        (any::<u32>(), any::<u32>()).prop_map(|(whole, places)| format!("-{whole}.{places}")),
    ]) {
        if let Ok(fast) = from_str::<f64>(&number) {
            let full: f64 = serde_json::from_str(&number).unwrap();
            prop_assert_eq!(fast.to_bits(), full.to_bits());
        }
    }
}
