//! The `data` of each console event.
//!
//! The frame itself contains the fields that a struct does not have: read unknown fields there.
//!
//! "Captured" means that a frame of a real server is known; other shapes come from the types of att-client and Townsharp.

mod enums;
mod log;
mod player;
mod settings;
mod social;
mod world;

pub use enums::{
    ChangeType, DamageSource, InventoryType, PlayerState, PopulationAction, ReportReason,
};
pub use log::{DebugLog, ErrorLog, FatalLog, InfoLog, LogLevel, LogMessage, TraceLog, WarnLog};
pub use player::{
    InventoryChanged, PlayerJoined, PlayerKilled, PlayerLeft, PlayerMovedChunk, PlayerStateChanged,
};
use serde::de::DeserializeOwned;
pub use settings::{ServerSettings, ServerSettingsChanged};
pub use social::{
    AtmBalanceChanged, SocialTabletPlayerBanned, SocialTabletPlayerReported, TradeDeckUsed,
};
pub use world::{
    CommandExecuted, ObjectKilled, PopulationModified, ProfilingData, TrialFinished, TrialStarted,
};

/// A console event with a type.
///
/// Implement it for the events of a mod, too:
///
/// ```
/// use alta_model::console::event::ConsoleEvent;
///
/// #[derive(serde::Deserialize)]
/// struct DoorOpened {
///     door: u32,
/// }
///
/// impl ConsoleEvent for DoorOpened {
///     const NAME: &'static str = "DoorOpened";
/// }
/// ```
pub trait ConsoleEvent: DeserializeOwned + Send + 'static {
    /// The event's name, as `websocket subscribe` takes it.
    const NAME: &'static str;
}

/// Calls a macro with the names of all console events of an unmodified server, in the order in which `websocket subscriptions`
/// lists them (tavernpy, on a TavernLib 1.5.2 server). Mods may add others; cloud servers also listed `None` and `OffLog`.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_console_event {
    ($macro:ident) => {
        $macro! {
            PlayerStateChanged, PlayerJoined, PlayerLeft, PlayerKilled, PopulationModified, TradeDeckUsed,
            PlayerMovedChunk, ObjectKilled, TrialStarted, TrialFinished, InventoryChanged, AtmBalanceChanged,
            ServerSettingsChanged, CommandExecuted, SocialTabletPlayerBanned, SocialTabletPlayerReported,
            ProfilingData, TraceLog, DebugLog, InfoLog, WarnLog, ErrorLog, FatalLog,
        }
    };
}

macro_rules! console_events {
    ($($name:ident),* $(,)?) => {
        $(
            impl ConsoleEvent for $name {
                const NAME: &'static str = stringify!($name);
            }
        )*

        /// The events of an unmodified server in their canonical spelling, in the order of `websocket subscriptions`.
        pub const EVENT_NAMES: [&str; [$(stringify!($name)),*].len()] = [$(stringify!($name)),*];
    };
}

for_each_console_event!(console_events);

/// Returns the canonical spelling of an event name in any case, or `None` for a name outside [`EVENT_NAMES`], which can be
/// that of a mod.
pub fn canonical_event_name(name: &str) -> Option<&'static str> {
    EVENT_NAMES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_type_and_every_type_its_name() {
        assert_eq!(EVENT_NAMES.len(), 23);
        assert_eq!(PlayerKilled::NAME, EVENT_NAMES[3]);
    }

    #[test]
    fn a_name_in_any_case_finds_its_canonical_spelling() {
        assert_eq!(canonical_event_name("playerkilled"), Some("PlayerKilled"));
        assert_eq!(canonical_event_name("PLAYERKILLED"), Some("PlayerKilled"));
        assert_eq!(canonical_event_name("PlayerFlew"), None);
    }
}
