//! Reads the JSON of the game's servers, which `serde_json` alone does not always accept.
//!
//! `serde_json` fails for three forms that .NET writes: half of a surrogate pair as an escape (`"\ud83d"`, from a name that was
//! cut inside a character), a number beyond the range of `f64` (`1e999`), and a byte-order mark. The functions of this module
//! [`repair`] them. Input without them is read once.

use crate::compact;
use crate::listing::{Entries, Found, Listing};
use serde::de::{DeserializeOwned, DeserializeSeed as _};
use serde_json::{Deserializer, Error};
use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

/// Reads a value.
///
/// # Errors
///
/// Fails if the input is not JSON, even after [`repair`], or not a `T`.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    compact::from_str(text).or_else(|_| {
        serde_json::from_str(text).or_else(|error| match repair(text) {
            Cow::Owned(repaired) => serde_json::from_str(&repaired),
            Cow::Borrowed(_) => Err(error),
        })
    })
}

/// Reads a value from a JSON string that contains it as JSON; the quotes of the string are part of the input. Fast, because the
/// content is not copied, but reads compact JSON only: `None` proves nothing, because other forms of a `T` are not read either.
pub fn from_compact_in_string<T: DeserializeOwned>(string: &str) -> Option<T> {
    compact::from_str_in_string(string).ok()
}

/// Finds strings and objects in compact JSON, from left to right. Fast, but reads compact JSON only: `None` proves nothing.
#[derive(Debug)]
pub struct CompactScan<'a>(compact::Scan<'a>);

impl<'a> CompactScan<'a> {
    /// Begins with this text.
    pub fn of(text: &'a str) -> Self {
        Self(compact::Scan::of(text))
    }

    /// Returns the content of the string whose opening quote is at `start`. A string with escapes is not found.
    #[inline]
    pub fn plain_string(&mut self, start: usize) -> Option<&'a str> {
        self.0.plain_string(start)
    }

    /// Returns the end of the object that begins at `start`. An object with white space, deep nesting or exponents is not found.
    #[inline]
    pub fn end_of_object(&self, start: usize) -> Option<usize> {
        self.0.end_of_object(start)
    }
}

/// Calls `take` with the name and the JSON of each field of an object, which must be the whole input. Fast, but reads compact
/// JSON only: `None` proves nothing. `take` may have been called for some fields before that.
pub fn each_compact_field<'a>(text: &'a str, take: impl FnMut(&'a str, &'a str)) -> Option<()> {
    compact::each_field(text, take).ok()
}

/// Reads a list and skips its invalid entries; see [`Listing`].
///
/// # Errors
///
/// Fails if the input is not a list, or if no entry is a `T` and not all of them are null.
pub fn list<T: DeserializeOwned>(text: &str) -> Result<Listing<T>, Error> {
    list_or_part(text)?.all_or_some()
}

/// Reads a list that may be a part of a longer one: without a valid entry, it is empty, and the error of the first invalid
/// entry is returned beside it.
///
/// # Errors
///
/// Fails if the input is not a list.
pub fn part_of_list<T: DeserializeOwned>(text: &str) -> Result<(Listing<T>, Option<Error>), Error> {
    let found = list_or_part(text)?;
    Ok((found.listing, found.first_error))
}

/// Reads a list whose positions have a meaning: a null and an invalid entry become `None`.
///
/// # Errors
///
/// As for [`list`].
pub fn places<T: DeserializeOwned>(text: &str) -> Result<Listing<Option<T>>, Error> {
    match serde_json::from_str::<Vec<Option<T>>>(text) {
        Ok(places) => Ok(places.into()),
        Err(_) => entries(text, Some)?.all_or_some(),
    }
}

fn list_or_part<T: DeserializeOwned>(text: &str) -> Result<Found<T>, Error> {
    // Usually all entries are valid.
    match serde_json::from_str::<Vec<T>>(text) {
        Ok(entries) => Ok(Listing::from(entries).into()),
        Err(_) => entries(text, |entry| entry),
    }
}

