//! Delayed work on a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::Sim;
use att_console::Console;
use att_kit::players::Players;
use att_kit::timing::{Debounce, Delay, DelayEnd, Delays, Scope};
use futures_util::stream;
use std::future::pending;
use std::time::Duration;
use support::{id, notes, open, self_hosted, until, within};
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_stream::wrappers::ReceiverStream;

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(600);

async fn town() -> (Sim, u64, Console, Delays) {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    within(Players::of(&console).complete()).await.unwrap();
    let delays = Delays::of(&console);
    (sim, server, console, delays)
}

/// Work that never runs in a test.
fn never(delays: &Delays, scope: impl Into<Scope>) -> Delay {
    delays.after(scope, LONG, |_| async { panic!("it is too early") })
}

#[tokio::test]
async fn delayed_work_runs_for_a_player_who_stays_and_not_for_one_who_leaves() {
    let (sim, server, _console, delays) = town().await;
    let (stays, leaves) = (
        sim.player_joins(server, "1234").unwrap(),
        sim.player_joins(server, "a\"b\\c").unwrap(),
    );
    let (note, mut noted) = notes();
    let mut ran = delays.after(
        id(stays),
        Duration::from_millis(50),
        move |console| async move {
            note.note(console.label());
        },
    );
    let mut left = never(&delays, id(leaves));
    let (runs, mut running) = mpsc::channel(1);
    let mut dropped = delays.after(id(leaves), Duration::ZERO, move |_| async move {
        runs.send(()).await.unwrap();
        pending::<()>().await;
    });
    within(running.recv()).await.expect("it runs");
    sim.player_leaves(server, leaves).unwrap();
    assert_eq!(within(left.ended()).await, DelayEnd::Left);
    assert_eq!(within(dropped.ended()).await, DelayEnd::Left);
    assert!(
        within(running.recv()).await.is_none(),
        "the work is dropped where it waits"
    );
    assert_eq!(within(ran.ended()).await, DelayEnd::Ran);
    assert_eq!(noted.next().await, "Thornwood");
}

#[tokio::test]
async fn a_leave_that_only_a_list_shows_ends_the_delays_of_the_player() {
    let (sim, server) = self_hosted().await;
    sim.withdraw_console_event(server, "PlayerLeft");
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let delays = Delays::of(&console);
    let player = sim.player_joins(server, "O'Neil").unwrap();
    let mut left = never(&delays, id(player));
    until("the player is known", || {
        players.online().by_id(id(player)).is_some()
    })
    .await;
    sim.player_leaves(server, player).unwrap();
    // A reply that contradicts the snapshot makes a list due soon.
    within(players.details_within(Duration::ZERO))
        .await
        .unwrap();
    assert_eq!(within(left.ended()).await, DelayEnd::Left);
}

#[tokio::test]
async fn no_delay_outlives_its_connection() {
    let (sim, server, console, delays) = town().await;
    let player = sim.player_joins(server, "-Bee-").unwrap();
    let mut of_player = never(&delays, id(player));
    let mut of_session = never(&delays, Scope::Session);
    let mut of_console = never(&delays, Scope::Console);
    sim.stop_server(server).await.unwrap();
    assert_eq!(within(of_player.ended()).await, DelayEnd::SessionEnded);
    assert_eq!(within(of_session.ended()).await, DelayEnd::SessionEnded);
    let mut without = never(&delays, Scope::Session);
    assert_eq!(within(without.ended()).await, DelayEnd::SessionEnded);
    sim.start_server(server).unwrap();
    within(console.ready()).await.unwrap();
    let mut again = never(&delays, Scope::Session);
    console.close().await;
    assert_eq!(within(again.ended()).await, DelayEnd::Closed);
    assert_eq!(within(of_console.ended()).await, DelayEnd::Closed);
    assert_eq!(
        within(never(&delays, Scope::Console).ended()).await,
        DelayEnd::Closed
    );
}

#[tokio::test]
async fn a_delay_is_canceled_replaced_or_fails() {
    let (_sim, _server, _console, delays) = town().await;
    let mut canceled = never(&delays, Scope::Console);
    canceled.cancel();
    assert_eq!(within(canceled.ended()).await, DelayEnd::Canceled);
    let named = delays.named("greeting");
    let mut first = never(&named, Scope::Console);
    let mut other = never(&delays.named("farewell"), Scope::Console);
    let mut second = named.after(Scope::Console, Duration::ZERO, |_| async {
        Err::<(), _>("by a test")
    });
    assert_eq!(within(first.ended()).await, DelayEnd::Replaced);
    assert_eq!(within(second.ended()).await, DelayEnd::Failed);
    let mut panics = delays.after(Scope::Console, Duration::ZERO, |_| async {
        panic!("by a test")
    });
    assert_eq!(within(panics.ended()).await, DelayEnd::Failed);
    other.cancel();
    assert_eq!(within(other.ended()).await, DelayEnd::Canceled);
}

#[tokio::test]
async fn delays_are_bounded_and_do_not_keep_a_console_open() {
    let (sim, server, console, delays) = town().await;
    let mut all: Vec<_> = (0..=4_096)
        .map(|_| never(&delays, Scope::Console))
        .collect();
    assert_eq!(within(all.pop().unwrap().ended()).await, DelayEnd::Refused);
    drop((console, delays));
    sim.wait_for_consoles(server, 0).await.unwrap();
    assert_eq!(within(all.pop().unwrap().ended()).await, DelayEnd::Closed);
}

#[tokio::test(start_paused = true)]
async fn the_last_event_of_a_burst_counts_and_misses_pass() {
    let (send, events) = mpsc::channel::<Result<(&str, u32), &str>>(16);
    let quiet = Duration::from_secs(2);
    let mut debounced = Debounce::new(ReceiverStream::new(events), quiet, |(who, _)| *who);
    let writer = async {
        for count in 0..3 {
            send.send(Ok(("O'Neil", count))).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
        send.send(Err("missed")).await.unwrap();
        send.send(Ok(("1234", 7))).await.unwrap();
        sleep(Duration::from_secs(10)).await;
        send.send(Ok(("1234", 8))).await.unwrap();
        drop(send);
    };
    let reader = async {
        let mut items = Vec::new();
        while let Some(item) = debounced.next().await {
            items.push(item);
        }
        items
    };
    let ((), items) = tokio::join!(writer, reader);
    let expected = [
        Err("missed"),
        Ok(("O'Neil", 2)),
        Ok(("1234", 7)),
        Ok(("1234", 8)),
    ];
    assert_eq!(items, expected);
}

#[tokio::test]
async fn a_flood_of_a_debounced_stream_lets_other_futures_run() {
    let flood = stream::iter((0_u32..).map(Ok::<_, ()>));
    let mut debounced = Debounce::new(flood, LONG, |_| ());
    tokio::select! {
        item = debounced.next() => panic!("the burst does not end: {item:?}"),
        () = sleep(Duration::from_millis(5)) => {}
    }
}
