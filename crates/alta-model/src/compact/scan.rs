//! Finds the ends of strings, numbers and values in compact JSON.

use super::{DEPTH, Refused, Result};
use wide::u8x16;

/// The number of bytes whose quotes are found at once, one bit each.
const BLOCK: usize = u64::BITS as usize;

/// The number of bytes that one instruction compares.
const PART: usize = 16;

/// The first byte of a quote: the quote itself, or its backslash if the JSON is the content of a string.
pub(super) const fn first_of_quote(in_string: bool) -> u8 {
    if in_string { b'\\' } else { b'"' }
}

/// The number of bytes of a quote.
pub(super) const fn length_of_quote(in_string: bool) -> usize {
    if in_string { 2 } else { 1 }
}

/// Finds strings and objects of one text, from left to right: the quotes of a block are found once for all of them.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    text: &'a str,
    strings: Strings<'a, false>,
}

impl<'a> Scan<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self {
            text,
            strings: Strings::of(text.as_bytes()),
        }
    }

    /// Returns the content of the string whose opening quote is at `start`, if it has no escapes.
    #[inline]
    pub(crate) fn plain_string(&mut self, start: usize) -> Option<&'a str> {
        if self.text.as_bytes().get(start) != Some(&b'"') {
            return None;
        }
        let end = self.strings.end(start).ok()?;
        let string = self.text.get(start + 1..end - 1)?;
        let is_plain = self.strings.quotes.is_some() || !string.contains('\\');
        is_plain.then_some(string)
    }

    /// Returns the end of the object that begins at `start`.
    #[inline]
    pub(crate) fn end_of_object(&self, start: usize) -> Option<usize> {
        let is_object = self.text.as_bytes().get(start) == Some(&b'{');
        is_object
            .then(|| end_of_value(self.text, start, self.strings))?
            .ok()
    }
}

/// Calls `take` with the name and the JSON of each field of an object, which must be the whole input. `take` may have been
/// called for some fields before the input is refused.
pub(crate) fn each_field<'a>(text: &'a str, mut take: impl FnMut(&'a str, &'a str)) -> Result<()> {
    let bytes = text.as_bytes();
    let mut strings = Strings::<false>::of(bytes);
    let mut at = match bytes {
        b"{}" => return Ok(()),
        [b'{', ..] => 1,
        _ => return Err(Refused),
    };
    loop {
        let name = at + 1;
        at = end_of_name(bytes, &mut strings, at)?;
        // `at` is after the closing quote and the colon.
        let name = text.get(name..at - 2).ok_or(Refused)?;
        if name.contains('\\') {
            return Err(Refused);
        }
        let value = at;
        at = end_of_value(text, value, strings)?;
        take(name, text.get(value..at).ok_or(Refused)?);
        match bytes.get(at..) {
            Some([b',', ..]) => at += 1,
            Some(b"}") => return Ok(()),
            _ => return Err(Refused),
        }
    }
}

/// Returns the end of the value that begins at `at`.
///
/// It is one loop without calls, so that its state stays in registers.
pub(super) fn end_of_value<const IN_STRING: bool>(
    text: &str,
    mut at: usize,
    mut strings: Strings<'_, IN_STRING>,
) -> Result<usize> {
    let bytes = text.as_bytes();
    let byte_at = |at: usize| bytes.get(at).copied().ok_or(Refused);
    // One bit for each open array or object, the innermost lowest; it is set for an object. The highest set bit is only a
    // mark: it is the last one when all are closed.
    let mut around = 1_u64;
    loop {
        let is_object = byte_at(at)? == b'{';
        if is_object || byte_at(at)? == b'[' {
            if around >> DEPTH != 0 {
                return Err(Refused);
            }
            at += 1;
            let is_empty = byte_at(at)? == if is_object { b'}' } else { b']' };
            if !is_empty {
                around = around << 1 | u64::from(is_object);
                if is_object {
                    at = end_of_name(bytes, &mut strings, at)?;
                }
                continue;
            }
            at += 1;
        } else {
            at = match byte_at(at)? {
                byte if byte == first_of_quote(IN_STRING) => strings.end(at)?,
                b't' => end_of_word(bytes, at, b"true")?,
                b'f' => end_of_word(bytes, at, b"false")?,
                b'n' => end_of_word(bytes, at, b"null")?,
                _ => number(bytes, at)?.1,
            };
        }
        loop {
            let is_in_object = around & 1 != 0;
            match byte_at(at) {
                _ if around == 1 => return Ok(at),
                Ok(b',') => {
                    at += 1;
                    if is_in_object {
                        at = end_of_name(bytes, &mut strings, at)?;
                    }
                    break;
                }
                Ok(b'}') if is_in_object => {}
                Ok(b']') if !is_in_object => {}
                _ => return Err(Refused),
            }
            around >>= 1;
            at += 1;
        }
    }
}

