//! In which order handlers are called.

use super::support::*;
use alta_sim::Sim;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

const EVENT: &str = "PlayerJoined";

fn joins(sim: &Sim, player: u64) {
    let user = json!({"user": {"id": player, "username": "Ashwick"}});
    sim.emit_console_event(sim.server(), EVENT, user);
}

async fn listened(sim: &Sim) {
    let server = sim.server();
    sim.wait_for_console_subscription(server, EVENT)
        .await
        .unwrap();
}

#[tokio::test]
async fn on_missed_is_called_between_the_events_before_and_after_the_gap() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let free = Arc::new(Semaphore::new(0));
    let (events, gate) = (notes.clone(), Arc::clone(&free));
    let bot = managed(&sim)
        .on_events([EVENT], move |_, event| {
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
    let bot = start(bot).await;
    listened(&sim).await;
    joins(&sim, 1);
    joins(&sim, 1);
    until("they were handed over", || bot.health().events == 2).await;
    sim.drop_consoles(sim.server());
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    listened(&sim).await;
    joins(&sim, 2);
    joins(&sim, 3);
    until("all were read", || {
        bot.health().events == 4 && bot.health().missed == 1
    })
    .await;
    assert_eq!(noted.rest(), [""; 0], "the first is not done");
    free.add_permits(2);
    noted.next_are(&["1", "1", "missed", "2", "3"]).await;
}

#[tokio::test]
async fn a_handler_in_order_gets_the_events_of_all_players_and_what_is_missed_as_they_came() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim).on_events_in_order([EVENT], move |console, item| {
        let notes = notes.clone();
        async move {
            let Ok(event) = item else {
                return notes.note(format!("missed on {}", console.label()));
            };
            let player = event.data["user"]["id"].as_u64().unwrap();
            // Later ones are quicker.
            tokio::time::sleep(Duration::from_millis(20_u64.saturating_sub(player))).await;
            notes.note(player);
        }
    });
    let bot = start(bot).await;
    listened(&sim).await;
    for player in 0..30 {
        joins(&sim, player);
    }
    until("they were read", || bot.health().events == 30).await;
    sim.drop_consoles(sim.server());
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
    listened(&sim).await;
    joins(&sim, 30);
    for player in 0..30 {
        noted.next_are(&[&player.to_string()]).await;
    }
    noted.next_are(&["missed on Thornwood", "30"]).await;
}

#[tokio::test]
async fn a_handler_that_never_returns_needs_no_type() {
    let sim = Sim::builder().start().await.unwrap();
    let (notes, mut noted) = notes();
    let bot = managed(&sim)
        .on_console(move |_| {
            let notes = notes.clone();
            async move {
                loop {
                    notes.note("beat");
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        })
        .on_events([EVENT], |_, _| async move { panic!("by a test") });
    let bot = start(bot).await;
    noted.next_are(&["beat", "beat"]).await;
    within(bot.shutdown(Duration::ZERO)).await;
}
