//! Teleports to positions and the homes of players, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::{UserId, Vector3};
use alta_sim::{Action, Fault, Hook, Sim};
use att_console::{Console, commands::player};
use att_kit::homes::{Homes, Moved};
use std::path::PathBuf;
use std::time::Duration;
use support::{access, config, open, self_hosted, until, within};

const HOME: Vector3 = Vector3::new(-870.5, 150.25, 98.0);
const THERE: Vector3 = Vector3::new(12.0, 3.5, -4.0);
const NAMES: [&str; 6] = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];

fn joins(sim: &Sim, server: u64, name: &str) -> UserId {
    UserId::new(sim.player_joins(server, name).unwrap().cast_signed())
}

async fn position(console: &Console, player: UserId) -> Vector3 {
    let detailed = within(console.command(player::detailed(player))).await;
    detailed.unwrap().position.unwrap()
}

async fn home(console: &Console, player: UserId) -> Vector3 {
    within(console.command(player::home(player))).await.unwrap()
}

fn fail(sim: &Sim, command: &'static str, action: Action) {
    let fault = Fault::new(Hook::ConsoleCommand, action);
    sim.faults().arm(fault.containing(command));
}

fn temporary_file(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("pytale-{name}-{}.json", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

#[tokio::test]
async fn players_are_at_the_position_and_have_their_home() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let homes = Homes::of(&console);
    let players = NAMES.map(|name| joins(&sim, server, name));
    for player in players.into_iter().skip(1) {
        within(console.command(player::set_home(player, HOME)))
            .await
            .unwrap();
    }
    let teleports = players.map(|player| homes.teleport_to(player, THERE));
    for done in within(futures_util::future::join_all(teleports)).await {
        done.unwrap();
    }
    assert_eq!(home(&console, players[0]).await, Vector3::ZERO, "no home");
    for (player, name) in players.into_iter().zip(NAMES) {
        assert_eq!(position(&console, player).await, THERE, "{name}");
    }
    for player in players.into_iter().skip(1) {
        assert_eq!(home(&console, player).await, HOME);
    }
    within(homes.teleport_to("O'Neil", HOME)).await.unwrap();
    assert_eq!(position(&console, players[0]).await, HOME);
    let nobody = within(homes.teleport_to("Nobody", HOME)).await.unwrap_err();
    assert!(
        nobody.to_string().contains("the player was not found"),
        "{nobody}"
    );
    let digits = within(homes.teleport_to("1234", HOME)).await.unwrap_err();
    assert!(
        digits.to_string().contains("digits are read as an id"),
        "{digits}"
    );
    assert!(homes.debts().is_empty());
}

#[tokio::test]
async fn a_failed_step_restores_the_home_and_says_so() {
    let (sim, server) = self_hosted().await;
    let console = Console::open_with(
        access(&sim, server),
        config().request_timeout(Duration::from_millis(300)),
    );
    let homes = Homes::of(&console);
    let player = joins(&sim, server, "a\"b\\c");
    within(console.command(player::set_home(player, HOME)))
        .await
        .unwrap();
    for (command, action, moved) in [
        ("get-home", Action::Refuse(7), Moved::No),
        ("set-home", Action::Refuse(7), Moved::No),
        ("set-home", Action::Drop, Moved::No),
        ("set-home", Action::Cut, Moved::No),
        ("teleport", Action::Refuse(7), Moved::No),
        ("teleport", Action::Drop, Moved::Perhaps),
        ("teleport", Action::Cut, Moved::Perhaps),
    ] {
        fail(&sim, command, action.clone());
        let error = within(homes.teleport_to(player, THERE)).await.unwrap_err();
        assert_eq!(error.moved(), moved, "{command} {action:?}: {error}");
        assert!(within(homes.settled()).await);
        assert_eq!(home(&console, player).await, HOME, "{command} {action:?}");
    }
    for action in [Action::Refuse(7), Action::Drop, Action::Cut] {
        let restore = Fault::new(Hook::ConsoleCommand, action.clone()).containing("set-home");
        sim.faults().arm(restore.after(1));
        let error = within(homes.teleport_to(player, THERE)).await.unwrap_err();
        assert_eq!(
            (error.moved(), error.owes_home()),
            (Moved::Yes, true),
            "{action:?}: {error}"
        );
        assert!(within(homes.settled()).await);
        assert_eq!(home(&console, player).await, HOME, "{action:?}");
    }
}

#[tokio::test]
async fn a_canceled_teleport_and_a_dropped_console_restore_the_home() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let player = joins(&sim, server, "Elder Toad");
    within(console.command(player::set_home(player, HOME)))
        .await
        .unwrap();
    let homes = Homes::of(&console);
    sim.stall_console(server);
    {
        let teleport = homes.teleport_to(player, THERE);
        let received = sim.wait_for_command(server, "player get-home", None);
        tokio::select! {
            result = teleport => panic!("it ends before its first reply: {result:?}"),
            received = received => { received.unwrap(); }
        }
    }
    drop((homes, console));
    sim.resume_console(server);
    // The console closes after the last step.
    sim.wait_for_consoles(server, 0).await.unwrap();
    let console = open(&sim, server);
    assert_eq!(home(&console, player).await, HOME);
    assert_eq!(position(&console, player).await, THERE);
}

