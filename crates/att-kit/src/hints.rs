//! Hints for mistyped event names.

use alta_model::escaped;
use att_console::EventName;

/// Logs the names that no unmodified server has: a server that is not connected cannot reject them. They may be events of a mod, so
/// only those that resemble a known name are warned of.
pub fn warn_of_unknown_events(names: &[EventName]) {
    for name in names.iter().filter(|name| !name.is_known()) {
        let nearest = name.suggestions().join(", ");
        if nearest.is_empty() {
            tracing::debug!(event = %name, "an unmodified server does not have this event");
        } else {
            tracing::warn!(event = %name, nearest, "an unmodified server does not have this event");
        }
    }
}

/// The end of an error message about an unknown name.
pub fn did_you_mean(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!("; did you mean {}?", escaped(suggestions.join(", ")))
    }
}
