//! Places of players.

use super::find;
use super::values::{Reference, Step};
use super::{AtOnce, Done, done};
use crate::sim::Sim;
use crate::world::Waypoint;
use serde::Deserialize;

/// A player moves to another chunk.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The chunk, such as `Cave Layer 3`.
    pub chunk: String,
}

impl AtOnce for Move {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            chunk,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_moves(server, player, chunk)?;
        done()
    }
}

/// Sets the position of a player.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// In meters.
    pub position: [f64; 3],
}

impl AtOnce for Place {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            position,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_at(server, player, *position)?;
        done()
    }
}

/// Sets the positions of a player's hands.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hands {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The left hand, in meters.
    pub left: [f64; 3],
    /// The right hand, in meters.
    pub right: [f64; 3],
}

impl AtOnce for Hands {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            left,
            right,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_hands(server, player, *left, *right)?;
        done()
    }
}

/// A player follows a path, by the clock of the simulator.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The waypoints, in their order.
    pub waypoints: Vec<Step>,
}

impl AtOnce for Path {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            waypoints,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        let path: Vec<Waypoint> = waypoints.iter().map(Into::into).collect();
        sim.player_follows(server, player, &path)?;
        done()
    }
}

/// Sets whether a player has a body. A player who is still loading has none.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// `false` for a player who is still loading.
    pub present: bool,
}

impl AtOnce for Body {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            present,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.set_body(server, player, *present)?;
        done()
    }
}

/// Sets the home of a user, who may be offline.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Home {
    /// The server.
    pub server: Option<Reference>,
    /// The user.
    pub player: Reference,
    /// In meters.
    pub position: [f64; 3],
}

impl AtOnce for Home {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            position,
        } = self;
        let server = find::server(sim, server.as_ref())?;
        sim.set_home(server, find::user_of(sim, server, player)?, *position)?;
        done()
    }
}
