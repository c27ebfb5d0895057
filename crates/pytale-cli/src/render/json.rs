use pytale::model::escaped;
use serde::Serialize;
use std::fmt::Write as _;

/// A value as JSON in one line. Characters on which a terminal acts are escapes, so the value is the same.
///
/// # Errors
///
/// If the value cannot be written as JSON.
pub(crate) fn json_line(value: &impl Serialize) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    // JSON itself escapes the control characters of ASCII but one.
    if text.bytes().all(|byte| byte.is_ascii() && byte != 0x7f) {
        return Ok(text);
    }
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_harmless(letter) {
            safe.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    Ok(safe)
}

fn is_harmless(letter: char) -> bool {
    if letter.is_ascii() {
        return letter != '\u{7f}';
    }
    let mut encoded = [0; 4];
    let text: &str = letter.encode_utf8(&mut encoded);
    let mut shown = Same {
        text,
        is_same: true,
    };
    let _ = write!(shown, "{}", escaped(text));
    shown.is_same
}

/// Compares what is written with a text.
struct Same<'t> {
    text: &'t str,
    is_same: bool,
}

impl std::fmt::Write for Same<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        match self.text.strip_prefix(text) {
            Some(rest) => self.text = rest,
            None => self.is_same = false,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn characters_on_which_a_terminal_acts_are_escapes_of_the_same_value() {
        let value =
            json!({"a\u{9b}31m": "\u{202e}gnp\u{7f}\u{e0041}", "b": "Zoë \"日本\" 🦀\u{1b}"});
        let text = json_line(&value).unwrap();
        assert!(text.contains("Zoë \\\"日本\\\" 🦀"), "{text}");
        assert!(
            !text.contains(['\u{9b}', '\u{202e}', '\u{7f}', '\u{e0041}', '\u{1b}']),
            "{text:?}"
        );
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
