//! Hiding secrets in text.

mod fields;
mod pieces;
mod shapes;
mod written;

use std::{
    borrow::Cow,
    collections::VecDeque,
    error::Error,
    fmt::{self, Write as _},
    ops::Range,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine as _, engine::general_purpose};

use self::written::{Wanted, end_of, first_bytes};
use crate::{Secret, chain, escaped};

/// Hides secrets in text from outside before it is shown or logged.
///
/// It hides
/// - the secrets that it was [told](Self::learn), in letters of any case, as they are or written with escapes: as JSON does
///   (`\/`, `\u0041`, also in a text in JSON), URLs (`%41`), forms (`+`), HTML (`&amp;`), or in base64 or hexadecimal digits; of
///   a longer one any piece of 16 bytes as well, and what of it stands at the end of a text that was cut;
/// - the values of fields whose names say token, password, secret or authorization, in JSON (whole or cut), forms and headers;
/// - what looks like a JSON web token, what follows `Bearer` and `Basic`, and user and password in an address.
///
/// Each is replaced by `<redacted>`, as a [`Secret`] is shown. JSON stays JSON.
///
/// Clones share what they know: a connection gives one to each of its parts, and tells a new token to any.
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

/// A secret, its base64 as it is in the middle of something encoded, and its hexadecimal digits.
struct Known {
    secret: Secret,
    encoded: Vec<Secret>,
}

/// How many secrets are known at once. Who learns more has long-lived connections whose first tokens have expired.
const MOST_KNOWN: usize = 64;

/// As many bytes of a secret are hidden like the whole of it: its beginning however it is written, others as they are.
const BEGINNING: usize = 16;

/// No longer text is shown. A server must not be able to keep a task busy with one.
const LONGEST: usize = 64 * 1024;

/// An encoding of a shorter secret is not looked for: it would be found in other texts.
const SHORTEST_ENCODED: usize = 6;

impl Redactor {
    /// The text that stands in the place of each secret.
    pub const MARK: &'static str = "<redacted>";

    /// One that knows no secrets, and hides what says or looks as if it were one.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that knows these secrets.
    pub fn knowing<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let redactor = Self::new();
        secrets
            .into_iter()
            .for_each(|secret| redactor.learn(secret));
        redactor
    }

    /// Hides this secret from now on, besides those known. After 64 secrets, the one that was learned longest ago is
    /// forgotten: what is still in use is learned again with each use.
    pub fn learn(&self, secret: &str) {
        let secret = secret.trim();
        // How many have been learned since.
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
        known.push_back(Known {
            secret: Secret::from(secret),
            encoded: encoded(secret),
        });
    }

    /// Learns the values of fields whose names say that they are secret, in JSON or a form that is sent to a server: it may
    /// repeat them anywhere.
    pub fn learn_fields(&self, sent: &str) {
        fields::find(sent.as_bytes(), |range, _| {
            let as_sent = &sent[range];
            let json = serde_json::from_str::<String>(&format!("\"{as_sent}\""));
            let value = json.as_deref().unwrap_or(as_sent);
            self.learn(value);
            self.learn(&written::decoded(value));
        });
    }

    /// Learns the password in an address, `scheme://user:password@host`, as it is and decoded.
    pub fn learn_address(&self, address: &str) {
        let Some(password) = shapes::password(address) else {
            return;
        };
        self.learn(password);
        self.learn(&written::decoded(password));
    }

    /// An error as it may be a cause of another: itself, or, if its words hold a secret or what a terminal obeys, those words
    /// without them.
    pub fn cause(&self, error: impl Error + Send + Sync + 'static) -> Box<dyn Error + Send + Sync> {
        let words = chain(&error).raw();
        let shown = escaped(self.redact(&words)).to_string();
        if shown == words {
            Box::new(error)
        } else {
            shown.into()
        }
    }

    /// The text without what is secret in it.
    ///
    /// It is for texts that are shown: at most the first 64 KiB are left of a longer one, and `…`.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.len() <= LONGEST {
            return self.redact_whole(text, 0).0;
        }
        let beginning = &text[..boundary(text, LONGEST)];
        Cow::Owned(self.redact_whole(beginning, 0).0.into_owned() + "\u{2026}")
    }

    /// The text of these bytes without what is secret in it; bytes that are no UTF-8 are replaced by U+FFFD.
    pub fn redact_bytes<'t>(&self, bytes: &'t [u8]) -> Cow<'t, str> {
        match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => self.redact(text),
            Cow::Owned(text) => Cow::Owned(self.redact(&text).into_owned()),
        }
    }

    /// The text without what is secret in it, and where a byte of it has moved. Of a text of more than 64 KiB, as much as that
    /// around the position.
    pub fn redact_at<'t>(&self, text: &'t str, position: usize) -> (Cow<'t, str>, usize) {
        if text.len() > LONGEST {
            // Some bytes before the place are looked at with it, but what is cut there is not shown.
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

    /// What is to be hidden, in order, none touching another.
    fn hidden<'t>(&self, text: &'t str) -> Vec<Hidden<'t>> {
        let bytes = text.as_bytes();
        let mut found = Vec::new();
        let mut hide = |range: Range<usize>, quote| found.push(Hidden { range, quote });
        self.find_known(bytes, |range| hide(range, ""));
        shapes::find(bytes, |range| hide(range, ""));
        fields::find(bytes, hide);
        // Of two that begin alike, the larger one comes first.
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
        // What was hidden before stays as it is, whatever secret is known.
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
            // Once for all secrets, since there may be many.
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

/// The place between two characters at or before this one.
fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rfind(|at| text.is_char_boundary(*at))
        .unwrap_or_default()
}

/// A part of a text that is not shown.
struct Hidden<'t> {
    range: Range<usize>,
    /// Stands around what is written instead.
    quote: &'t str,
}

/// What is always the same of the secret's base64, wherever it stands in what is encoded: `user:secret`, for example. And
/// its hexadecimal digits.
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
