//! Connections of clients, and their tokens.

use super::find;
use super::values::{Reference, Span, Which};
use super::{AtOnce, Done, done};
use crate::error::Error;
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::Value;

/// Ends connections without a close frame.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// The connections, by default the consoles of the server.
    pub which: Option<Which>,
    /// The server, for consoles.
    pub server: Option<Reference>,
    /// Only the connection with this id, of any kind.
    pub connection: Option<u64>,
}

impl AtOnce for Cut {
    fn perform(&self, sim: &Sim) -> Done {
        match target(sim, self.which, self.server.as_ref(), self.connection)? {
            Target::One(connection) => sim.drop_connection(connection)?,
            Target::Consoles(server) => {
                sim.drop_consoles(server);
                forget(sim, Some(server));
            }
            Target::MainWebsockets => {
                sim.drop_main_sockets();
                forget(sim, None);
            }
        }
        done()
    }
}

/// Closes connections with a code.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The connections, by default the consoles of the server.
    pub which: Option<Which>,
    /// The server, for consoles.
    pub server: Option<Reference>,
    /// Only the connection with this id, of any kind.
    pub connection: Option<u64>,
    /// The code of the close frame.
    pub code: u16,
    /// The reason in the close frame.
    #[serde(default)]
    pub reason: String,
}

impl AtOnce for Close {
    fn perform(&self, sim: &Sim) -> Done {
        let (code, reason) = (self.code, &self.reason);
        match target(sim, self.which, self.server.as_ref(), self.connection)? {
            Target::One(connection) => sim.close_connection(connection, code, reason)?,
            Target::Consoles(server) => sim.close_consoles(server, code, reason),
            Target::MainWebsockets => sim.close_main_sockets(code, reason),
        }
        done()
    }
}

/// Keeps connections open, but neither reads nor writes them any more.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// The connections, by default the consoles of the server.
    pub which: Option<Which>,
    /// The server, for consoles.
    pub server: Option<Reference>,
    /// Only the connection with this id, of any kind.
    pub connection: Option<u64>,
}

impl AtOnce for Silence {
    fn perform(&self, sim: &Sim) -> Done {
        match target(sim, self.which, self.server.as_ref(), self.connection)? {
            Target::One(connection) => sim.silence_connection(connection)?,
            Target::Consoles(server) => sim.silence_consoles(server),
            Target::MainWebsockets => sim.silence_main_sockets(),
        }
        done()
    }
}

/// Pauses after each frame that a main websocket of the simulator reads.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ReadSlowly {
    /// The pause; 0 for none.
    pub pause: Span,
}

impl AtOnce for ReadSlowly {
    fn perform(&self, sim: &Sim) -> Done {
        sim.read_main_sockets_slowly(self.pause.0);
        done()
    }
}

/// Sets how clients' migrations of the main websocket go.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Migrate {
    /// Sets whether the old main websocket still gets events afterwards.
    pub overlap: Option<bool>,
    /// The status of the reply to the next request for a migration token, which is refused.
    pub refuse_token: Option<u16>,
    /// The status of the reply to the next redemption of a migration token, which is refused.
    pub refuse: Option<u16>,
}

impl AtOnce for Migrate {
    fn perform(&self, sim: &Sim) -> Done {
        if let Some(overlap) = self.overlap {
            sim.set_migration_overlap(overlap);
        }
        if let Some(status) = self.refuse_token {
            sim.faults().fail_migration_token(status);
        }
        if let Some(status) = self.refuse {
            sim.faults().fail_migration(status);
        }
        done()
    }
}

/// Sends an event with any content to the main websockets that have subscribed to it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MainEvent {
    /// The name of the event, such as `group-update`.
    pub event: String,
    /// The key: the id of a group or a user.
    pub key: u64,
    /// The content.
    pub content: Value,
    /// Only sends it to the main websocket with this id, which may not have subscribed to it.
    pub connection: Option<u64>,
}

impl AtOnce for MainEvent {
    fn perform(&self, sim: &Sim) -> Done {
        let content = self.content.clone();
        match self.connection {
            None => sim.emit_main_event(&self.event, self.key, content),
            Some(one) => sim.emit_main_event_on(one, &self.event, self.key, content)?,
        }
        done()
    }
}

/// Ends the life of every token that was issued so far.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ExpireTokens {}

impl AtOnce for ExpireTokens {
    fn perform(&self, sim: &Sim) -> Done {
        sim.expire_tokens();
        done()
    }
}

/// Removes the connections of a server, or the main websockets, which are about to end: after the action, only new ones are listed.
pub(super) fn forget(sim: &Sim, server: Option<u64>) {
    sim.shared.with(|state, _| match server {
        Some(server) => state.remove_consoles(server),
        None => state.world.cloud.sockets.clear(),
    });
}

/// The connections of an action.
enum Target {
    One(u64),
    Consoles(u64),
    MainWebsockets,
}

fn target(
    sim: &Sim,
    which: Option<Which>,
    server: Option<&Reference>,
    connection: Option<u64>,
) -> Result<Target, Error> {
    match (connection, which.unwrap_or_default(), server) {
        (Some(id), _, _) if which.is_none() && server.is_none() => Ok(Target::One(id)),
        (Some(_), _, _) => Err(find::invalid(
            "connection",
            "it is one connection; `which` and `server` have no meaning beside it",
        )),
        (None, Which::Consoles, server) => find::server(sim, server).map(Target::Consoles),
        (None, Which::MainWebsockets, None) => Ok(Target::MainWebsockets),
        (None, Which::MainWebsockets, Some(_)) => Err(find::invalid(
            "server",
            "main websockets are of no server; `which` can be \"consoles\"",
        )),
    }
}
