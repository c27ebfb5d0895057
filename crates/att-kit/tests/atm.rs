//! Balances, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use alta_sim::{Action, Fault, Hook, Sim};
use att_console::Console;
use att_kit::atm::{Atm, AtmErrorKind};
use std::time::Duration;
use support::{access, config, open, self_hosted, within};

fn joins(sim: &Sim, server: u64, name: &str) -> UserId {
    UserId::new(sim.player_joins(server, name).unwrap().cast_signed())
}

fn fail(sim: &Sim, command: &'static str, action: Action, after: u32) {
    let fault = Fault::new(Hook::ConsoleCommand, action).containing(command);
    sim.faults().arm(fault.after(after));
}

fn quick(sim: &Sim, server: u64) -> Console {
    let config = config().request_timeout(Duration::from_millis(300));
    Console::open_with(access(sim, server), config)
}

#[tokio::test]
async fn changes_of_one_player_do_not_mix() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let player = joins(&sim, server, "O'Neil");
    let changes = (0..40).map(|number| {
        // By name and by id, and by handles of their own.
        let atm = Atm::of(&console);
        async move {
            if number % 2 == 0 {
                atm.change("O'Neil", |balance| balance * 2 + 1).await
            } else {
                atm.change(player, |balance| balance + 1).await
            }
        }
    });
    let changes = within(futures_util::future::join_all(changes)).await;
    let mut changes: Vec<_> = changes.into_iter().map(Result::unwrap).collect();
    changes.sort_by_key(|changed| changed.before);
    // Each change begins with the end of another.
    let mut balance = 0;
    for changed in changes {
        assert_eq!(changed.before, balance);
        balance = changed.after;
    }
    let atm = Atm::of(&console);
    assert_eq!(within(atm.balance(player)).await.unwrap(), balance);
}

#[tokio::test]
async fn too_little_money_and_a_refusal_change_nothing() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let atm = Atm::of(&console);
    let (toad, bee) = (
        joins(&sim, server, "Elder Toad"),
        joins(&sim, server, "-Bee-"),
    );
    within(atm.add(toad, 100)).await.unwrap();
    let error = within(atm.take(toad, 130)).await.unwrap_err();
    let AtmErrorKind::InsufficientFunds {
        balance: 100,
        missing: 30,
    } = error.kind()
    else {
        panic!("{error}");
    };
    let error = within(atm.transfer(toad, bee, 101)).await.unwrap_err();
    assert!(
        matches!(error.kind(), AtmErrorKind::InsufficientFunds { .. }),
        "{error}"
    );
    let refused = within(atm.change(toad, |balance| (balance > 500).then_some(0))).await;
    assert!(matches!(
        refused.unwrap_err().kind(),
        AtmErrorKind::Refused { balance: 100 }
    ));
    assert_eq!(within(atm.transfer(toad, bee, 100)).await.unwrap().after, 0);
    assert_eq!(within(atm.balance("Elder Toad")).await.unwrap(), 0);
    assert_eq!(within(atm.balance("-Bee-")).await.unwrap(), 100);
    assert_eq!(within(atm.transfer(bee, bee, 40)).await.unwrap().after, 60);
    assert_eq!(
        within(atm.balance(bee)).await.unwrap(),
        100,
        "to themselves"
    );
    let error = within(atm.transfer(bee, UserId::new(4), 1))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Couldn't find user"), "{error}");
    assert_eq!(within(atm.balance(bee)).await.unwrap(), 100);
}

#[tokio::test]
async fn the_effect_of_a_change_with_a_lost_reply_is_determined() {
    let (sim, server) = self_hosted().await;
    let console = quick(&sim, server);
    let atm = Atm::of(&console);
    let player = joins(&sim, server, "a\"b\\c");
    within(console.ready()).await.unwrap();
    for action in [Action::Drop, Action::Cut] {
        let before = within(atm.balance(player)).await.unwrap();
        fail(&sim, "trade atm add", action.clone(), 0);
        let changed = within(atm.add(player, 5)).await.unwrap();
        assert_eq!(
            (changed.before, changed.after),
            (before, before + 5),
            "{action:?}"
        );
        let balance = within(atm.balance(player)).await.unwrap();
        assert_eq!(balance, before + 5, "once");
    }
    fail(&sim, "trade atm add", Action::Drop, 0);
    fail(&sim, "trade atm get", Action::Drop, 1);
    let error = within(atm.add(player, 7)).await.unwrap_err();
    let AtmErrorKind::Unclear {
        user,
        before: 10,
        after: 17,
        read: None,
        ..
    } = error.kind()
    else {
        panic!("{error}");
    };
    assert_eq!(*user, player);
    fail(&sim, "trade atm add", Action::Refuse(7), 0);
    let error = within(atm.add(player, 7)).await.unwrap_err();
    assert!(
        matches!(error.kind(), AtmErrorKind::NotChanged(_)),
        "{error}"
    );
    assert_eq!(within(atm.balance(player)).await.unwrap(), 17);
}

