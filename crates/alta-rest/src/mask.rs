/// Overwrites what may be a secret in the text of an answer, byte for byte, so that positions stay as they are: the given
/// texts, the values of fields whose names say token, password or secret, and what looks like a JWT.
pub(crate) fn mask(body: &[u8], secrets: &[&str]) -> Vec<u8> {
    let mut masked = body.to_vec();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        overwrite(&mut masked, secret.as_bytes());
    }
    fields(&mut masked);
    jwts(&mut masked);
    masked
}

const STAR: u8 = b'*';

fn overwrite(text: &mut [u8], secret: &[u8]) {
    let mut at = 0;
    while let Some(found) = text[at..]
        .windows(secret.len())
        .position(|part| part == secret)
    {
        let start = at + found;
        text[start..start + secret.len()].fill(STAR);
        at = start + secret.len();
    }
}

/// Walks over the texts of a JSON document, which need be neither whole nor correct.
fn fields(text: &mut [u8]) {
    let mut at = 0;
    while at < text.len() {
        if text[at] != b'"' {
            at += 1;
            continue;
        }
        let start = at + 1;
        let end = end_of_text(text, start);
        at = end + 1;
        let value = skip_spaces(text, at);
        if text.get(value) == Some(&b':') && is_secret(&text[start..end]) {
            let value = skip_spaces(text, value + 1);
            at = end_of_value(text, value);
            match text.get(value) {
                Some(b'"' | b'[' | b'{') => {
                    // What encloses it stays, but for a closing that is missing.
                    let whole = at > value + 1 && matches!(text[at - 1], b'"' | b']' | b'}');
                    text[value + 1..at - usize::from(whole)].fill(STAR);
                }
                Some(b'0'..=b'9' | b'-') => text[value..at].fill(STAR),
                _ => {}
            }
        }
    }
}

/// Where a value ends that begins here: behind it, or at the end of it all.
fn end_of_value(text: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < text.len() {
        match text[at] {
            b'"' => {
                at = (end_of_text(text, at + 1) + 1).min(text.len());
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth <= 1 => return if depth == 1 { at + 1 } else { at },
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

/// Where a text ends that began here: its closing quote, or the end of it all.
fn end_of_text(text: &[u8], start: usize) -> usize {
    let mut at = start;
    while at < text.len() {
        match text[at] {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    text.len()
}

fn skip_spaces(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}

fn is_secret(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    [b"token" as &[u8], b"password", b"secret", b"authorization"]
        .iter()
        .any(|word| name.windows(word.len()).any(|part| part == *word))
}

/// A JWT begins with the base64 of `{"`.
fn jwts(text: &mut [u8]) {
    let mut at = 0;
    while let Some(found) = text[at..].windows(3).position(|part| part == b"eyJ") {
        let start = at + found;
        let length = text[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.=+/".contains(byte))
            .count();
        text[start..start + length].fill(STAR);
        at = start + length;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str, secrets: &[&str]) -> String {
        String::from_utf8(mask(text.as_bytes(), secrets)).unwrap()
    }

    #[test]
    fn values_of_secret_fields_are_overwritten_and_nothing_moves() {
        let text = r#"{"id": 7, "token": "bv87\"s4", "access_Token" : "x", "name": "y"}"#;
        let shown = masked(text, &[]);
        assert_eq!(
            shown,
            r#"{"id": 7, "token": "********", "access_Token" : "*", "name": "y"}"#
        );
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn a_document_that_is_cut_is_masked_to_its_end() {
        assert_eq!(masked(r#"{"token": "abc"#, &[]), r#"{"token": "***"#);
        assert_eq!(masked(r#"{"token": "ab\"#, &[]), r#"{"token": "***"#);
        assert_eq!(masked(r#"{"token"#, &[]), r#"{"token"#);
    }

    #[test]
    fn a_field_that_is_null_is_left_and_so_is_the_next_one() {
        let text = r#"{"token": null, "list": ["a"], "paginationToken":true,"a":{"b": "c"}}"#;
        assert_eq!(masked(text, &[]), text);
    }

    #[test]
    fn whatever_a_secret_field_holds_is_overwritten() {
        assert_eq!(
            masked(
                r#"{"token": ["a", {"b": "]"}], "password":{"b": 1}, "secret": 12}, "c": "d""#,
                &[]
            ),
            r#"{"token": [***************], "password":{******}, "secret": **}, "c": "d""#
        );
        assert_eq!(
            masked(r#"{"token": ["a", {"b"#, &[]),
            r#"{"token": [********"#
        );
    }

    proptest! {
        #[test]
        fn any_text_is_walked_over_to_its_end(text in r#"[\\"a:,\[\]{}token 1]{0,40}"#) {
            prop_assert_eq!(mask(text.as_bytes(), &[]).len(), text.len());
        }
    }

    #[test]
    fn jwts_and_given_texts_are_overwritten_anywhere() {
        assert_eq!(
            masked(
                "<p>eyJhbGci.eyJz.c2ln</p> hunter2 hunter2",
                &["hunter2", ""]
            ),
            "<p>******************</p> ******* *******"
        );
    }
}
