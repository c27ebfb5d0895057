//! Runs commands and replies to them.

use super::log::{Ran, add_events};
use crate::commands::{self, Finished, Output, Session};
use crate::samples;
use crate::state::{State, WaitingCommand};
use alta_cloud::net::{Action, Env, Hook};
use alta_cloud::wire::json::Node;
use alta_cloud::wire::time::console_time;
use jiff::Timestamp;

/// The most commands that wait for stalled servers; further ones are dropped.
const WAITING_LIMIT: usize = 10_000;

/// Runs a command. If its server is stalled, the command waits.
pub(super) fn run_or_wait(
    state: &mut State,
    env: &Env,
    now: Timestamp,
    connection: u64,
    id: Node,
    line: &str,
) {
    let Some(server) = state.consoles.get(&connection).map(|it| it.server) else {
        return;
    };
    let game = state.world.servers.get(&server);
    if !game.is_some_and(|game| game.stalled) {
        run(state, env, now, connection, &id, line);
    } else if state.waiting.len() < WAITING_LIMIT {
        state.waiting.push(WaitingCommand {
            connection,
            server,
            id,
            line: line.to_owned(),
        });
    }
}

/// Runs the waiting commands of a server, in order.
pub(crate) fn run_waiting(state: &mut State, env: &Env, now: Timestamp, server: u64) {
    let (run_now, kept) = std::mem::take(&mut state.waiting)
        .into_iter()
        .partition(|waiting| waiting.server == server);
    state.waiting = kept;
    for WaitingCommand {
        connection,
        id,
        line,
        ..
    } in run_now
    {
        run(state, env, now, connection, &id, &line);
    }
}

/// Runs a command of a client without a connection. Returns the `data` of the reply.
pub(crate) fn run_detached(
    state: &mut State,
    now: Timestamp,
    server: u64,
    caller: (u64, String),
    line: &str,
) -> Node {
    let mut session = Session::default();
    let mut finished = commands::run(&mut state.world, &mut session, server, now, line);
    let ran = Ran {
        server,
        caller,
        line,
        failure: finished.failure(),
        log: std::mem::take(&mut finished.log),
    };
    add_events(state, now, ran);
    data(finished, false)
}

fn run(state: &mut State, env: &Env, now: Timestamp, connection: u64, id: &Node, line: &str) {
    let Some(console) = state.consoles.get_mut(&connection) else {
        return;
    };
    let (server, doubled, caller) = (console.server, console.doubled, console.caller.clone());
    let fault = env.fault(Hook::ConsoleCommand, Some(server), line);
    let mut finished = match fault {
        Some(Action::Refuse(number)) => Finished::failed(format!("Refused on demand ({number})")),
        _ => commands::run(&mut state.world, &mut console.session, server, now, line),
    };
    if let Some(Action::Result(json)) = &fault {
        finished.output = Node::parse(json).map_or_else(
            || Output::Text(json.clone()),
            |result| Output::Value(result, String::new()),
        );
    }
    let fault = fault.filter(|action| !matches!(action, Action::Refuse(_)));
    let numeric = state.world.has_numeric_enums(server);
    let ran = Ran {
        server,
        caller,
        line,
        failure: finished.failure(),
        log: std::mem::take(&mut finished.log),
    };
    let template = if numeric {
        samples::console("numeric-enums", 1)
    } else {
        samples::console("player-list", 0)
    };
    let frame = template
        .with("timeStamp", console_time(now))
        .with("data", data(finished, numeric))
        .with("commandId", id.clone());
    console.link.send(&frame, "commandId", None, fault);
    if doubled {
        console.link.send(&frame, "commandId", None, None);
    }
    add_events(state, now, ran);
}

/// The `data` of a reply.
fn data(finished: Finished, numeric: bool) -> Node {
    let command = finished.spec.map(commands::Spec::json);
    let with_command = |node: Node| match command.clone() {
        Some(command) => node.and("Command", command),
        None => node,
    };
    match finished.output {
        Output::Value(result, text) => {
            let result = if numeric { numbered(result) } else { result };
            with_command(Node::object([
                ("Result", result),
                ("ResultString", text.into()),
            ]))
        }
        Output::Done => {
            let sample = samples::console_data("player-kill-result", 0);
            match command {
                Some(command) => sample.with("Command", command),
                None => sample.without(&["Command"]),
            }
        }
        Output::Text(text) => with_command(Node::object([("ResultString", text.into())])),
        Output::Exception(message) => {
            let sample = samples::console_data("command-not-found", 0);
            let exception = sample
                .get("Exception")
                .cloned()
                .unwrap_or(Node::Null)
                .with("Message", message);
            sample.with("Exception", exception)
        }
        Output::ExceptionText(text) => {
            samples::console_data("result-string-exception", 0).with("ResultString", text)
        }
    }
}

/// The result of subscribing as the number that some servers write.
fn numbered(result: Node) -> Node {
    match result.as_str() {
        Some("Success") => 0_u64.into(),
        Some("Unchanged") => 1_u64.into(),
        Some("NotFound") => 2_u64.into(),
        _ => result,
    }
}
