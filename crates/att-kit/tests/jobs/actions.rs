//! Actions that must not be half done.

use crate::support::within;
use crate::town::{ODD_NAMES, Town};
use alta_sim::{Action, Fault, Hook};
use att_console::commands::player;
use att_console::{Console, ErrorKind, UserId, Vector3};

#[path = "../../examples/job09_teleport_button.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod teleport_button;

#[path = "../../examples/job13_kit_shop.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod kit_shop;

#[path = "../../examples/job14_money.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod money;

/// Types a line that the server does not know.
async fn typed(console: &Console, line: &str) {
    let error = within(console.command(line)).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::CommandNotFound { .. }),
        "{error}"
    );
}

/// The number of commands that begin with these words.
fn count(town: &Town, words: &str) -> usize {
    let received = town.sim.received();
    let commands = received.iter().filter_map(alta_sim::Received::command);
    commands.filter(|line| line.starts_with(words)).count()
}

fn spawns(town: &Town, player: u64) -> usize {
    count(town, &format!("spawn {player} "))
}

const BUTTON: [f64; 3] = [-870.5, 151.0, 98.0];
const PLACE: Vector3 = Vector3::new(-690.0, 124.0, 70.0);
const AWAY: [f64; 3] = [10.0, 10.0, 10.0];

/// A player whom the test moves, as another console sees them.
struct Walker<'a> {
    town: &'a Town,
    console: &'a Console,
    id: u64,
}

impl Walker<'_> {
    fn user(&self) -> UserId {
        UserId::new(self.id.cast_signed())
    }

    fn is_at(&self, position: [f64; 3]) {
        let (sim, server) = (&self.town.sim, self.town.server);
        sim.player_at(server, self.id, position).unwrap();
    }

    /// Stands beside the button, with a hand on it.
    fn reaches(&self) {
        let [x, y, z] = BUTTON;
        let (sim, server) = (&self.town.sim, self.town.server);
        // First the hands, which move with the body.
        self.is_at([x, y - 1.0, z + 2.0]);
        let hands = sim.player_hands(server, self.id, AWAY, BUTTON);
        hands.unwrap();
    }

    async fn is_teleported(&self) {
        let is_there = async {
            loop {
                let detailed = self.console.command(player::detailed(self.user())).await;
                let position = detailed.unwrap().position;
                let home = self.console.command(player::home(self.user())).await;
                if position == Some(PLACE) && home.unwrap() == HOME {
                    return;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        within(is_there).await;
    }
}

const HOME: Vector3 = Vector3::new(1.0, 2.0, 3.0);

#[tokio::test]
async fn job_09_a_button_teleports_bodies_and_hands_and_restores_homes() {
    let file = format!("pytale-button-{}.json", std::process::id());
    let file = std::env::temp_dir().join(file);
    let town = Town::start().await;
    let observer = town.console();
    let at_file = file.clone();
    let _bot = town.run(|console| teleport_button::run(console, at_file));
    town.subscribed("PlayerJoined").await;
    for round in 0..2 {
        for (number, name) in ODD_NAMES.into_iter().enumerate() {
            let walker = Walker {
                town: &town,
                console: &observer,
                id: town.join(name),
            };
            walker.is_at(AWAY);
            let set_home = observer.command(player::set_home(walker.user(), HOME));
            within(set_home).await.unwrap();
            let before = town.sim.received().last().unwrap().number;
            if number == round {
                // The second step fails: the home is restored, and the next entry is another attempt.
                let fault = Fault::new(Hook::ConsoleCommand, Action::Refuse(7));
                town.sim.faults().arm(fault.containing("set-home"));
                walker.is_at(BUTTON);
                let line = format!("player set-home {} 1,2,3", walker.id);
                let restored = town.sim.wait_for_command(town.server, &line, Some(before));
                restored.await.unwrap();
                walker.is_at(AWAY);
                // The bot has to see it.
                let before = town.sim.received().last().unwrap().number;
                let seen =
                    town.sim
                        .wait_for_command(town.server, "player list-detailed", Some(before));
                let seen = town.sim.wait_for_command(
                    town.server,
                    "player list-detailed",
                    Some(seen.await.unwrap().number),
                );
                seen.await.unwrap();
            }
            if number % 2 == 0 {
                walker.is_at(BUTTON);
            } else {
                walker.reaches();
            }
            walker.is_teleported().await;
        }
        town.restart_seen_by(&observer).await;
        town.subscribed("PlayerJoined").await;
    }
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn job_13_a_kit_is_spawned_once_and_its_result_is_told() {
    let town = Town::start().await;
    for (hash, name) in (70_001..).zip(["Torch", "Flint", "Dynamite"]) {
        // The simulator may have it already.
        let _ = town.sim.add_prefab(name, hash);
    }
    let typist = town.console();
    let _bot = town.run(kit_shop::run);
    town.subscribed("CommandExecuted").await;
    let mut told = 0;
    for _ in 0..2 {
        for player in ODD_NAMES.map(|name| town.join(name)) {
            let before = spawns(&town, player);
            typed(&typist, &format!("kit {player} torches 2")).await;
            let text = town.message(player, told).await;
            assert_eq!(text, "8 Torch: spawned; 4 Flint: spawned");
            // The connection is lost with the reply to the first command.
            let lost = Fault::new(Hook::ConsoleCommand, Action::Cut);
            town.sim.faults().arm(lost.containing("spawn"));
            typed(&typist, &format!("kit {player} torches")).await;
            let text = town.message(player, told + 1).await;
            assert!(
                text.starts_with("4 Torch: may have been spawned ("),
                "{text}"
            );
            assert!(text.ends_with("; 2 Flint: spawned"), "{text}");
            town.subscribed("CommandExecuted").await;
            typed(&typist, &format!("kit {player} dynamite 6")).await;
            typed(&typist, &format!("kit {player} swords")).await;
            assert_eq!(spawns(&town, player), before + 4);
        }
        told += 2;
        town.restart_seen_by(&typist).await;
        town.subscribed("CommandExecuted").await;
    }
}

#[tokio::test]
async fn job_14_money_moves_in_one_step() {
    let town = Town::start().await;
    let typist = town.console();
    let _bot = town.run(money::run);
    town.subscribed("CommandExecuted").await;
    let players = ODD_NAMES.map(|name| town.join(name));
    for round in 1..=2 {
        for player in players {
            typed(&typist, &format!("award {player} 10")).await;
            typed(&typist, &format!("award {player} 20")).await;
        }
        let [first, .., last] = players;
        for player in &players[1..] {
            typed(&typist, &format!("pay {player} {first} 30")).await;
            typed(&typist, &format!("pay {player} {first} 1")).await;
        }
        let balance = |player| {
            // Changed by nothing, the balance is returned.
            town.sim.change_balance(town.server, player, 0).unwrap()
        };
        crate::support::until("the money is paid", || balance(first) == round * 180).await;
        assert_eq!(balance(last), 0);
        town.restart_seen_by(&typist).await;
        town.subscribed("CommandExecuted").await;
    }
}
