//! The log events of a command, and the event `CommandExecuted`.

use crate::samples;
use crate::state::State;
use crate::world::{LogLevel, LogLine};
use alta_cloud::wire::json::Node;
use jiff::Timestamp;

/// A command that has run.
pub(super) struct Ran<'a> {
    pub(super) server: u64,
    /// The user id and the name of the account.
    pub(super) caller: (u64, String),
    pub(super) line: &'a str,
    /// The message of the exception.
    pub(super) failure: Option<String>,
    /// The lines that the command itself has written.
    pub(super) log: Vec<LogLine>,
}

/// Adds the events of a command, in the order of the server: the two lines that every command causes, the lines of the command
/// itself, `CommandExecuted`.
pub(super) fn add_events(state: &mut State, now: Timestamp, ran: Ran<'_>) {
    let Ran {
        server,
        caller,
        line,
        failure,
        log,
    } = ran;
    let is_wanted = |event: &str| {
        let mut consoles = state.consoles_of(server);
        consoles.any(|(_, console)| console.session.subscriptions.contains(event))
    };
    let wants_executed = is_wanted("CommandExecuted");
    if is_wanted(LogLevel::Info.event()) {
        for line in running(state, now, server, &caller, line) {
            state.world.log(server, &line, now);
        }
    }
    let scripted = state.world.servers.get(&server);
    let scripted = scripted.map(|game| game.logged_for(line));
    for line in log.into_iter().chain(scripted.unwrap_or_default()) {
        state.world.log(server, &line, now);
    }
    if wants_executed {
        let data = match failure {
            None => samples::console_data("event-command-executed", 0),
            Some(message) => {
                samples::console_data("event-command-executed", 1).with("Message", message)
            }
        };
        let data = data.with("Command", line);
        state.world.emit(server, "CommandExecuted", data);
    }
}

/// The two lines of the sample that every command causes.
fn running(
    state: &State,
    now: Timestamp,
    server: u64,
    (id, name): &(u64, String),
    line: &str,
) -> [LogLine; 2] {
    let created = now.strftime("%m/%d/%Y %H:%M:%S");
    let cloud = &state.world.cloud;
    let group = cloud.servers.get(&server).and_then(|server| server.group);
    let group = group.and_then(|group| cloud.groups.get(&group));
    let permissions = group.map_or_else(String::new, |group| {
        let names: Vec<&str> = group.permissions(*id).collect();
        format!("Group Permissions:{}\n", names.join(","))
    });
    let texts = [
        format!(
            "[WebSocketCommandHandler]: Running Command {line} with context: CommandContext Debug Info\n\
             Calling User: ({name}:{id})\nCommand:\n\n{permissions}Creation Time: {created}\n"
        ),
        format!("[CommandService.Handle] Running command {line} as user ({name}:{id})"),
    ];
    let mut nth = 0;
    texts.map(|text| {
        let sample = samples::console_data("event-info-log", nth);
        nth += 1;
        let logger = sample.get("logger").and_then(Node::as_str);
        LogLine::new(LogLevel::Info, logger.unwrap_or_default(), text)
    })
}
