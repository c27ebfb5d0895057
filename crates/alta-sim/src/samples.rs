use alta_cloud::wire::json::Node;
use alta_cloud::wire::samples::Samples;
use std::sync::LazyLock;

alta_cloud::samples! {
    static FILES =
    "console/auth-accepted",
    "console/auth-refused",
    "console/check-stat",
    "console/command-not-found",
    "console/double-replies",
    "console/event-atm-balance-changed",
    "console/event-command-executed",
    "console/event-info-log",
    "console/event-inventory-changed",
    "console/event-object-killed",
    "console/event-player-joined",
    "console/event-player-killed-by-player",
    "console/event-player-left",
    "console/event-player-moved-chunk",
    "console/event-sequence-death",
    "console/event-trade-deck-used",
    "console/file-download-result",
    "console/numeric-enums",
    "console/player-kill-result",
    "console/player-list",
    "console/result-string-exception",
    "console/subscribe-not-found",
    "console/websocket-subscriptions",
}

/// The samples of consoles, parsed once.
static SAMPLES: LazyLock<Samples> = LazyLock::new(|| Samples::parse(FILES));

/// The `nth` frame (from 0) of the server in a sample of a console.
pub(crate) fn console(name: &str, nth: usize) -> Node {
    SAMPLES.frame(&format!("console/{name}"), nth).clone()
}

/// The `data` of such a frame.
pub(crate) fn console_data(name: &str, nth: usize) -> Node {
    let frame = SAMPLES.frame(&format!("console/{name}"), nth);
    frame.get("data").cloned().unwrap_or(Node::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_can_be_read() {
        assert_eq!(SAMPLES.problems(FILES), [] as [String; 0]);
    }
}