/// Returns the beginning of the value of the field whose name begins at `at`.
#[inline]
fn end_of_name<const IN_STRING: bool>(
    bytes: &[u8],
    strings: &mut Strings<'_, IN_STRING>,
    at: usize,
) -> Result<usize> {
    let end = strings.end(at)?;
    match (bytes.get(at), bytes.get(end)) {
        (Some(byte), Some(b':')) if *byte == first_of_quote(IN_STRING) => Ok(end + 1),
        _ => Err(Refused),
    }
}

#[inline]
pub(super) fn end_of_word(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize> {
    let is_it = bytes.get(at..).is_some_and(|rest| rest.starts_with(word));
    is_it.then(|| at + word.len()).ok_or(Refused)
}

/// Finds the ends of strings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strings<'a, const IN_STRING: bool> {
    bytes: &'a [u8],
    /// The number of the block that `quotes` belongs to.
    block: usize,
    /// The positions of the quotes in the block, with the first byte in the lowest bit; none if the block contains a control
    /// character, or an escape that is not a quote.
    pub(super) quotes: Option<u64>,
}

impl<'a, const IN_STRING: bool> Strings<'a, IN_STRING> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            block: usize::MAX,
            quotes: None,
        }
    }

    /// Returns the position after the string whose opening quote is at `start`.
    #[allow(
        clippy::inline_always,
        reason = "it saves a tenth of the time to check a frame"
    )]
    #[inline(always)]
    pub(super) fn end(&mut self, start: usize) -> Result<usize> {
        let mut at = start + length_of_quote(IN_STRING);
        if IN_STRING && self.bytes.get(start + 1) != Some(&b'"') {
            return Err(Refused);
        }
        loop {
            let block = at / BLOCK;
            if block != self.block {
                self.quotes = quotes_of_block::<IN_STRING>(self.bytes, block);
                self.block = block;
            }
            let Some(quotes) = self.quotes else {
                return if IN_STRING {
                    end_of_escaped_string_in_string(self.bytes, start)
                } else {
                    end_of_escaped_string(self.bytes, start)
                };
            };
            let quotes = quotes >> (at % BLOCK);
            if quotes != 0 {
                return Ok(at + quotes.trailing_zeros() as usize + 1);
            }
            at = (block + 1) * BLOCK;
        }
    }
}

/// Returns the position after a string of less than 32 bytes without escapes, whose opening quote is at `start`. Most strings
/// of an object are so short, its names above all, and for them this is faster than [`Strings`].
#[inline]
pub(super) fn end_of_short_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    for _ in 0..2 {
        let part = u8x16::from(*bytes.get(at..)?.first_chunk()?);
        let is_quote = part.cmp_eq(u8x16::splat(b'"'));
        let is_other = part.cmp_eq(u8x16::splat(b'\\')) | is_control(part);
        let found = (is_quote | is_other).move_mask();
        if found != 0 {
            let quote = at + found.trailing_zeros() as usize;
            return (bytes.get(quote) == Some(&b'"')).then_some(quote + 1);
        }
        at += PART;
    }
    None
}

/// The same for a string in a block with an escape or a control character.
#[cold]
fn end_of_escaped_string(bytes: &[u8], start: usize) -> Result<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at).ok_or(Refused)? {
            b'"' => return Ok(at + 1),
            b'\\' => match bytes.get(at + 1..).unwrap_or_default() {
                [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => at += 2,
                [b'u', digits @ ..] => {
                    let digits: &[u8; 4] = digits.first_chunk().ok_or(Refused)?;
                    if !digits.iter().all(u8::is_ascii_hexdigit) {
                        return Err(Refused);
                    }
                    at += 6;
                }
                _ => return Err(Refused),
            },
            0..b' ' => return Err(Refused),
            _ => at += 1,
        }
    }
}

