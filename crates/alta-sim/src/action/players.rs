//! Players.

use super::find;
use super::values::{Reference, Span};
use super::{AtOnce, Done, done, yes};
use crate::sim::Sim;
use crate::world::Slot;
use serde::Deserialize;
use serde_json::json;

/// A player joins a server. The result has the id of the `player`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The server.
    pub server: Option<Reference>,
    /// The player's name.
    pub player: String,
}

impl AtOnce for Join {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, player } = self;
        let player = sim.player_joins(find::server(sim, server.as_ref())?, player)?;
        Ok(json!({ "player": player }))
    }
}

/// A player leaves a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
}

impl AtOnce for Leave {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, player } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_leaves(server, player)?;
        done()
    }
}

/// A player dies.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Die {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The player who kills, if it is one.
    pub killer: Option<Reference>,
}

impl AtOnce for Die {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            killer,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        match killer {
            None => sim.player_dies(server, player)?,
            Some(killer) => {
                let killer = find::player(sim, server, "killer", killer)?;
                sim.player_killed_by(server, player, killer)?;
            }
        }
        done()
    }
}

/// A player kills a creature.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Kill {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The creature, such as `Turabada Large Variant`.
    pub creature: String,
}

impl AtOnce for Kill {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            creature,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_kills(server, player, creature)?;
        done()
    }
}

/// A player buys two entities from another player.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Trade {
    /// The server.
    pub server: Option<Reference>,
    /// The player who buys.
    pub buyer: Reference,
    /// The player who sells.
    pub seller: Reference,
}

impl AtOnce for Trade {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            buyer,
            seller,
        } = self;
        let server = find::server(sim, server.as_ref())?;
        let buyer = find::player(sim, server, "buyer", buyer)?;
        let seller = find::player(sim, server, "seller", seller)?;
        sim.player_trades(server, buyer, seller)?;
        done()
    }
}

/// A player enters or leaves a state.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The state, such as `Combat`.
    pub state: String,
    /// `false` if the player leaves the state.
    #[serde(default = "yes")]
    pub enter: bool,
}

impl AtOnce for State {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            state,
            enter,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_state(server, player, state, *enter)?;
        done()
    }
}

/// Puts an item into a slot of a player, or empties the slot. It changes `player inventory`, without an event.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Inventory {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// `left-hand`, `right-hand`, `back`, or `{"belt": 0}` up to 3.
    pub slot: Slot,
    /// The name or the hash of a prefab. Without it, the slot becomes empty.
    pub item: Option<String>,
}

impl AtOnce for Inventory {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            slot,
            item,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_carries(server, player, *slot, item.as_deref())?;
        done()
    }
}

/// A player changes an item in the right hand, with the event `InventoryChanged`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Handle {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The name or the hash of a prefab.
    pub item: String,
    /// `Pickup`, `Drop`, `Dock` or `Undock`.
    pub change: String,
}

impl AtOnce for Handle {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            item,
            change,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        sim.player_handles(server, player, item, change)?;
        done()
    }
}

/// Changes the balance of a user, who may be offline. The result has the new `balance`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The server.
    pub server: Option<Reference>,
    /// The user.
    pub player: Reference,
    /// The amount to add.
    pub change: i64,
}

impl AtOnce for Balance {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            change,
        } = self;
        let server = find::server(sim, server.as_ref())?;
        let user = find::user_of(sim, server, player)?;
        let balance = sim.change_balance(server, user, *change)?;
        Ok(json!({ "balance": balance }))
    }
}

/// Another client shows a message to a player, with the command `player message`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The server.
    pub server: Option<Reference>,
    /// The player.
    pub player: Reference,
    /// The text.
    pub text: String,
    /// The time that it is shown.
    #[serde(default = "five_seconds")]
    pub duration: Span,
}

impl AtOnce for Message {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            player,
            text,
            duration,
        } = self;
        let (server, player) = find::on_server(sim, server.as_ref(), player)?;
        if text.contains('"') {
            return Err(find::invalid(
                "text",
                "a command has no way to write a double quote",
            ));
        }
        let seconds = duration.0.as_secs_f64();
        sim.run_command(
            server,
            &format!("player message {player} \"{text}\" {seconds}"),
        )?;
        done()
    }
}

fn five_seconds() -> Span {
    Span(std::time::Duration::from_secs(5))
}
