//! The lists of players that the server sends.

use alta_model::Listing;
use att_console::{Error, ErrorKind, Reply};
use serde_json::Value;

/// Refuses an empty list that the server did not send as one: without a result, or without a readable entry. It must not look
/// like an empty server.
pub(super) fn listed<T>(list: Listing<T>, reply: &Reply) -> Result<Listing<T>, Error> {
    let is_sent_empty =
        || matches!(reply.result(), Some(Value::Array(entries)) if entries.is_empty());
    if !list.is_empty() || is_sent_empty() {
        return Ok(list);
    }
    let reason = "the reply has no player and is not an empty list".to_owned();
    Err(Error::new(
        ErrorKind::Decode { reason },
        "listing the players",
    ))
}
