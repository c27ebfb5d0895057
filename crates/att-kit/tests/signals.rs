//! The signals that request a process to end. In a test program of its own, since the signals are sent to this process.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use att_kit::event::PlayerJoined;
use att_kit::{Consoles, Handlers, Limits, Runner};
use std::process::Command;
use std::time::Duration;
use support::{notes, open, self_hosted, until, within};

#[tokio::test]
async fn a_signal_shortens_a_shutdown_that_a_handle_has_requested() {
    let (sim, server) = self_hosted().await;
    let (notes, mut noted) = notes();
    let handlers = Handlers::new().on::<PlayerJoined>(move |_, _| {
        notes.note("begins");
        std::future::pending::<()>()
    });
    let consoles = Consoles::new();
    consoles.add("one", open(&sim, server));
    let limits = Limits::default().grace(Duration::from_millis(20));
    let runner = Runner::new(consoles, handlers).limits(limits);
    let handle = runner.handle();
    let running = tokio::spawn(runner.run());
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    noted.next_are(&["begins"]).await;
    let signal = async {
        until("it shuts down", || {
            sim.console_subscriptions(server).is_empty()
        })
        .await;
        let process = std::process::id().to_string();
        let sent = Command::new("kill").args(["-INT", &process]).status();
        assert!(sent.unwrap().success());
    };
    let shutdown = handle.shutdown(Duration::from_secs(3_600));
    let (finished, ()) = within(async { tokio::join!(shutdown, signal) }).await;
    assert_eq!(finished.given_up, 1);
    assert_eq!(within(running).await.unwrap().unwrap(), finished);
}
