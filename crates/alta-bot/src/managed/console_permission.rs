use super::Rules;
use crate::view::{GroupView, ServerView};
use alta_model::Permission;

/// The decision whether the console of a server should be open, with the reason if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConsolePermission {
    /// Its console should be open.
    Wanted,
    /// The rules exclude its group, or open no consoles.
    NotAllowed,
    /// The bot's role in the group doesn't permit the console.
    NoPermission,
    /// The rules exclude its fleet.
    OtherFleet,
    /// The state of the server could not be read. Its console is opened: the cloud's reply about access shows whether it runs.
    Unknown,
    /// The server does not run, or its state is not known yet. A console that is open stays open and waits for it.
    Offline,
    /// The server has no players, and the rules exclude empty servers.
    Empty,
    /// The server is no longer in a group of the bot.
    Gone,
}

/// The permission for the console of a server of this group, under these rules.
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
    } else if !server.is_online && (server.known.is_some() || !server.is_tried) {
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
