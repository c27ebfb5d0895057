//! Running a command and answering it.

use jiff::Timestamp;

use super::commands::{self, Answered, Ran};
use crate::clock::console_time;
use crate::faults::{Action, Hook};
use crate::json::Node;
use crate::recordings;
use crate::shared::{Shared, State, Waiting};

/// Commands that a stalled server keeps; more are lost.
const WAITING_LIMIT: usize = 10_000;

/// Runs a command, or keeps it while the server loads its world.
pub(crate) fn run_or_keep(
    state: &mut State,
    shared: &Shared,
    now: Timestamp,
    connection: u64,
    id: Node,
    line: &str,
) {
    let Some(server) = state
        .consoles
        .get(&connection)
        .map(|console| console.server)
    else {
        return;
    };
    if state
        .world
        .servers
        .get(&server)
        .is_some_and(|server| server.stalled)
    {
        if state.waiting.len() < WAITING_LIMIT {
            state.waiting.push(Waiting {
                connection,
                server,
                id,
                line: line.to_owned(),
            });
        }
        return;
    }
    run(state, shared, now, connection, &id, line);
}

/// Runs what was kept for a server, in order.
pub(crate) fn run_kept(state: &mut State, shared: &Shared, now: Timestamp, server: u64) {
    let (run_now, kept) = std::mem::take(&mut state.waiting)
        .into_iter()
        .partition(|waiting| waiting.server == server);
    state.waiting = kept;
    for waiting in run_now {
        run(
            state,
            shared,
            now,
            waiting.connection,
            &waiting.id,
            &waiting.line,
        );
    }
}

fn run(state: &mut State, shared: &Shared, now: Timestamp, connection: u64, id: &Node, line: &str) {
    let Some(console) = state.consoles.get_mut(&connection) else {
        return;
    };
    let (server, doubled, caller) = (console.server, console.doubled, console.caller.clone());
    let fault = state.faults.take(Hook::ConsoleCommand, Some(server), line);
    let ran = match fault {
        Some(Action::Refuse(number)) => Ran::failed(format!("Refused on demand ({number})")),
        _ => commands::run(&mut state.world, &mut console.session, server, now, line),
    };
    let fault = fault.filter(|action| !matches!(action, Action::Refuse(_)));
    let numeric = state
        .world
        .servers
        .get(&server)
        .is_some_and(|server| server.numeric_enums);
    let failure = ran.failure();
    let template = if numeric {
        recordings::console("numeric-enums", 1)
    } else {
        recordings::console("player-list", 0)
    };
    let frame = template
        .with("timeStamp", console_time(now))
        .with("data", data(ran, numeric))
        .with("commandId", id.clone());
    console.link.send(shared, &frame, "commandId", None, fault);
    if doubled {
        console.link.send(shared, &frame, "commandId", None, None);
    }
    tell(state, now, server, &caller, line, failure);
}

/// The `data` of an answer.
fn data(ran: Ran, numeric: bool) -> Node {
    let command = ran.spec.map(super::catalogue::Spec::json);
    let with_command = |node: Node| match command.clone() {
        Some(command) => node.and("Command", command),
        None => node,
    };
    match ran.answered {
        Answered::Value(result, text) => {
            let result = if numeric { numbered(result) } else { result };
            with_command(Node::object([
                ("Result", result),
                ("ResultString", text.into()),
            ]))
        }
        Answered::Nothing => {
            let recorded = recordings::console_data("player-kill-result", 0);
            match command {
                Some(command) => recorded.with("Command", command),
                None => recorded.without(&["Command"]),
            }
        }
        Answered::Text(text) => with_command(Node::object([("ResultString", text.into())])),
        Answered::Failed(message) => {
            let recorded = recordings::console_data("command-not-found", 0);
            let exception = recorded
                .get("Exception")
                .cloned()
                .unwrap_or(Node::Null)
                .with("Message", message);
            recorded.with("Exception", exception)
        }
        Answered::FailedInText(text) => {
            recordings::console_data("result-string-exception", 0).with("ResultString", text)
        }
    }
}

/// The results of subscribing as the numbers that some servers write.
fn numbered(result: Node) -> Node {
    match result.as_str() {
        Some("Success") => 0_u64.into(),
        Some("Unchanged") => 1_u64.into(),
        Some("NotFound") => 2_u64.into(),
        _ => result,
    }
}

/// The server logs every command, and says that it was run.
fn tell(
    state: &mut State,
    now: Timestamp,
    server: u64,
    caller: &(u64, String),
    line: &str,
    failure: Option<String>,
) {
    let anyone = |event: &str| {
        state.consoles.values().any(|console| {
            console.server == server && console.session.subscriptions.contains(event)
        })
    };
    let (logged, executed) = (anyone("InfoLog"), anyone("CommandExecuted"));
    if logged {
        let (id, name) = caller;
        let first = format!(
            "[WebSocketCommandHandler]: Running Command {line} with context: CommandContext Debug Info\n\
             Calling User: ({name}:{id})\nCommand:\n\n"
        );
        let second =
            format!("[CommandService.Handle] Running command {line} as user ({name}:{id})");
        for (nth, message) in [first, second].into_iter().enumerate() {
            let data = recordings::console_data("event-info-log", nth)
                .with("message", message)
                .with("timeStamp", console_time(now));
            state.world.tell_console(server, "InfoLog", data);
        }
    }
    if executed {
        let data = match failure {
            None => recordings::console_data("event-command-executed", 0),
            Some(message) => {
                recordings::console_data("event-command-executed", 1).with("Message", message)
            }
        };
        state
            .world
            .tell_console(server, "CommandExecuted", data.with("Command", line));
    }
}
