//! The selection of a console and builds, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::float_cmp,
    reason = "the positions are multiples of a quarter, which floats hold exactly"
)]

mod builds;
mod guard;
#[path = "../support/mod.rs"]
mod support;

use alta_model::{EntityId, UserId};
use alta_sim::{Action, Entity, Fault, Hook, Sim};
use att_console::Console;
use att_kit::building::{Guard, Selection};
use std::time::Duration;
use support::{access, config, open, self_hosted, within};

/// A server with a player, and its console.
pub(crate) struct Town {
    pub(crate) sim: Sim,
    pub(crate) server: u64,
    pub(crate) console: Console,
    pub(crate) player: UserId,
}

impl Town {
    pub(crate) async fn new() -> Self {
        let (sim, server) = self_hosted().await;
        let player = sim.player_joins(server, "O'Neil").unwrap();
        sim.player_at(server, player, [0.0; 3]).unwrap();
        let console = open(&sim, server);
        let player = UserId::new(player.cast_signed());
        Self {
            sim,
            server,
            console,
            player,
        }
    }

    /// Lets commands time out soon.
    pub(crate) fn impatient(mut self) -> Self {
        let config = config().request_timeout(Duration::from_secs(1));
        self.console = Console::open_with(access(&self.sim, self.server), config);
        self
    }

    pub(crate) async fn guard(&self) -> Guard {
        within(Selection::of(&self.console).lock()).await
    }

    pub(crate) fn torch(&self, position: [f64; 3]) -> EntityId {
        let id = self.sim.add_entity(self.server, "Torch", position).unwrap();
        EntityId::new(id.cast_signed())
    }

    pub(crate) fn entity(&self, id: EntityId) -> Entity {
        let mut entities = self.sim.entities(self.server).into_iter();
        let found = entities.find(|entity| entity.id.cast_signed() == id.get());
        found.expect("there is no such entity")
    }

    pub(crate) fn fault(&self, command: &'static str, action: Action) -> Fault {
        Fault::new(Hook::ConsoleCommand, action)
            .server(self.server)
            .containing(command)
    }

    pub(crate) fn arm(&self, fault: Fault) {
        self.sim.faults().arm(fault);
    }

    /// Ends the connection, and waits for the next one.
    pub(crate) async fn reconnect(&self) {
        let before = self.console.status().totals.connects;
        self.sim.drop_consoles(self.server);
        let mut statuses = self.console.statuses();
        let again = statuses
            .wait_for(|status| status.totals.connects > before && status.state.is_connected());
        within(again).await.expect("the console is open");
    }
}
