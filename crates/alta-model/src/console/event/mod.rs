//! The `data` of each console event.
//!
//! What a struct does not name is in the frame itself: read unknown fields there.
//!
//! "Captured" below means that a frame from a real server is known; other shapes come from the types of att-client and
//! Townsharp.

mod enums;
mod log;
mod names;
mod player;
mod settings;
mod social;
mod world;

use serde::de::DeserializeOwned;

pub use enums::{
    ChangeType, DamageSource, InventoryType, PlayerState, PopulationAction, ReportReason,
};
pub use log::{DebugLog, ErrorLog, FatalLog, InfoLog, LogLevel, LogMessage, TraceLog, WarnLog};
pub use names::{EVENT_NAMES, canonical_event_name};
pub(crate) use player::cave_layer;
pub use player::{
    InventoryChanged, PlayerJoined, PlayerKilled, PlayerLeft, PlayerMovedChunk, PlayerStateChanged,
};
pub use settings::{ServerSettings, ServerSettingsChanged};
pub use social::{
    AtmBalanceChanged, SocialTabletPlayerBanned, SocialTabletPlayerReported, TradeDeckUsed,
};
pub use world::{
    CommandExecuted, ObjectKilled, PopulationModified, ProfilingData, TrialFinished, TrialStarted,
};

/// A console event that can be subscribed to in typed form.
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

macro_rules! console_events {
    ($($name:ident),* $(,)?) => {
        $(
            impl ConsoleEvent for $name {
                const NAME: &'static str = stringify!($name);
            }
        )*

        #[cfg(test)]
        const TYPED: &[&str] = &[$(<$name as ConsoleEvent>::NAME),*];
    };
}

console_events! {
    PlayerStateChanged, PlayerJoined, PlayerLeft, PlayerKilled, PopulationModified, TradeDeckUsed,
    PlayerMovedChunk, ObjectKilled, TrialStarted, TrialFinished, InventoryChanged, AtmBalanceChanged,
    ServerSettingsChanged, CommandExecuted, SocialTabletPlayerBanned, SocialTabletPlayerReported,
    ProfilingData, TraceLog, DebugLog, InfoLog, WarnLog, ErrorLog, FatalLog,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_type_and_every_type_its_name() {
        assert_eq!(TYPED, EVENT_NAMES);
    }
}
