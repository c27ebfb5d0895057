mod fields;
mod pieces;
mod shapes;
mod written;

use self::written::{Wanted, end_of, first_bytes};
use crate::{Secret, chain, escaped};
use base64::Engine as _;
use base64::engine::general_purpose;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock};

/// Redacts secrets in external strings before they are shown or logged.
///
/// It redacts
/// - the [learned](Self::learn) secrets, in any case, plain or with the escapes of JSON (`\/`, `\u0041`, also nested), URLs
///   (`%41`), forms (`+`) and HTML (`&amp;`), or in base64 or hexadecimal digits; also any piece of 16 bytes of a longer secret,
///   and the beginning of a secret at the end of a cut string;
/// - the values of fields whose names contain token, password, secret or authorization, in JSON (complete or cut), forms and
///   headers;
/// - JSON web tokens, credentials after `Bearer` and `Basic`, and the user and password of an address.
///
/// It replaces each by [`MARK`](Self::MARK), like the `Debug` form of a [`Secret`]. JSON stays valid JSON.
///
/// Clones share the learned secrets: all parts of a connection have one, and each can learn a new token for all.
///
/// ```
/// use alta_model::Redactor;
///
/// let redactor = Redactor::new();
/// redactor.learn("hunter/2");
/// assert_eq!(redactor.redact(r"no hunter\/2 here"), "no <redacted> here");
/// assert_eq!(redactor.redact(r#"{"token":"abc"}"#), r#"{"token":"<redacted>"}"#);
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    known: Arc<RwLock<VecDeque<Known>>>,
}

/// A secret, with its base64 within a longer encoded string and its hexadecimal digits.
struct Known {
    secret: Secret,
    encoded: Vec<Secret>,
}

/// The most learned secrets. A client that learns more is long-lived, and its first tokens have expired.
const MOST_KNOWN: usize = 64;

/// This many bytes of a secret are redacted like all of it: its beginning with any escapes, other pieces only plain.
const BEGINNING: usize = 16;

/// The most bytes of a redacted string, so that a server cannot keep a task busy.
const LONGEST: usize = 64 * 1024;

/// The encodings of a shorter secret are not redacted, because they would match other strings.
const SHORTEST_ENCODED: usize = 6;

impl Redactor {
    /// The replacement of each secret.
    pub const MARK: &'static str = "<redacted>";

    /// A redactor without learned secrets; it redacts fields and patterns.
    pub fn new() -> Self {
        Self::default()
    }

