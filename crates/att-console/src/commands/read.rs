//! Readers for results whose shape differs between servers.

use crate::error::Error;
use crate::wire::reply::Reply;
use alta_model::{Listing, json};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads one value; also the first entry of an array, and a number or bool in a string.
pub(super) fn one<T: DeserializeOwned>(reply: &Reply) -> Result<T, Error> {
    reply.read::<T>().or_else(|error| {
        let whole = reply.result();
        let first = match &whole {
            Some(Value::Array(entries)) => entries.iter().find(|entry| !entry.is_null()).cloned(),
            _ => None,
        };
        let read = whole.and_then(tolerantly);
        read.or_else(|| first.and_then(tolerantly)).ok_or(error)
    })
}

/// Reads a list without the entries of another shape. The command has run: an error would say the opposite.
#[allow(clippy::unnecessary_wraps, reason = "it is a reader like the others")]
pub(super) fn lenient<T: DeserializeOwned>(reply: &Reply) -> Result<Listing<T>, Error> {
    Ok(reply.read_leniently())
}

/// Reads a value, also a single number or bool in a string. Models read such strings in their fields themselves.
fn tolerantly<T: DeserializeOwned>(value: Value) -> Option<T> {
    let text = value.as_str().map(|text| text.trim().to_ascii_lowercase());
    serde_json::from_value(value)
        .ok()
        .or_else(|| json::from_str(&text?).ok())
}
