//! Finds a string that may be written with escapes.

use std::collections::BTreeSet;

/// The string to find.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) text: &'a [u8],
    /// Ignores the case of ASCII letters.
    pub(super) folds_case: bool,
    /// This many bytes of its beginning count as a match; fewer only at the end of the input.
    pub(super) beginning: usize,
}

/// The end of the wanted string if it begins at this position, with each character plain or with the escapes of JSON (in any
/// depth), a URL, a form, HTML, Rust or Python.
pub(super) fn end_of(text: &[u8], start: usize, wanted: Wanted<'_>) -> Option<usize> {
    let is_next = |found: usize, read: &[u8]| {
        let next = wanted.text[found..].get(..read.len());
        next.is_some_and(|next| {
            next == read || (wanted.folds_case && next.eq_ignore_ascii_case(read))
        })
    };
    // Up to the first byte that may begin an escape, there is one reading.
    let (mut found, mut at) = (0, start);
    while let Some(&byte) = text.get(at)
        && !begins_escape(byte)
        && is_next(found, &[byte])
    {
        (found, at) = (found + 1, at + 1);
    }
    let mut end = None;
    // The matched length of the wanted string and the position in the input. A character can have several readings.
    let mut reached = BTreeSet::new();
    let end_here = |found, at| {
        let is_cut = at == text.len() || is_cut_escape(&text[at..]);
        if found >= SHORTEST_CUT && is_cut {
            Some(text.len())
        } else {
            (found == wanted.text.len() || found >= wanted.beginning).then_some(at)
        }
    };
    end = end.max(end_here(found, at));
    if text.get(at).copied().is_some_and(begins_escape) {
        reached.insert((found, at));
    }
    while let Some((found, at)) = reached.pop_first() {
        end = end.max(end_here(found, at));
        readings(&text[at..], |read, length| {
            if is_next(found, read) {
                reached.insert((found + read.len(), at + length));
            }
        });
    }
    end
}

/// The shortest beginning of a secret that is redacted at the end of a string that may be cut.
const SHORTEST_CUT: usize = 4;

/// Returns whether the string ends within an escape that begins at this position.
fn is_cut_escape(rest: &[u8]) -> bool {
    let mut ways = 0;
    readings(rest, |_, _| ways += 1);
    rest.len() < LONGEST_ESCAPE && begins_escape(rest[0]) && ways == 1
}

/// The length of the longest escape.
const LONGEST_ESCAPE: usize = 12;

/// The bytes with which a string at this position can begin, in any case.
pub(super) fn first_bytes(text: &[u8]) -> [bool; 256] {
    let mut firsts = [false; 256];
    readings(text, |read, _| {
        if let Some(first) = read.first() {
            firsts[usize::from(first.to_ascii_lowercase())] = true;
            firsts[usize::from(first.to_ascii_uppercase())] = true;
        }
    });
    firsts
}

/// Returns whether a written form of the wanted string can begin with this byte.
pub(super) fn may_begin(wanted: Wanted<'_>, byte: u8) -> bool {
    begins_escape(byte)
        || wanted.text.first().is_some_and(|first| {
            *first == byte || (wanted.folds_case && first.eq_ignore_ascii_case(&byte))
        })
}

fn begins_escape(byte: u8) -> bool {
    matches!(byte, b'\\' | b'%' | b'&' | b'+')
}

/// Calls `read` with each reading of the next character: its bytes in UTF-8, and its length in the input.
fn readings(text: &[u8], mut read: impl FnMut(&[u8], usize)) {
    let Some(&first) = text.first() else { return };
    read(&[first], 1);
    match first {
        b'+' => read(b" ", 1),
        b'%' => percent(text, read),
        b'\\' => backslash(text, read),
        b'&' => entity(text, read),
        _ => {}
    }
}

