//! Actions that must not be half done.

use crate::support::within;
use crate::town::{ODD_NAMES, Town};
use alta_sim::{Action, Fault, Hook};
use att_console::{Console, ErrorKind};

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
