//! The order of handler calls.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::Sim;
use att_kit::Handlers;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use support::{notes, run, self_hosted, until, within};
use tokio::sync::Semaphore;

const EVENT: &str = "PlayerJoined";

fn joins(sim: &Sim, server: u64, player: u64) {
    let user = json!({"user": {"id": player, "username": "Ashwick"}});
    sim.emit_console_event(server, EVENT, user);
}

async fn listened(sim: &Sim, server: u64) {
    sim.wait_for_console_subscription(server, EVENT)
        .await
        .unwrap();
}

#[tokio::test]
async fn on_missed_is_called_between_the_events_before_and_after_the_gap() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let free = Arc::new(Semaphore::new(0));
    let (events, gate) = (notes.clone(), Arc::clone(&free));
    let handlers = Handlers::new()
        .on_any([EVENT], move |_, event| {
            let (notes, gate) = (events.clone(), Arc::clone(&gate));
            async move {
                let player = event.data["user"]["id"].as_u64().unwrap();
                if player == 1 {
                    gate.acquire().await.unwrap().forget();
                }
                notes.note(player);
            }
        })
        .on_missed(move |_, _| {
            let notes = notes.clone();
            async move { notes.note("missed") }
        });
    let bot = run(&sim, server, handlers);
    listened(&sim, server).await;
    joins(&sim, server, 1);
    joins(&sim, server, 1);
    until("both events", || bot.totals().events == 2).await;
    sim.drop_consoles(server);
    sim.wait_for_consoles(server, 0).await.unwrap();
    listened(&sim, server).await;
    joins(&sim, server, 2);
    joins(&sim, server, 3);
    until("all events and the gap", || {
        bot.totals().events == 4 && bot.totals().missed == 1
    })
    .await;
    assert_eq!(noted.rest(), [""; 0], "the first call still runs");
    free.add_permits(2);
    noted.next_are(&["1", "1", "missed", "2", "3"]).await;
}

#[tokio::test]
async fn a_handler_in_order_gets_the_events_of_all_players_and_the_misses_in_order() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on_any_in_order([EVENT], move |console, item| {
        let notes = notes.clone();
        async move {
            let Ok(event) = item else {
                return notes.note(format!("missed on {}", console.label()));
            };
            let player = event.data["user"]["id"].as_u64().unwrap();
            // Later calls are faster.
            tokio::time::sleep(Duration::from_millis(20_u64.saturating_sub(player))).await;
            notes.note(player);
        }
    });
    let bot = run(&sim, server, handlers);
    listened(&sim, server).await;
    for player in 0..30 {
        joins(&sim, server, player);
    }
    until("all events", || bot.totals().events == 30).await;
    sim.drop_consoles(server);
    sim.wait_for_consoles(server, 0).await.unwrap();
    listened(&sim, server).await;
    joins(&sim, server, 30);
    for player in 0..30 {
        noted.next_are(&[&player.to_string()]).await;
    }
    noted.next_are(&["missed on Thornwood", "30"]).await;
}

#[tokio::test]
async fn a_handler_that_never_returns_needs_no_type() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new()
        .on_session(move |_| {
            let notes = notes.clone();
            async move {
                loop {
                    notes.note("beat");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        })
        .on_any([EVENT], |_, _| async move { panic!("by a test") });
    let bot = run(&sim, server, handlers);
    noted.next_are(&["beat", "beat"]).await;
    within(bot.handle.shutdown(Duration::ZERO)).await;
}