/// The string with its percent escapes decoded.
pub(super) fn decoded(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some((&first, after)) = rest.split_first() {
        if let Some(byte) = hex(after.get(..2)).filter(|_| first == b'%') {
            bytes.push(u8::try_from(byte).unwrap_or(first));
            rest = &after[2..];
        } else {
            bytes.push(first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The reading of the next character that decodes an escape, if there is one.
pub(super) fn unescaped(text: &[u8]) -> Option<(u8, usize)> {
    let mut last = None;
    readings(text, |read, length| {
        if let [byte] = read
            && !(*byte == b' ' && text[0] == b'+')
        {
            last = Some((*byte, length));
        }
    });
    last
}

/// `%41`, and `%2541` if it was encoded twice.
fn percent(text: &[u8], mut read: impl FnMut(&[u8], usize)) {
    for at in (1..DEEPEST).step_by(2) {
        if let Some(byte) = hex(text.get(at..at + 2)) {
            read(&[u8::try_from(byte).unwrap_or(b'?')], at + 2);
        }
        if text.get(at..at + 2) != Some(b"25") {
            return;
        }
    }
}

/// `\n`, `\"`, `\u0041`, `\u{41}`, `\x41`, and the same with more backslashes in nested strings.
fn backslash(text: &[u8], mut read: impl FnMut(&[u8], usize)) {
    let slashes = backslashes(text);
    let mut doubled = 2;
    while doubled <= slashes {
        read(b"\\", doubled);
        doubled *= 2;
    }
    let Some(&kind) = text.get(slashes) else {
        return;
    };
    let plain = match kind {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'0' => 0,
        b'"' | b'\'' | b'/' => kind,
        b'u' | b'x' => return numbered(text, slashes, kind, read),
        _ => return,
    };
    read(&[plain], slashes + 1);
}

/// The number of backslashes at this position, as far as they can be an escape.
pub(super) fn backslashes(text: &[u8]) -> usize {
    let few = &text[..text.len().min(DEEPEST)];
    few.iter().take_while(|byte| **byte == b'\\').count()
}

/// The most bytes of a nested escape, so that each byte of a string is read a bounded number of times.
const DEEPEST: usize = 64;

fn numbered(text: &[u8], slashes: usize, kind: u8, mut read: impl FnMut(&[u8], usize)) {
    let digits = slashes + 1;
    let (code, end) = if kind == b'x' {
        (hex(text.get(digits..digits + 2)), digits + 2)
    } else if text.get(digits) == Some(&b'{') {
        let rest = &text[digits + 1..];
        let length = rest.iter().take(7).position(|byte| *byte == b'}');
        let code = length.and_then(|length| hex(rest.get(..length)));
        (code, digits + 2 + length.unwrap_or(0))
    } else {
        match hex(text.get(digits..digits + 4)) {
            Some(high @ 0xd800..=0xdbff) => {
                let at = digits + 4 + slashes;
                let is_escape = text[digits + 4..]
                    .strip_prefix(&text[..slashes])
                    .is_some_and(|rest| rest.first() == Some(&b'u'));
                let low = hex(text.get(at + 1..at + 5)).filter(|low| low & 0xfc00 == 0xdc00);
                let code = low
                    .filter(|_| is_escape)
                    .map(|low| 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff));
                (code, at + 5)
            }
            code => (code, digits + 4),
        }
    };
    if let Some(c) = code.and_then(char::from_u32) {
        read(c.encode_utf8(&mut [0; 4]).as_bytes(), end);
    }
}

/// `&amp;`, `&#65;`, `&#x41;`.
fn entity(text: &[u8], mut read: impl FnMut(&[u8], usize)) {
    let Some(length) = text.iter().take(10).position(|byte| *byte == b';') else {
        return;
    };
    let c = match &text[1..length] {
        b"amp" => Some('&'),
        b"lt" => Some('<'),
        b"gt" => Some('>'),
        b"quot" => Some('"'),
        b"apos" => Some('\''),
        [b'#', b'x' | b'X', digits @ ..] => hex(Some(digits)).and_then(char::from_u32),
        [b'#', digits @ ..] => std::str::from_utf8(digits)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .and_then(char::from_u32),
        _ => None,
    };
    if let Some(c) = c {
        read(c.encode_utf8(&mut [0; 4]).as_bytes(), length + 1);
    }
}

fn hex(digits: Option<&[u8]>) -> Option<u32> {
    let digits = std::str::from_utf8(digits?).ok()?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
}
