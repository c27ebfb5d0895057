//! Hiding what is secret in a text.

use super::SHOWN;
use serde_json::Value;
use url::form_urlencoded;

const HIDDEN: &str = "***";

/// The text without what is secret in it. One in which there is nothing secret comes back as it was, unless it is too long.
pub(crate) fn shown(text: &str) -> String {
    let masked = match serde_json::from_str::<Value>(text) {
        Ok(mut value) => hide(&mut value).then(|| value.to_string()),
        Err(_) if text.trim_start().starts_with(['{', '[']) => cut_json(text),
        Err(_) => form(text),
    };
    let text = jwts(masked.as_deref().unwrap_or(text));
    match text.char_indices().find(|(at, _)| *at >= SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}

/// Hides the secrets of a value; false if there are none.
fn hide(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            let mut found = false;
            for (name, value) in fields.iter_mut() {
                if is_secret(name) && !value.is_null() {
                    *value = HIDDEN.into();
                    found = true;
                } else {
                    found |= hide(value);
                }
            }
            found
        }
        Value::Array(values) => {
            let mut found = false;
            for value in values {
                found |= hide(value);
            }
            found
        }
        // The contents of the main websocket are JSON in a text.
        Value::String(text) if text.starts_with(['{', '[']) => {
            let Ok(mut inner) = serde_json::from_str::<Value>(text) else {
                return false;
            };
            let found = hide(&mut inner);
            if found {
                *text = inner.to_string();
            }
            found
        }
        _ => false,
    }
}

/// JSON that cannot be read, since it is cut or worse: what follows the name of a secret may be one, and so may be anything
/// after it.
fn cut_json(text: &str) -> Option<String> {
    let folded = text.to_ascii_lowercase();
    let begins = SECRETS.iter().filter_map(|word| folded.find(word));
    begins.min().map(|at| format!("{}{HIDDEN}", &text[..at]))
}

/// The body of a bot's login.
fn form(text: &str) -> Option<String> {
    let is_encoded = |byte: u8| byte.is_ascii_alphanumeric() || b"*-._+%&=".contains(&byte);
    if !text.bytes().all(is_encoded) {
        return None;
    }
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    pairs.iter().any(|(name, _)| is_secret(name)).then(|| {
        let mut shown = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &pairs {
            shown.append_pair(name, if is_secret(name) { HIDDEN } else { value });
        }
        shown.finish()
    })
}

/// What a field's name says if its value is a secret.
const SECRETS: [&str; 4] = ["token", "password", "secret", "authorization"];

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRETS.iter().any(|word| name.contains(word))
}

/// Hides what begins like a JWT: with the base64 of `{"`.
fn jwts(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.=+/".contains(c);
        let (before, token) = rest.split_at(at);
        let end = token.find(|c| !is_part(c)).unwrap_or(token.len());
        shown.push_str(before);
        shown.push_str(HIDDEN);
        rest = &token[end..];
    }
    shown.push_str(rest);
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_in_json_in_json_inside_of_it_and_in_forms() {
        let request = r#"{"authorization":"Bearer abc","content":"{\"token\":\"def\"}","id":1}"#;
        let answer = shown(request);
        assert!(
            !answer.contains("abc") && !answer.contains("def"),
            "{answer}"
        );
        assert!(answer.contains("\"id\":1"), "{answer}");
        let login = shown("client_id=client_1&client_secret=c2VjcmV0%3D%3D&scope=a+b");
        assert!(!login.contains("c2Vj"), "{login}");
        assert!(
            login.contains("client_id=client_1") && login.contains("scope=a+b"),
            "{login}"
        );
        assert_eq!(shown("it is eyJhbGciOi.eyJz.c2ln= here"), "it is *** here");
        assert!(!shown(r#"[{"refresh_token":["a",{"b":"hush"}]}]"#).contains("hush"));
    }

    #[test]
    fn json_that_is_cut_is_shown_as_far_as_the_first_name_of_a_secret() {
        assert_eq!(
            shown(r#"{"id": 1, "access_Token": "hush", "b": 2"#),
            r#"{"id": 1, "access_***"#
        );
        let harmless = r#"[{"id": 1, "name": "a=b&c"#;
        assert_eq!(shown(harmless), harmless);
    }

    #[test]
    fn what_holds_no_secret_is_shown_as_it_came() {
        for text in [
            r#"{"b" : 1, "a":2}"#,
            "player list",
            "",
            r#"{"token":null}"#,
            "a=b",
            "<p>No token: <a href=\"/login?password=1&next=2\">log in</a>",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = "é".repeat(SHOWN);
        let cut = shown(&long);
        assert!(cut.len() < SHOWN + 40 && cut.ends_with(&format!("({} bytes)", long.len())));
    }
}
