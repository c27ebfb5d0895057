//! Results whose shape differs between servers.

use crate::error::Error;
use crate::reply::Reply;
use alta_model::{Listing, json};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A list: also from one object, and without its nulls.
pub(super) fn list<T: DeserializeOwned>(reply: &Reply) -> Result<Listing<T>, Error> {
    reply.read_list()
}

/// A list in which a null says something by its place.
pub(super) fn places<T: DeserializeOwned>(reply: &Reply) -> Result<Listing<Option<T>>, Error> {
    reply.read_places()
}

/// One value: also from a list that begins with it, and from a text.
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

/// What a command made, where servers differ in whether they say so: what cannot be read is left out, since the command
/// has run and an error would look as if it had not.
#[allow(clippy::unnecessary_wraps, reason = "it is a reader like the others")]
pub(super) fn whatever<T: DeserializeOwned>(reply: &Reply) -> Result<Listing<T>, Error> {
    Ok(reply.read_whatever())
}

/// A value, also a single number or truth value that came as a text. Within models, they read such texts themselves.
fn tolerantly<T: DeserializeOwned>(value: Value) -> Option<T> {
    let text = value.as_str().map(|text| text.trim().to_ascii_lowercase());
    serde_json::from_value(value)
        .ok()
        .or_else(|| json::from_str(&text?).ok())
}
