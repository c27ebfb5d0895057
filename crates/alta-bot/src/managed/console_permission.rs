use super::Rules;
use crate::view::{GroupView, ServerView};
use alta_model::Permission;

/// How a server stands to a managed bot: whether its console should be open, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsolePermission {
    /// Its console should be open.
    Wanted,
    /// The rules leave its group out, or open no consoles.
    NotAllowed,
    /// The bot's role in the group doesn't permit the console.
    NoPermission,
    /// Its fleet is not among those of the rules.
    OtherFleet,
    /// It could not be read whether it runs. Its console is opened: the cloud's answer about access tells.
    Unknown,
    /// It doesn't run, or it isn't known yet whether it does. A console that was opened stays open and waits for it.
    Offline,
    /// Nobody plays on it, and the rules leave such servers alone.
    Empty,
    /// It is no server of the bot's groups any more.
    Gone,
}

/// How a server of a group stands under the rules.
pub(crate) fn console_permission(
    group: &GroupView,
    server: &ServerView,
    rules: &Rules,
) -> ConsolePermission {
    let fleet = server
        .record
        .as_ref()
        .and_then(|record| record.fleet.as_ref());
    let fleets = rules.fleets.as_ref();
    if !rules.allows(group.id()) || !rules.consoles {
        ConsolePermission::NotAllowed
    } else if !group.permits(&Permission::Console) {
        ConsolePermission::NoPermission
    } else if !server.is_online && (server.known.is_some() || !group.complete) {
        ConsolePermission::Offline
    } else if fleets.is_some_and(|fleets| !fleet.is_some_and(|fleet| fleets.contains(fleet))) {
        ConsolePermission::OtherFleet
    } else if !server.is_online {
        ConsolePermission::Unknown
    } else if rules.leave_empty_after.is_some() && server.player_count() == 0 {
        ConsolePermission::Empty
    } else {
        ConsolePermission::Wanted
    }
}