/// The same for JSON in a string, where each escape begins with two backslashes.
#[cold]
fn end_of_escaped_string_in_string(bytes: &[u8], start: usize) -> Result<usize> {
    let mut at = start + length_of_quote(true);
    loop {
        at += match bytes.get(at..).unwrap_or_default() {
            [b'\\', b'"', ..] => return Ok(at + 2),
            [b'\\', b'\\', b'\\', b'"' | b'\\', ..] => 4,
            [b'\\', b'\\', b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => 3,
            [b'\\', b'\\', b'u', digits @ ..] => {
                let digits: &[u8; 4] = digits.first_chunk().ok_or(Refused)?;
                if !digits.iter().all(u8::is_ascii_hexdigit) {
                    return Err(Refused);
                }
                7
            }
            [b'\\' | b'"' | 0..b' ', ..] | [] => return Err(Refused),
            _ => 1,
        };
    }
}

pub(super) enum Number {
    Positive(u64),
    Negative(i64),
    Float(f64),
}

/// Reads the number that begins at `at`. Returns it and its end.
#[inline]
pub(super) fn number(bytes: &[u8], mut at: usize) -> Result<(Number, usize)> {
    /// Up to this number, each integer has an exact `f64`.
    const EXACT: u64 = 1 << f64::MANTISSA_DIGITS;
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    /// Any number of this many digits fits into an `i64`.
    const DIGITS: usize = 18;
    let is_negative = bytes.get(at) == Some(&b'-');
    at += usize::from(is_negative);
    let is_zero = bytes.get(at) == Some(&b'0');
    let (number, whole) = digits(bytes, at, 0);
    at += whole;
    if whole == 0 || whole > DIGITS || is_zero && whole > 1 {
        return Err(Refused);
    }
    let number = if bytes.get(at) == Some(&b'.') {
        let (number, places) = digits(bytes, at + 1, number);
        at += 1 + places;
        if places == 0 || whole + places > DIGITS || number > EXACT {
            return Err(Refused);
        }
        #[allow(clippy::cast_precision_loss, reason = "it is small enough")]
        let number = number as f64 / POWERS.get(places).ok_or(Refused)?;
        Number::Float(if is_negative { -number } else { number })
    } else if !is_negative {
        Number::Positive(number)
    } else if number > 0 {
        Number::Negative(-i64::try_from(number).map_err(|_| Refused)?)
    } else {
        return Err(Refused);
    };
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        return Err(Refused);
    }
    Ok((number, at))
}

/// Appends the digits that begin at `at` to a number. Returns the new number and the count of the digits; with too many digits,
/// the number is wrong.
#[inline]
fn digits(bytes: &[u8], at: usize, number: u64) -> (u64, usize) {
    let (mut number, mut count) = (number, 0);
    for byte in bytes.get(at..).unwrap_or_default() {
        let digit @ 0..10 = byte.wrapping_sub(b'0') else {
            break;
        };
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
        count += 1;
    }
    (number, count)
}

/// Returns the positions of the quotes in a block; see [`Strings::quotes`]. None after the end of the text.
#[inline]
fn quotes_of_block<const IN_STRING: bool>(text: &[u8], block: usize) -> Option<u64> {
    let start = block * BLOCK;
    let rest = text.get(start..).unwrap_or_default();
    let before = |start: usize| start.checked_sub(1).and_then(|at| text.get(at)).copied();
    if let Some(bytes) = rest.first_chunk() {
        return quotes::<IN_STRING>(before(start), bytes);
    }
    if rest.is_empty() {
        return None;
    }
    // An incomplete last block is read together with the bytes before it.
    if let Some(bytes) = text.last_chunk() {
        let quotes = quotes::<IN_STRING>(before(text.len() - BLOCK), bytes);
        return quotes.map(|quotes| quotes >> (BLOCK - rest.len()));
    }
    let mut bytes = [b' '; BLOCK];
    bytes[..rest.len()].copy_from_slice(rest);
    quotes::<IN_STRING>(None, &bytes)
}

#[inline]
fn quotes<const IN_STRING: bool>(before: Option<u8>, bytes: &[u8; BLOCK]) -> Option<u64> {
    let (mut quotes, mut backslashes) = (0, 0);
    // Only their presence counts, so their positions are not gathered.
    let mut others = u8x16::ZERO;
    for (at, part) in bytes.as_chunks::<PART>().0.iter().enumerate() {
        let part = u8x16::from(*part);
        let found = |mask: u8x16| u64::from(mask.move_mask().cast_unsigned()) << (PART * at);
        quotes |= found(part.cmp_eq(u8x16::splat(b'"')));
        let is_backslash = part.cmp_eq(u8x16::splat(b'\\'));
        if IN_STRING {
            backslashes |= found(is_backslash);
        } else {
            others |= is_backslash;
        }
        others |= is_control(part);
    }
    // In a string, a backslash precedes each quote, and nothing else.
    let is_plain = others.none()
        && (!IN_STRING || quotes == backslashes << 1 | u64::from(before == Some(b'\\')));
    is_plain.then_some(quotes)
}

#[inline]
fn is_control(part: u8x16) -> u8x16 {
    // A control character is the lower one of itself and the last control character.
    part.min(u8x16::splat(b' ' - 1)).cmp_eq(part)
}
