//! `websocket ...`.

use super::{Answered, Run};
use crate::game::catalogue::{Parameter, Spec, command};
use crate::game::events::EVENTS;
use crate::json::Node;
use crate::recordings;

const RESULT: &str = "Alta.Console.WebSocketCommandHandler+SubscriptionResult";

const EVENT: Parameter = ("eventType", "System.String", None);

pub(crate) const SPECS: &[Spec] = &[
    command(&["websocket", "subscribe"], &[EVENT], RESULT, |run| {
        Ok(change(run, true))
    }),
    command(&["websocket", "unsubscribe"], &[EVENT], RESULT, |run| {
        Ok(change(run, false))
    }),
    command(
        &["websocket", "subscriptions"],
        &[],
        "System.Collections.Generic.IEnumerable`1[System.Object]",
        |run| Ok(Answered::list(known(run).map(row).collect())),
    ),
];

/// The names of the events this server has, in canonical spelling.
fn known<'a>(run: &'a Run<'_>) -> impl Iterator<Item = &'a str> {
    let offered = run
        .here()
        .map(|server| server.offered_events.as_slice())
        .unwrap_or_default();
    EVENTS
        .iter()
        .copied()
        .chain(offered.iter().map(String::as_str))
}

fn row(name: &str) -> Node {
    let list = recordings::console_data("websocket-subscriptions", 0);
    let row = list
        .get("Result")
        .and_then(|rows| rows.as_list().first())
        .cloned()
        .unwrap_or(Node::Null);
    row.with("name", name)
}

/// Event names match in any case.
fn change(run: &mut Run<'_>, on: bool) -> Answered {
    let wanted = run.argument(0).to_owned();
    let Some(name) = known(run)
        .find(|name| name.eq_ignore_ascii_case(&wanted))
        .map(str::to_owned)
    else {
        return Answered::plain("NotFound");
    };
    let subscriptions = &mut run.session.subscriptions;
    let changed = if on {
        subscriptions.insert(name)
    } else {
        subscriptions.remove(&name)
    };
    Answered::plain(if changed { "Success" } else { "Unchanged" })
}
