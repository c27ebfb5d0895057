//! Finds secrets by their shape: JSON web tokens, and credentials after the name of a scheme or in an address.

use super::written::unescaped;
use std::ops::Range;

/// Calls `found` with each range.
pub(super) fn find(text: &[u8], mut found: impl FnMut(Range<usize>)) {
    let mut at = 0;
    while at < text.len() {
        let range = match text[at] {
            // A JWT begins with the base64 of `{"`.
            b'e' | b'\\' | b'%' | b'&' => spelled(text, at, b"eyJ").map(|_| at..run(text, at)),
            b'b' | b'B' => credentials(text, at),
            b':' => user_info(text, at),
            _ => None,
        };
        match range {
            Some(range) => {
                at = range.end;
                found(range);
            }
            None => at += 1,
        }
    }
}

/// The credentials after `Bearer` and `Basic`, unless they are a word of prose.
fn credentials(text: &[u8], at: usize) -> Option<Range<usize>> {
    let rest = &text[at..];
    let (is_bearer, length) = [(true, b"bearer" as &[u8]), (false, b"basic")]
        .into_iter()
        .find(|(_, scheme)| {
            let named = rest.get(..scheme.len());
            named.is_some_and(|name| name.eq_ignore_ascii_case(scheme))
        })
        .map(|(is_bearer, scheme)| (is_bearer, scheme.len()))?;
    let mut start = at + length;
    while let Some(step) = space(&text[start..]) {
        start += step;
    }
    if start == at + length {
        return None;
    }
    let end = run(text, start);
    let word = &text[start..end];
    let is_prose = if is_bearer {
        word.is_empty() || [b"token" as &[u8], b"tokens", b"error", b"realm"].contains(&word)
    } else {
        !word
            .iter()
            .any(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'=')
    };
    (!is_prose).then_some(start..end)
}

fn space(text: &[u8]) -> Option<usize> {
    match text {
        [b' ' | b'\t' | b'+', ..] => Some(1),
        [b'%', b'2', b'0', ..] => Some(3),
        _ => None,
    }
}

/// The user and password in `scheme://user:password@host`.
fn user_info(text: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at + 3;
    let rest = text[at..].strip_prefix(b"://")?;
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/?#\"'<>\\".contains(byte);
    let host = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let end = host.iter().rposition(|byte| *byte == b'@')?;
    (end > 0).then_some(start..start + end)
}

/// The password in an address, still encoded.
pub(super) fn password(address: &str) -> Option<&str> {
    let at = address.find("://")?;
    let range = user_info(address.as_bytes(), at)?;
    let (_, password) = address.get(range)?.split_once(':')?;
    Some(password)
}

/// The end of this word, which may contain escapes.
fn spelled(text: &[u8], mut at: usize, word: &[u8]) -> Option<usize> {
    for wanted in word {
        let (byte, length) = unescaped(text.get(at..)?)?;
        if byte != *wanted {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// The end of a token's characters.
fn run(text: &[u8], mut at: usize) -> usize {
    while let Some((byte, length)) = text.get(at..).and_then(unescaped) {
        if !(byte.is_ascii_alphanumeric() || b"-_.~=+/".contains(&byte)) {
            break;
        }
        at += length;
    }
    at
}