fn entries<T: DeserializeOwned, E>(
    text: &str,
    keep: fn(Option<T>) -> Option<E>,
) -> Result<Found<E>, Error> {
    let repaired = repair(text);
    let mut reader = Deserializer::from_str(&repaired);
    let found = Entries::of(keep).deserialize(&mut reader)?;
    reader.end()?;
    Ok(found)
}

/// The integer in a JSON number or string, which may have a fraction of zero: `7`, `7.0`, `" 7 "`.
pub fn whole_number<N: FromStr>(value: &str) -> Option<N> {
    let number = value.trim_matches(|letter: char| letter == '"' || letter.is_whitespace());
    let digits = match number.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
        _ => number,
    };
    digits.parse().ok()
}

/// Replaces the forms that `serde_json` does not accept: half a surrogate pair becomes U+FFFD, a number beyond `f64` becomes
/// null, and a byte-order mark white space. The length stays the same, so positions stay valid.
pub fn repair(text: &str) -> Cow<'_, str> {
    let mut repaired = String::new();
    let mut copied = 0;
    let mut replace = |range: Range<usize>, instead: &str| {
        repaired.push_str(&text[copied..range.start]);
        repaired.push_str(instead);
        repaired.extend(std::iter::repeat_n(' ', range.len() - instead.len()));
        copied = range.end;
    };
    let bytes = text.as_bytes();
    let mut at = 0;
    if text.starts_with(BYTE_ORDER_MARK) {
        at = BYTE_ORDER_MARK.len_utf8();
        replace(0..at, "");
    }
    let mut in_string = false;
    while let Some(byte) = bytes.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                let (length, is_whole) = escape(&bytes[start..]);
                at = start + length;
                if !is_whole {
                    replace(start..at, "\\ufffd");
                }
            }
            b'-' | b'0'..=b'9' if !in_string => {
                let of_number =
                    |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                at += bytes[at..]
                    .iter()
                    .take_while(|byte| of_number(byte))
                    .count();
                if text[start..at].parse().is_ok_and(f64::is_infinite) {
                    replace(start..at, "null");
                }
            }
            _ => {}
        }
    }
    if copied == 0 {
        return text.into();
    }
    repaired.push_str(&text[copied..]);
    repaired.into()
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The length of the escape at the beginning, and whether it is a complete character: a surrogate needs its other half after
/// it.
fn escape(bytes: &[u8]) -> (usize, bool) {
    const UNICODE: usize = "\\ud83d".len();
    match (code(bytes), bytes.get(UNICODE..).and_then(code)) {
        (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (2 * UNICODE, true),
        (Some(0xd800..=0xdfff), _) => (UNICODE, false),
        (Some(_), _) => (UNICODE, true),
        (None, _) => (2, true),
    }
}

/// The code unit of `\ud83d`.
fn code(escape: &[u8]) -> Option<u16> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Server, User};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn half_a_character_becomes_a_replacement_character() {
        for (text, value) in [
            (r#"["Fox\ud83d"]"#, json!(["Fox\u{fffd}"])),
            (r#"["\ude00 Fox"]"#, json!(["\u{fffd} Fox"])),
            (r#"["\uDE00\uD83D"]"#, json!(["\u{fffd}\u{fffd}"])),
            (r#"["\ud83d\ud83d\ude00"]"#, json!(["\u{fffd}\u{1f600}"])),
            (r#"["\ud83dx\ude00"]"#, json!(["\u{fffd}x\u{fffd}"])),
            (r#"["\ud83d\n"]"#, json!(["\u{fffd}\n"])),
            (r#"["\\ud83d", "\ud83d"]"#, json!(["\\ud83d", "\u{fffd}"])),
            (
                r#"{"\ud83d": {"a\ude00": 1}}"#,
                json!({"\u{fffd}": {"a\u{fffd}": 1}}),
            ),
            (r#"["\ud83d\"", "x"]"#, json!(["\u{fffd}\"", "x"])),
        ] {
            assert_eq!(from_str::<Value>(text).unwrap(), value, "{text}");
            assert_eq!(repair(text).len(), text.len());
        }
        assert!(matches!(
            repair(r#"["\ud83d\ude00", 1e9]"#),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn a_number_beyond_the_range_becomes_null_and_a_byte_order_mark_is_ignored() {
        let text = format!(
            "\u{feff}{{\"a\": 1e999, \"b\": [-1E+400, 2.5], \"c\": \"1e999\", \"d\": {}}}",
            "9".repeat(400)
        );
        let value: Value = from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({"a": null, "b": [null, 2.5], "c": "1e999", "d": null})
        );
        let server: Server =
            from_str(r#"{"player_count": 1e999, "id": 7, "name": "\ud83d"}"#).unwrap();
        assert_eq!(
            (server.player_count, server.name.as_str()),
            (None, "\u{fffd}")
        );
    }

    #[test]
    fn a_list_is_read_without_its_invalid_entries() {
        let users =
            list::<User>(r#"[null, {"id": 8, "username": "\ud83d"}, {"id": []}, 5]"#).unwrap();
        assert_eq!(users[0].username, "\u{fffd}");
        assert_eq!(users.len(), 1);
        assert_eq!(users.skipped().to_string(), "[0], [2], [3]");
        let ids: Vec<_> = users.into_iter().map(|user| user.id.get()).collect();
        assert_eq!(ids, [8]);
        let all = list::<Option<i64>>("[1, null, 2]").unwrap();
        assert_eq!((all.len(), all.skipped().count()), (3, 0));
        assert!(list::<User>("null").unwrap().is_empty());
        let nulls = list::<User>("[null, null]").unwrap();
        assert_eq!((nulls.len(), nulls.skipped().count()), (0, 2));
    }

    #[test]
    fn a_list_with_only_invalid_entries_is_an_error() {
        for text in [
            r#"[{"id": []}]"#,
            "[null, 5]",
            r#"{"id": 5}"#,
            "5",
            "[",
            "[] []",
        ] {
            assert!(list::<User>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<Listing<User>>("[5]").is_err());
        let (part, first_error) = part_of_list::<User>("[5, null]").unwrap();
        assert_eq!((part.len(), part.skipped().count()), (0, 2));
        assert!(first_error.is_some());
    }

    #[test]
    fn an_integer_may_have_a_fraction_of_zero_and_be_a_string() {
        for value in ["7", "7.0", "7.000", "\"7\"", "\" 7.0 \""] {
            assert_eq!(whole_number::<u32>(value), Some(7), "{value}");
        }
        for value in ["", "7.5", "-7", "[7]", "null", "\"7.0.0\"", "99999999999"] {
            assert_eq!(whole_number::<u32>(value), None, "{value}");
        }
    }

    #[test]
    fn positions_are_kept() {
        let users = places::<User>(r#"[null, {"id": 8}, "x", {"id": 9}]"#).unwrap();
        let ids: Vec<_> = users
            .iter()
            .map(|user| user.as_ref().map(|user| user.id.get()))
            .collect();
        assert_eq!(ids, [None, Some(8), None, Some(9)]);
        assert_eq!(users.skipped().to_string(), "[2]");
    }

    proptest! {
        #[test]
        fn input_that_serde_json_reads_stays_unchanged(text in "(\\PC|[\"\\\\{}\\[\\]0-9.eE-]|\\\\u[dD][89a-f][0-9a-f]{2}){0,40}") {
            let repaired = repair(&text);
            prop_assert_eq!(repaired.len(), text.len());
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                prop_assert_eq!(repaired.as_ref(), text.as_str());
                prop_assert_eq!(from_str::<Value>(&text).unwrap(), value);
            }
        }

        #[test]
        fn any_string_of_escapes_is_read(units in prop::collection::vec(any::<u16>(), 0..8), half in 0xd800_u16..0xe000) {
            let mut units = units;
            units.push(half);
            let escapes: Vec<_> = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let read: String = from_str(&format!("\"{}\"", escapes.concat())).unwrap();
            prop_assert_eq!(read, String::from_utf16_lossy(&units));
        }
    }
}
