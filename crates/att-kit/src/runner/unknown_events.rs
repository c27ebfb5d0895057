use att_console::{Console, ErrorKind, EventName};

/// Returns the events that the console's server does not have, when the server has replied to the last.
pub(super) async fn unknown_events(console: Console, names: Vec<EventName>) -> Vec<EventName> {
    let mut unknown = Vec::new();
    for name in names {
        let confirmed = console.subscribe_to([&name]).await;
        let is_unknown =
            |error: att_console::Error| matches!(error.kind(), ErrorKind::EventNotFound { .. });
        if confirmed.is_err_and(is_unknown) {
            unknown.push(name);
        }
    }
    unknown
}
