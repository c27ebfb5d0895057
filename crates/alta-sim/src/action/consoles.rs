//! The consoles of servers.

use super::find;
use super::values::Reference;
use super::{AtOnce, Done, done};
use crate::sim::Sim;
use crate::world::{LogLevel, LogLine};
use serde::Deserialize;
use serde_json::{Value, json};

/// Another client runs a console command. The result is the `data` of the reply.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The server.
    pub server: Option<Reference>,
    /// The line of the command.
    pub line: String,
}

impl AtOnce for Command {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, line } = self;
        sim.run_command(find::server(sim, server.as_ref())?, line)
    }
}

/// Writes a line to the log of a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The server.
    pub server: Option<Reference>,
    /// The level.
    pub level: LogLevel,
    /// The part of the game that writes the line.
    pub logger: String,
    /// The text.
    pub message: String,
    /// Writes the line at each command whose line begins with these words, and not now.
    pub for_command: Option<String>,
}

impl AtOnce for Log {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            level,
            logger,
            message,
            for_command,
        } = self;
        let line = LogLine::new(*level, logger, message);
        match for_command {
            None => sim.log(find::server(sim, server.as_ref())?, &line)?,
            Some(words) => sim.log_for_command(find::server(sim, server.as_ref())?, words, line)?,
        }
        done()
    }
}

/// Sends a console event with any data to the consoles that have subscribed to it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConsoleEvent {
    /// The server.
    pub server: Option<Reference>,
    /// The name of the event.
    pub event: String,
    /// The data.
    pub data: Value,
}

impl AtOnce for ConsoleEvent {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            event,
            data,
        } = self;
        sim.emit_console_event(find::server(sim, server.as_ref())?, event, data.clone());
        done()
    }
}

/// Adds a console event to a server, like a mod.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferEvent {
    /// The server.
    pub server: Option<Reference>,
    /// The name of the event.
    pub event: String,
}

impl AtOnce for OfferEvent {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, event } = self;
        sim.offer_console_event(find::server(sim, server.as_ref())?, event);
        done()
    }
}

/// Removes a console event from a server: subscribing yields `NotFound`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct WithdrawEvent {
    /// The server.
    pub server: Option<Reference>,
    /// The name of the event.
    pub event: String,
}

impl AtOnce for WithdrawEvent {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, event } = self;
        sim.withdraw_console_event(find::server(sim, server.as_ref())?, event);
        done()
    }
}

/// A server accepts commands without running them.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// The server.
    pub server: Option<Reference>,
}

impl AtOnce for Stall {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        sim.stall_console(find::server(sim, server.as_ref())?);
        done()
    }
}

/// Ends `stall`: the server runs the commands that it has accepted.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The server.
    pub server: Option<Reference>,
}

impl AtOnce for Resume {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        sim.resume_console(find::server(sim, server.as_ref())?);
        done()
    }
}

/// Removes all subscriptions of the consoles of a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForgetSubscriptions {
    /// The server.
    pub server: Option<Reference>,
}

impl AtOnce for ForgetSubscriptions {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        sim.forget_console_subscriptions(find::server(sim, server.as_ref())?);
        done()
    }
}

/// Sends the events of a recording to the consoles that have subscribed to them, in order, as fast as the slowest client reads. The
/// result has the number of `events`. The world stays as it is.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The server.
    pub server: Option<Reference>,
    /// A JSON object on each line, such as `{"type": "event", "event": "PlayerJoined", "data": {}}`. Lines of other types are skipped.
    pub recording: String,
}

impl Replay {
    pub(super) async fn perform(&self, sim: &Sim) -> Done {
        let Self { server, recording } = self;
        let server = find::server(sim, server.as_ref())?;
        let events = sim.replay(server, recording).await?;
        Ok(json!({ "events": events }))
    }
}
