//! The positions of all players.

use crate::support::{notes, until, within};
use crate::town::{ODD_NAMES, Town};
use alta_sim::{Action, Fault, Hook, Received};
use std::time::Duration;

#[path = "../../examples/job08_positions.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod example;

/// The number of requests for the positions.
fn asked(town: &Town) -> usize {
    let received = town.sim.received();
    let commands = received.iter().filter_map(Received::command);
    commands
        .filter(|line| *line == "player list-detailed")
        .count()
}

#[tokio::test]
async fn job_08_ten_watchers_cause_one_poll_and_survive_a_restart() {
    let town = Town::start().await;
    for name in ODD_NAMES {
        town.join(name);
    }
    let slow = Action::Delay(Duration::from_millis(100));
    let slow = Fault::new(Hook::ConsoleCommand, slow).containing("list-detailed");
    town.sim.faults().arm(slow.times(u32::MAX));
    let console = town.console();
    let (notes, mut noted) = notes();
    let watchers = (0..10).map(|_| {
        let (console, notes) = (console.clone(), notes.clone());
        tokio::spawn(example::run(console, move |line| notes.note(line)))
    });
    let watchers: Vec<_> = watchers.collect();
    for _ in 0..ODD_NAMES.len() * watchers.len() {
        let line = noted.next().await;
        assert!(
            ODD_NAMES
                .iter()
                .any(|name| line.starts_with(&format!("{name}: Some("))),
            "{line}"
        );
        assert!(line.ends_with(" ago"), "{line}");
    }
    // Unshared, it would be ten.
    let asked = asked(&town);
    assert!(asked <= 2, "{asked}");

    town.restart_seen_by(&console).await;
    town.join("-Bee-");
    town.sim.faults().clear();
    while !noted.next().await.starts_with("-Bee-: ") {}
    noted.rest();
    until("only one player is seen", || {
        let seen = noted.rest();
        !seen.is_empty() && seen.iter().all(|line| line.starts_with("-Bee-: "))
    })
    .await;
    console.close().await;
    for watcher in watchers {
        within(watcher).await.unwrap();
    }
}
