/// The events of a stock server in their canonical spelling, as `websocket subscriptions` lists them (tavernpy, on a
/// TavernLib 1.5.2 server). Mods may add others; cloud servers also listed `None` and `OffLog`.
pub const EVENT_NAMES: [&str; 23] = [
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

/// The canonical spelling of an event's name that was written in any case; none for a name outside [`EVENT_NAMES`],
/// which may be a mod's and is to be passed on as it is.
pub fn canonical_event_name(name: &str) -> Option<&'static str> {
    EVENT_NAMES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_any_case_finds_its_canonical_spelling() {
        assert_eq!(canonical_event_name("playerkilled"), Some("PlayerKilled"));
        assert_eq!(canonical_event_name("PLAYERKILLED"), Some("PlayerKilled"));
        assert_eq!(canonical_event_name("PlayerFlew"), None);
    }
}
