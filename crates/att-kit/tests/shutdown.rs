//! The end of a runner: handlers that finish, handlers that are canceled, and nothing that is left running.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::Sim;
use att_kit::Handlers;
use att_kit::event::PlayerJoined;
use std::sync::Arc;
use std::time::Duration;
use support::{TEST_TIMEOUT, notes, run, self_hosted, subscribed, until, within};
use tokio::runtime::{Builder as Runtime, Handle};
use tokio::sync::Notify;

#[tokio::test]
async fn a_running_handler_of_states_may_finish_and_counts_if_it_does_not() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let noting = notes.clone();
    let handlers = Handlers::new().on_state(move |_, state| {
        let (notes, gate) = (noting.clone(), Arc::clone(&opened));
        async move {
            if state.is_connected() {
                notes.note("begins");
                gate.notified().await;
                notes.note("ends");
            }
        }
    });
    for grace in [TEST_TIMEOUT, Duration::from_millis(20)] {
        let bot = run(&sim, server, handlers.clone());
        noted.next_are(&["begins"]).await;
        let finish = async {
            if grace == TEST_TIMEOUT {
                tokio::time::sleep(Duration::from_millis(20)).await;
                gate.notify_one();
            }
        };
        let (finished, ()) =
            within(async { tokio::join!(bot.handle.shutdown(grace), finish) }).await;
        if grace == TEST_TIMEOUT {
            assert_eq!(finished.given_up, 0);
            noted.next_are(&["ends"]).await;
        } else {
            assert_eq!(finished.given_up, 1);
            assert_eq!(noted.rest(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn running_handlers_finish_and_waiting_calls_are_dropped() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let gate = Arc::new(Notify::new());
    let opened = Arc::clone(&gate);
    let handlers = Handlers::new().on::<PlayerJoined>(move |console, event| {
        let (notes, gate) = (notes.clone(), Arc::clone(&opened));
        async move {
            notes.note("begins");
            gate.notified().await;
            console.command("player list").await?;
            notes.note(event.data.user.username);
            Ok::<_, att_console::Error>(())
        }
    });
    let bot = run(&sim, server, handlers);
    subscribed(&sim, server).await;
    let player = sim.player_joins(server, "Ashwick").unwrap();
    noted.next_are(&["begins"]).await;
    sim.player_leaves(server, player).unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    until("both events", || bot.totals().events == 2).await;

    let shutdown = bot.handle.shutdown(TEST_TIMEOUT);
    let finish = async {
        until("the subscription is gone", || {
            sim.console_subscriptions(server).is_empty()
        })
        .await;
        assert_eq!(bot.totals().running, 1);
        gate.notify_one();
    };
    let (finished, ()) = within(async { tokio::join!(shutdown, finish) }).await;
    assert_eq!(finished.given_up, 1, "the second call");
    noted.next_are(&["Ashwick"]).await;
    assert_eq!(noted.rest(), [""; 0]);
    sim.wait_for_consoles(server, 0).await.unwrap();
    let again = within(bot.handle.shutdown(TEST_TIMEOUT)).await;
    assert_eq!(again, finished, "a second shutdown returns the same");
}

/// A runner whose handler has begun and never ends.
async fn hanging() -> (Sim, u64, support::Running) {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on::<PlayerJoined>(move |_, _| {
        notes.note("begins");
        std::future::pending::<()>()
    });
    let bot = run(&sim, server, handlers);
    subscribed(&sim, server).await;
    sim.player_joins(server, "Ashwick").unwrap();
    noted.next_are(&["begins"]).await;
    (sim, server, bot)
}

#[tokio::test]
async fn a_handler_that_does_not_finish_in_time_is_canceled() {
    let (_sim, _, bot) = hanging().await;
    let finished = within(bot.handle.shutdown(Duration::from_millis(20))).await;
    assert_eq!(finished.given_up, 1);
    assert_eq!(bot.totals().running, 0);
}

#[tokio::test]
async fn a_second_shutdown_that_allows_less_time_ends_the_first() {
    let (sim, server, bot) = hanging().await;
    let hour = Duration::from_secs(3_600);
    let (first, second) = within(async {
        let second = async {
            until("it shuts down", || {
                sim.console_subscriptions(server).is_empty()
            })
            .await;
            bot.handle.shutdown(Duration::from_millis(20)).await
        };
        tokio::join!(bot.handle.shutdown(hour), second)
    })
    .await;
    assert_eq!((first.given_up, second.given_up), (1, 1));
    assert_eq!(within(bot.handle.shutdown(hour)).await.given_up, 1);
}

/// Runs handlers in a runtime of their own, which runs only this test.
fn alone(end: impl AsyncFnOnce(support::Running, &Sim, u64)) {
    let simulator = Runtime::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (sim, server) = simulator.block_on(self_hosted());
    let own = Runtime::new_current_thread().enable_all().build().unwrap();
    own.block_on(async {
        let handlers = Handlers::new()
            .on::<PlayerJoined>(|_, _| std::future::pending::<()>())
            .on_state(|_, _| std::future::pending::<()>())
            .on_session(|_| std::future::pending::<()>());
        let bot = run(&sim, server, handlers);
        subscribed(&sim, server).await;
        sim.player_joins(server, "Ashwick").unwrap();
        until("two handlers run", || bot.totals().running == 2).await;
        assert_ne!(Handle::current().metrics().num_alive_tasks(), 0);
        end(bot, &sim, server).await;
    });
    drop(own);
}

#[test]
fn after_a_shutdown_nothing_is_left_running() {
    alone(async |bot, sim, server| {
        within(bot.handle.shutdown(Duration::from_millis(10))).await;
        within(bot.task).await.unwrap().unwrap();
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
        sim.wait_for_consoles(server, 0).await.unwrap();
    });
}

#[test]
fn a_dropped_runner_leaves_nothing_running() {
    alone(async |bot, sim, server| {
        bot.task.abort();
        drop(bot);
        until("no task", || {
            Handle::current().metrics().num_alive_tasks() == 0
        })
        .await;
        sim.wait_for_consoles(server, 0).await.unwrap();
    });
}
