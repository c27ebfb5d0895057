//! Finds the values of fields with secret names, in JSON (also nested in strings, cut, or with single quotes), in forms, queries
//! and headers.

use super::written::{Wanted, backslashes, end_of, may_begin};
use std::ops::Range;

/// The words in the names of secret fields.
const WORDS: [&[u8]; 4] = [b"token", b"password", b"secret", b"authorization"];

/// The most characters of a name after the word.
const LONGEST_REST: usize = 64;

/// Calls `found` with the range of each value, and the quote for the mark, which may be empty.
pub(super) fn find<'t>(text: &'t [u8], mut found: impl FnMut(Range<usize>, &'t str)) {
    let mut at = 0;
    while at < text.len() {
        match value_after_name(text, at) {
            Some(value) => {
                at = value.next;
                if !value.range.is_empty() {
                    found(value.range, value.quote);
                }
            }
            None => at += 1,
        }
    }
}

struct Value<'a> {
    range: Range<usize>,
    quote: &'a str,
    next: usize,
}

/// The value of a field whose name contains one of the words at this position.
fn value_after_name(text: &[u8], at: usize) -> Option<Value<'_>> {
    let (word, mut end) = WORDS.into_iter().find_map(|word| {
        let wanted = Wanted {
            text: word,
            folds_case: true,
            beginning: word.len(),
        };
        let end = may_begin(wanted, text[at]).then(|| end_of(text, at, wanted))??;
        Some((word, end))
    })?;
    end += text[end..]
        .iter()
        .take(LONGEST_REST)
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(byte))
        .count();
    let quote = quote_at(text, end);
    end = skip_spaces(text, end + quote.len());
    let sign = *text.get(end)?;
    if !matches!(sign, b':' | b'=') {
        return None;
    }
    let start = skip_spaces(text, end + 1);
    let value = |range: Range<usize>, quote, next: usize| {
        Some(Value {
            range,
            quote,
            next: next.min(text.len()),
        })
    };
    let own_quote = quote_at(text, start);
    if !own_quote.is_empty() {
        let inside = start + own_quote.len();
        let end = end_of_string(text, inside, own_quote);
        return value(inside..end, "", end + own_quote.len());
    }
    match text.get(start)? {
        b'[' | b'{' if !quote.is_empty() => {
            let end = end_of_brackets(text, start);
            value(start..end, quote, end)
        }
        _ if !quote.is_empty() || sign == b'=' => {
            let end = end_of_word(text, start);
            let is_harmless = matches!(&text[start..end], b"null" | b"true" | b"false");
            let range = if is_harmless { end..end } else { start..end };
            value(range, quote, end.max(start))
        }
        // A header ends at the end of its line. Otherwise, `token: ` is prose.
        _ if word == b"authorization" => {
            let line = text[start..].iter();
            let length = line.take_while(|byte| !b"\r\n".contains(byte)).count();
            value(start..start + length, "", start + length)
        }
        _ => None,
    }
}

/// The quotation mark at this position with the backslashes before it; empty if there is none.
fn quote_at(text: &[u8], at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    for mark in [b"%22" as &[u8], b"%27", b"&quot;", b"&#34;", b"&#39;"] {
        if rest.starts_with(mark) {
            return std::str::from_utf8(mark).unwrap_or_default();
        }
    }
    let slashes = backslashes(rest);
    match rest.get(slashes) {
        Some(b'"' | b'\'') => std::str::from_utf8(&rest[..=slashes]).unwrap_or_default(),
        _ => "",
    }
}

/// The end of a string that this quote opened: before the same quote, or at the end of the input.
fn end_of_string(text: &[u8], start: usize, quote: &str) -> usize {
    let quote = quote.as_bytes();
    let (Some(mark), outer) = (quote.last(), quote.len() - 1) else {
        return text.len();
    };
    let mut at = start;
    while at < text.len() {
        if !quote.starts_with(b"\\") && quote.len() > 1 {
            if text[at..].starts_with(quote) {
                return at;
            }
            at += 1;
            continue;
        }
        let slashes = text[at..].iter().take_while(|byte| **byte == b'\\').count();
        // Each level of nested strings doubles the backslashes and adds one to a quote.
        if text.get(at + slashes) == Some(mark) && slashes % (2 * (outer + 1)) == outer {
            return at + slashes - outer;
        }
        at += slashes + 1;
    }
    text.len()
}

/// The end of an array or an object that begins at this position, or the end of the input.
fn end_of_brackets(text: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < text.len() {
        let quote = quote_at(text, at);
        if !quote.is_empty() {
            let inside = at + quote.len();
            at = end_of_string(text, inside, quote) + quote.len();
            continue;
        }
        match text[at] {
            b'[' | b'{' => depth += 1,
            b']' | b'}' if depth <= 1 => return at + 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    text.len()
}

fn end_of_word(text: &[u8], start: usize) -> usize {
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"&,;\"'<>()[]{}\\".contains(byte);
    let length = text[start..].iter().position(ends);
    length.map_or(text.len(), |length| start + length)
}

fn skip_spaces(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count()
}