#[tokio::test]
async fn a_player_who_leaves_between_two_steps_is_owed_the_home_until_the_return() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let homes = Homes::of(&console);
    let player = joins(&sim, server, "O'Neil");
    within(console.command(player::set_home(player, HOME)))
        .await
        .unwrap();
    let before = sim.received().last().map(|received| received.number);
    let teleport = tokio::spawn({
        let homes = homes.clone();
        async move { homes.teleport_to(player, THERE).await }
    });
    let delay = Action::Delay(Duration::from_millis(200));
    fail(&sim, "player set-home", delay);
    sim.wait_for_command(server, "player set-home", before)
        .await
        .unwrap();
    sim.player_leaves(server, player.get().unsigned_abs())
        .unwrap();
    let error = within(teleport).await.unwrap().unwrap_err();
    assert!(error.owes_home(), "{error}");
    assert_eq!(homes.debts()[0].home, Some(HOME));
    assert_eq!(joins(&sim, server, "O'Neil"), player);
    assert!(within(homes.settled()).await);
    assert_eq!(home(&console, player).await, HOME);
}

#[tokio::test]
async fn a_bot_that_starts_again_restores_the_homes_in_its_file() {
    let path = temporary_file("homes");
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let homes = Homes::of(&console);
    within(homes.persist_at(&path)).await.unwrap();
    assert!(within(homes.persist_at(&path)).await.is_err(), "once");
    let (player, gone) = (joins(&sim, server, "-Bee-"), joins(&sim, server, "J.K."));
    for player in [player, gone] {
        within(console.command(player::set_home(player, HOME)))
            .await
            .unwrap();
        let restore = Fault::new(Hook::ConsoleCommand, Action::Refuse(7)).containing("set-home");
        // Every attempt but the first fails, until the faults are cleared.
        sim.faults().arm(restore.after(1).times(1_000));
        let error = within(homes.teleport_to(player, THERE)).await.unwrap_err();
        assert!(error.owes_home(), "{error}");
        sim.faults().clear();
        sim.player_leaves(server, player.get().unsigned_abs())
            .unwrap();
    }
    console.close().await;
    drop((console, homes));

    let console = open(&sim, server);
    let homes = Homes::of(&console);
    within(homes.persist_at(&path)).await.unwrap();
    until("the debts are read", || homes.debts().len() == 2).await;
    joins(&sim, server, "-Bee-");
    until("one is settled", || homes.debts().len() == 1).await;
    assert_eq!(home(&console, player).await, HOME);
    assert_eq!(within(homes.forgive(gone)).await.unwrap().home, Some(HOME));
    assert!(within(homes.settled()).await);
    std::fs::remove_file(path).unwrap();
}
