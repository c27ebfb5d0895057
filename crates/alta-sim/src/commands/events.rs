/// The 23 events that `websocket subscriptions` lists on an unmodified server.
pub(super) const EVENTS: [&str; 23] = [
    "PlayerStateChanged",
    "PlayerJoined",
    "PlayerLeft",
    "PlayerKilled",
    "PopulationModified",
    "TradeDeckUsed",
    "PlayerMovedChunk",
    "ObjectKilled",
    "TrialStarted",
    "TrialFinished",
    "InventoryChanged",
    "AtmBalanceChanged",
    "ServerSettingsChanged",
    "CommandExecuted",
    "SocialTabletPlayerBanned",
    "SocialTabletPlayerReported",
    "ProfilingData",
    "TraceLog",
    "DebugLog",
    "InfoLog",
    "WarnLog",
    "ErrorLog",
    "FatalLog",
];

#[cfg(test)]
mod tests {
    use super::EVENTS;
    use crate::samples;
    use alta_cloud::wire::json::Node;

    #[test]
    fn the_events_are_those_of_the_sample() {
        let data = samples::console_data("websocket-subscriptions", 0);
        let list = data.get("Result").unwrap().as_array();
        let names: Vec<_> = list
            .iter()
            .map(|entry| entry.get("name").and_then(Node::as_str).unwrap())
            .collect();
        assert_eq!(names, EVENTS);
    }
}