#[tokio::test]
async fn a_transfer_that_cannot_be_paid_out_is_given_back() {
    let (sim, server) = self_hosted().await;
    let console = quick(&sim, server);
    let atm = Atm::of(&console);
    let (from, to) = (joins(&sim, server, "J.K."), joins(&sim, server, "1234"));
    within(atm.add(from, 100)).await.unwrap();
    fail(&sim, "trade atm add", Action::Refuse(7), 1);
    let error = within(atm.transfer(from, to, 30)).await.unwrap_err();
    assert!(
        matches!(error.kind(), AtmErrorKind::NotChanged(_)),
        "{error}"
    );
    assert_eq!(within(atm.balance(from)).await.unwrap(), 100);
    // The payment and the repayment fail.
    fail(&sim, "trade atm add", Action::Refuse(7), 1);
    fail(&sim, "trade atm add", Action::Refuse(7), 1);
    let error = within(atm.transfer(from, to, 30)).await.unwrap_err();
    assert!(
        matches!(error.kind(), AtmErrorKind::Unclear { user, .. } if *user == from),
        "{error}"
    );
    assert_eq!(within(atm.balance(from)).await.unwrap(), 70);
    assert_eq!(within(atm.balance(to)).await.unwrap(), 0);
}

#[tokio::test]
async fn a_canceled_change_continues_to_its_end_and_later_ones_wait() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let atm = Atm::of(&console);
    let player = joins(&sim, server, "-Bee-");
    within(console.ready()).await.unwrap();
    sim.stall_console(server);
    tokio::select! {
        result = atm.change(player, |balance| balance + 3) => panic!("it is stalled: {result:?}"),
        received = sim.wait_for_command(server, "trade atm get", None) => { received.unwrap(); }
    }
    let later = atm.change(player, |balance| balance * 10);
    sim.resume_console(server);
    assert_eq!(within(later).await.unwrap().after, 30);
}

#[tokio::test]
async fn a_change_by_another_program_between_reading_and_writing_is_not_lost() {
    let (sim, server) = self_hosted().await;
    let console = quick(&sim, server);
    let atm = Atm::of(&console);
    let player = joins(&sim, server, "J.K.");
    let user = player.get().unsigned_abs();
    within(atm.add(player, 100)).await.unwrap();
    let other = |change: i64| {
        let sim = sim.clone();
        move || sim.change_balance(server, user, change).unwrap()
    };
    let spend = other(-80);
    let change = atm.change(player, move |balance| {
        spend();
        balance + 5
    });
    let changed = within(change).await.unwrap();
    assert_eq!((changed.before, changed.after), (100, 105), "as read");
    assert_eq!(within(atm.balance(player)).await.unwrap(), 25);
    // The funds were sufficient when they were read.
    let spend = other(-20);
    let change = atm.change(player, move |balance| {
        spend();
        balance - 10
    });
    within(change).await.unwrap();
    assert_eq!(within(atm.balance(player)).await.unwrap(), -5);
    // A lost reply cannot be cleared up, and the error has the balance that was found.
    let earn = other(7);
    fail(&sim, "trade atm add", Action::Drop, 0);
    let change = atm.change(player, move |balance| {
        earn();
        balance + 100
    });
    let error = within(change).await.unwrap_err();
    let AtmErrorKind::Unclear {
        before: -5,
        after: 95,
        read: Some(102),
        ..
    } = error.kind()
    else {
        panic!("{error}");
    };
}

#[tokio::test]
async fn a_transfer_whose_connection_is_lost_in_the_middle_is_made_once() {
    let (sim, server) = self_hosted().await;
    let console = quick(&sim, server);
    let atm = Atm::of(&console);
    let (from, to) = (joins(&sim, server, "O'Neil"), joins(&sim, server, "1234"));
    within(atm.add(from, 100)).await.unwrap();
    for (step, left) in [(0, 70), (1, 40)] {
        fail(&sim, "trade atm add", Action::Cut, step);
        let taken = within(atm.transfer(from, to, 30)).await.unwrap();
        assert_eq!(taken.after, left, "step {step}");
        assert_eq!(within(atm.balance(from)).await.unwrap(), left);
        assert_eq!(within(atm.balance(to)).await.unwrap(), 100 - left);
    }
}
