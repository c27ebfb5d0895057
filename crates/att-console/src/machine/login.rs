//! The reply to the token.

use crate::wire::frame::{Frame, Kind};

/// Reads a frame as the reply to the token: accepted, refused with a message, or `None` for another frame.
pub(super) fn reply_to_token(frame: &Frame) -> Option<Result<(), String>> {
    let is_refusal = |level: &str| matches!(level, "FatalLog" | "ErrorLog");
    let text = || frame.text().unwrap_or_else(|| frame.data().to_owned());
    match &frame.kind {
        Kind::System { level } => {
            let text = text();
            let folded = text.to_lowercase();
            if folded.contains("connection succeeded") {
                Some(Ok(()))
            } else if level
                .as_ref()
                .is_some_and(|level| is_refusal(level.as_str()))
                || folded.contains("invalid token")
                || folded.contains("refused")
            {
                Some(Err(text))
            } else {
                None
            }
        }
        Kind::Other(kind) if is_refusal(kind) => Some(Err(text())),
        _ => None,
    }
}
