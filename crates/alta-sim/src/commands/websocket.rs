use super::command::{OBJECTS, Output, Parameter, Run, Spec, command};
use super::events::EVENTS;
use crate::samples;
use alta_cloud::wire::json::Node;

const RESULT: &str = "Alta.Console.WebSocketCommandHandler+SubscriptionResult";

const EVENT: Parameter = ("eventType", "System.String", None);

pub(crate) const SPECS: &[Spec] = &[
    command(&["websocket", "subscribe"], &[EVENT], RESULT, |run| {
        Ok(change(run, true))
    }),
    command(&["websocket", "unsubscribe"], &[EVENT], RESULT, |run| {
        Ok(change(run, false))
    }),
    command(&["websocket", "subscriptions"], &[], OBJECTS, |run| {
        Ok(Output::list(known(run).map(row).collect()))
    }),
];

/// The names of the events that this server has, in their own spelling.
fn known<'a>(run: &'a Run<'_>) -> impl Iterator<Item = &'a str> {
    let game = run.game().ok();
    let extra = game.map_or(&[][..], |game| &game.extra_events);
    let missing = game.map_or(&[][..], |game| &game.missing_events);
    let all = EVENTS.into_iter().chain(extra.iter().map(String::as_str));
    all.filter(|name| {
        !missing
            .iter()
            .any(|missing| missing.eq_ignore_ascii_case(name))
    })
}

fn row(name: &str) -> Node {
    let list = samples::console_data("websocket-subscriptions", 0);
    let row = list
        .get("Result")
        .and_then(|rows| rows.as_array().first())
        .cloned()
        .unwrap_or(Node::Null);
    row.with("name", name)
}

/// Subscribes or unsubscribes. Event names match in any letter case.
fn change(run: &mut Run<'_>, on: bool) -> Output {
    let wanted = run.argument(0).to_owned();
    let Some(name) = known(run)
        .find(|name| name.eq_ignore_ascii_case(&wanted))
        .map(str::to_owned)
    else {
        return Output::plain("NotFound");
    };
    let subscriptions = &mut run.session.subscriptions;
    let changed = if on {
        subscriptions.insert(name)
    } else {
        subscriptions.remove(&name)
    };
    Output::plain(if changed { "Success" } else { "Unchanged" })
}