    /// A redactor that has learned these secrets.
    pub fn knowing<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let redactor = Self::new();
        secrets
            .into_iter()
            .for_each(|secret| redactor.learn(secret));
        redactor
    }

    /// Redacts this secret from now on, too. After 64 secrets, the oldest is forgotten; a secret that is still in use is learned
    /// again with each use.
    pub fn learn(&self, secret: &str) {
        let secret = secret.trim();
        // The number of secrets that were learned later.
        let age = |known: &VecDeque<Known>| {
            let mut newest_first = known.iter().rev();
            newest_first.position(|known| known.secret.expose() == secret)
        };
        let is_young = |age: Option<usize>| age.is_some_and(|age| age < MOST_KNOWN / 2);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if secret.is_empty() || is_young(age(&known)) {
            return;
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(age) = age(&known) {
            let place = known.len() - 1 - age;
            if let Some(old) = known.remove(place) {
                known.push_back(old);
            }
            return;
        }
        if known.len() == MOST_KNOWN {
            known.pop_front();
        }
        // Each connection has a redactor, and most of them learn one secret.
        known.reserve_exact(1);
        known.push_back(Known {
            secret: Secret::from(secret),
            encoded: encoded(secret),
        });
    }

    /// Learns the values of fields with secret names, in JSON or a form that is sent to a server, because the server may repeat
    /// them anywhere.
    pub fn learn_fields(&self, sent: &str) {
        fields::find(sent.as_bytes(), |range, _| {
            let as_sent = &sent[range];
            let json = serde_json::from_str::<String>(&format!("\"{as_sent}\""));
            let value = json.as_deref().unwrap_or(as_sent);
            self.learn(value);
            self.learn(&written::decoded(value));
        });
    }

    /// Learns the password in an address, `scheme://user:password@host`, both encoded and decoded.
    pub fn learn_address(&self, address: &str) {
        let Some(password) = shapes::password(address) else {
            return;
        };
        self.learn(password);
        self.learn(&written::decoded(password));
    }

    /// An error as the source of another one: the error itself, or only its redacted and escaped message if that contains a
    /// secret or control characters.
    pub fn cause(&self, error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync> {
        let message = chain(&error).raw();
        let shown = escaped(self.redact(&message)).to_string();
        if shown == message {
            Box::new(error)
        } else {
            shown.into()
        }
    }

    /// The string without its secrets.
    ///
    /// It is for display: a longer string is cut to its first 64 KiB and `…`.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.len() <= LONGEST {
            return self.redact_whole(text, 0).0;
        }
        let beginning = &text[..boundary(text, LONGEST)];
        Cow::Owned(self.redact_whole(beginning, 0).0.into_owned() + "\u{2026}")
    }

    /// The whole string without its secrets, however long it is. The time that this takes grows with its length.
    pub fn redact_uncut<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redact_whole(text, 0).0
    }

    /// The string of these bytes without its secrets; invalid UTF-8 is replaced by U+FFFD.
    pub fn redact_bytes<'t>(&self, bytes: &'t [u8]) -> Cow<'t, str> {
        match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => self.redact(text),
            Cow::Owned(text) => Cow::Owned(self.redact(&text).into_owned()),
        }
    }

    /// The string without its secrets, and the new position of a byte. A longer string is cut to 64 KiB around the position.
    pub fn redact_at<'t>(&self, text: &'t str, position: usize) -> (Cow<'t, str>, usize) {
        if text.len() > LONGEST {
            // The part before the position is searched, too; its cut beginning is far from what is shown.
            let start = boundary(text, position.saturating_sub(LONGEST / 2));
            let end = boundary(text, start + LONGEST);
            let (shown, moved) =
                self.redact_whole(&text[start..end], position - start.min(position));
            return (Cow::Owned(shown.into_owned()), moved);
        }
        self.redact_whole(text, position)
    }

    fn redact_whole<'t>(&self, text: &'t str, position: usize) -> (Cow<'t, str>, usize) {
        let hidden = self.hidden(text);
        if hidden.is_empty() {
            return (Cow::Borrowed(text), position.min(text.len()));
        }
        let mut shown = String::with_capacity(text.len());
        let mut copied = 0;
        let mut moved = None;
        for Hidden { range, quote } in hidden {
            if moved.is_none() && position < range.end {
                let before = position.min(range.start) - copied;
                moved = Some(shown.len() + before);
            }
            shown.push_str(&text[copied..range.start]);
            shown.extend([quote, Self::MARK, quote]);
            copied = range.end;
        }
        let moved = moved.unwrap_or_else(|| shown.len() + position.min(text.len()) - copied);
        shown.push_str(&text[copied..]);
        (Cow::Owned(shown), moved)
    }

    /// The parts to redact, in order, without overlaps.
    fn hidden<'t>(&self, text: &'t str) -> Vec<Hidden<'t>> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut hide = |range: Range<usize>, quote| found.push(Hidden { range, quote });
        self.find_known(bytes, |range| hide(range, ""));
        shapes::find(bytes, |range| hide(range, ""));
        fields::find(bytes, hide);
        // Of two parts with the same start, the longer one comes first.
        found.sort_by_key(|hidden| (hidden.range.start, usize::MAX - hidden.range.end));
        let mut merged: Vec<Hidden<'_>> = Vec::with_capacity(found.len());
        for mut hidden in found {
            // A piece of a secret may begin and end inside a character.
            while !text.is_char_boundary(hidden.range.start) {
                hidden.range.start -= 1;
            }
            while !text.is_char_boundary(hidden.range.end) {
                hidden.range.end += 1;
            }
            match merged.last_mut() {
                Some(last) if hidden.range.start < last.range.end => {
                    last.range.end = last.range.end.max(hidden.range.end);
                }
                _ => merged.push(hidden),
            }
        }
        // An earlier mark stays when further secrets are learned.
        merged.retain(|hidden| &text[hidden.range.clone()] != Self::MARK);
        merged
    }

    fn find_known(&self, text: &[u8], mut found: impl FnMut(Range<usize>)) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let wanted: Vec<Wanted<'_>> = known
            .iter()
            .flat_map(|known| std::iter::once(&known.secret).chain(&known.encoded))
            .map(|secret| Wanted {
                text: secret.expose().as_bytes(),
                folds_case: true,
                beginning: BEGINNING,
            })
            .collect();
        let secrets = known.iter().map(|known| known.secret.expose().as_bytes());
        pieces::find(text, secrets, BEGINNING, &mut found);
        let mut at = 0;
        while at < text.len() {
            if text[at..].starts_with(Self::MARK.as_bytes()) {
                at += Self::MARK.len();
                continue;
            }
            // Computed once for all secrets, because there may be many.
            let firsts = first_bytes(&text[at..]);
            let ends = wanted
                .iter()
                .filter(|wanted| {
                    let first = wanted.text.first();
                    first.is_some_and(|first| firsts[usize::from(*first)])
                })
                .filter_map(|wanted| end_of(text, at, *wanted));
            match ends.max() {
                Some(end) => {
                    found(at..end);
                    at = end;
                }
                None => at += 1,
            }
        }
    }
}

/// The nearest character boundary at or before this position.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rfind(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}

/// A part of a string that is redacted.
struct Hidden<'t> {
    range: Range<usize>,
    /// The quote around the mark.
    quote: &'t str,
}

/// The part of a secret's base64 that does not depend on its position in an encoded string such as `user:secret`, and its
/// hexadecimal digits.
fn encoded(secret: &str) -> Vec<Secret> {
    if secret.len() < SHORTEST_ENCODED {
        return Vec::new();
    }
    let alphabets = [
        &general_purpose::STANDARD_NO_PAD,
        &general_purpose::URL_SAFE_NO_PAD,
    ];
    let mut all: Vec<Secret> = Vec::new();
    for before in 0..3 {
        let bytes = [&b"\0\0"[..before], secret.as_bytes()].concat();
        for alphabet in alphabets {
            let text = alphabet.encode(&bytes);
            let whole = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
            let text = Secret::from(&text[whole]);
            if !all.contains(&text) {
                all.push(text);
            }
        }
    }
    let mut digits = String::with_capacity(2 * secret.len());
    for byte in secret.bytes() {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
    }
    all.push(Secret::from(digits));
    all
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests;
