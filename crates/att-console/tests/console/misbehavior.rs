//! Servers that misbehave: the console keeps running and reports the cause.

use crate::common::{
    commands, config, fault, next, not_connected, open, ready, ready_with, self_hosted, status,
    within,
};
use crate::support_of_both::check_gap_of_silence;
use alta_model::Timestamp;
use alta_sim::{Action, Fault, Hook, HttpReply, Junk, Sim};
use att_console::event::{PlayerJoined, PlayerMovedChunk};
use att_console::{Console, ErrorKind, Missed, NotConnected, Sent, State};
use std::future::IntoFuture;
use std::time::Duration;

/// Waits until the console is ready on this connection, counted from one.
async fn connected(console: &Console, connection: u64) {
    status(console, |status| {
        status.totals.connects >= connection && status.state == State::Ready
    })
    .await;
}

#[tokio::test]
async fn replies_out_of_order_reach_their_callers() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.player_joins(server, "Ashwick").unwrap();
    let late = Action::Delay(Duration::from_millis(100));
    fault(&sim, late, "player list");
    let (list, count) = within(async {
        tokio::join!(
            console.command("player list").into_future(),
            console.command("player count").into_future()
        )
    })
    .await;
    assert_eq!(list.unwrap().result().unwrap().as_array().unwrap().len(), 1);
    assert_eq!(count.unwrap().read::<i64>().unwrap(), 1);
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_burst_loses_only_the_events_of_the_gap() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut moves = within(console.subscribe::<PlayerMovedChunk>())
        .await
        .unwrap();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    for layer in 0..200 {
        sim.player_moves(server, ashwick, &format!("Cave Layer {layer}"))
            .unwrap();
    }
    sim.stop_server(server).await.unwrap();
    sim.wait_for_consoles(server, 0).await.unwrap();
    let sent = sim.sent_console_events(server).of("PlayerMovedChunk");
    sim.start_server(server).unwrap();
    sim.wait_for_console_subscription(server, "PlayerMovedChunk")
        .await
        .unwrap();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    sim.player_moves(server, ashwick, "Cave Layer 1000")
        .unwrap();

    let mut before = 0;
    loop {
        match next(&mut moves).await {
            Ok(event) => {
                assert_eq!(
                    event.data.new_chunk,
                    format!("Cave Layer {before}"),
                    "in order"
                );
                before += 1;
            }
            Err(missed) => {
                assert!(matches!(missed, Missed::Gap { .. }), "{missed:?}");
                break;
            }
        }
    }
    assert!(before <= sent, "more events than the server sent");
    assert_eq!(
        next(&mut moves).await.unwrap().data.new_chunk,
        "Cave Layer 1000"
    );
}

#[tokio::test]
async fn an_event_before_the_subscription_is_confirmed_is_not_lost() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let late = Action::Delay(Duration::from_millis(150));
    fault(&sim, late, "websocket subscribe");
    let mut joins = console.subscribe::<PlayerJoined>().start();
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    assert_eq!(
        next(&mut joins).await.unwrap().data.user.username,
        "Ashwick"
    );
}

#[tokio::test]
async fn a_reply_over_the_limit_ends_the_connection_and_the_command_with_that_cause() {
    let (sim, server) = self_hosted().await;
    let console = ready_with(&sim, server, config().max_frame(8 * 1_024)).await;
    let huge = Action::Instead(Junk::Oversize(64 * 1_024));
    fault(&sim, huge, "spawn list");
    let error = within(console.command("spawn list")).await.unwrap_err();
    let ErrorKind::Disconnected { because, sent } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!(*sent, Sent::MayHaveRun);
    assert!(because.to_string().contains("8192 bytes"), "{error}");
    within(console.command("player list")).await.unwrap();
}

#[tokio::test]
async fn the_console_reconnects_after_every_kind_of_close() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let endings = [
        Action::Cut,
        Action::Close(1000, "bye".to_owned()),
        Action::Close(1001, String::new()),
        Action::Close(1011, "error".to_owned()),
        Action::Close(3000, String::new()),
    ];
    for (round, ending) in (1..).zip(endings) {
        fault(&sim, ending.clone(), "player count");
        let error = within(console.command("player count")).await.unwrap_err();
        assert_eq!(error.sent(), Some(Sent::MayHaveRun), "{ending:?}: {error}");
        if let Action::Close(code, _) = ending {
            assert!(error.to_string().contains(&code.to_string()), "{error}");
        }
        connected(&console, round + 1).await;
        assert!(
            matches!(next(&mut joins).await, Err(Missed::Gap { .. })),
            "{ending:?}"
        );
    }
}

#[tokio::test]
async fn a_half_open_connection_is_found_by_pings() {
    let (sim, server) = self_hosted().await;
    let quick = config().ping_interval(Duration::from_millis(100));
    let console = ready_with(&sim, server, quick).await;
    sim.silence_consoles(server);
    not_connected(
        &console,
        |cause| matches!(cause, NotConnected::Lost(why) if why.contains("nothing arrived")),
    )
    .await;
    connected(&console, 2).await;
}

#[tokio::test]
async fn promise_01_the_gap_of_a_dead_connection_begins_with_its_last_frame() {
    const PING: Duration = Duration::from_secs(1);
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server, config().ping_interval(PING));
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let mut everything = within(console.subscribe_to_everything()).await.unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    let last = next(&mut joins).await.unwrap().received();
    while next(&mut everything).await.unwrap().name.as_str() != "PlayerJoined" {}
    sim.silence_consoles(server);
    let silenced = Timestamp::now();
    let gap = next(&mut joins).await.unwrap_err();
    let of_everything = async {
        loop {
            if let Err(missed) = next(&mut everything).await {
                return missed;
            }
        }
    };
    for missed in [gap, within(of_everything).await] {
        let Missed::Gap { since, until } = missed else {
            panic!("{missed:?}");
        };
        check_gap_of_silence((since, until), last, silenced, PING);
    }
}

#[tokio::test]
async fn an_idle_connection_with_pongs_is_kept() {
    // A busy machine replies within this time.
    const PING: Duration = Duration::from_millis(500);
    let (sim, server) = self_hosted().await;
    let console = ready_with(&sim, server, config().ping_interval(PING)).await;
    // Each command takes one interval of pings.
    for _ in 0..4 {
        let late = Action::Delay(PING);
        sim.faults().arm(Fault::new(Hook::ConsoleCommand, late));
        within(console.command("player count")).await.unwrap();
    }
    assert_eq!(console.status().totals.connects, 1);
}

#[tokio::test]
async fn a_refused_handshake_is_reported_and_retried() {
    for status in [404, 429, 502] {
        let (sim, server) = self_hosted().await;
        let refusal = Action::Reply(HttpReply::status(status));
        sim.faults().arm(Fault::new(Hook::ConsoleUpgrade, refusal));
        let console = open(&sim, server, config());
        not_connected(
            &console,
            |cause| matches!(cause, NotConnected::Unreachable(why) if why.contains(&status.to_string())),
        )
        .await;
        within(console.ready()).await.unwrap();
    }
}

#[tokio::test]
async fn numbers_in_the_place_of_names_are_read() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Thornwood").unwrap();
    sim.set_numeric_enums(server, true);
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let again = within(console.subscribe_to(["NoSuchEvent"]))
        .await
        .unwrap_err();
    assert!(
        matches!(again.kind(), ErrorKind::EventNotFound { .. }),
        "{again}"
    );
    sim.player_joins(server, "Ashwick").unwrap();
    assert_eq!(
        next(&mut joins).await.unwrap().data.user.username,
        "Ashwick"
    );
}

#[tokio::test]
async fn promise_05_a_command_dropped_before_it_is_written_is_never_sent() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let console = open(&sim, server, config());
    {
        let run = console.command("player kick 7").into_future();
        let short = tokio::time::timeout(Duration::from_millis(50), run);
        assert!(short.await.is_err(), "the command waits for the server");
    }
    sim.start_server(server).unwrap();
    within(console.command("player list")).await.unwrap();
    assert!(commands(&sim, "player kick").is_empty());
}

/// Runs the commands at once. All must fail unsent at the timeout. Returns the largest number that waited at one time.
async fn most_waiting(console: &Console, lines: impl Iterator<Item = String>) -> u64 {
    let mut running = tokio::task::JoinSet::new();
    for line in lines {
        let console = console.clone();
        running.spawn(async move { console.command(line).await.map(|_| ()) });
    }
    let mut most = 0;
    while let Some(ended) = within(running.join_next()).await {
        let error = ended.unwrap().unwrap_err();
        let unsent = matches!(
            error.kind(),
            ErrorKind::TimedOut {
                sent: Sent::NotSent,
                ..
            }
        );
        assert!(unsent, "{error}");
        most = most.max(console.status().waiting);
    }
    most
}

#[tokio::test]
async fn promise_11_pending_commands_are_bounded_and_further_callers_wait_until_their_timeout() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let bounded = config()
        .max_pending(4)
        .request_timeout(Duration::from_secs(1));
    let console = open(&sim, server, bounded);
    let lines = (0..100).map(|_| "player count".to_owned());
    let most = most_waiting(&console, lines).await;
    assert!(most <= 4, "{most} waited at once");
    sim.start_server(server).unwrap();
    within(console.command("player count")).await.unwrap();
}

#[tokio::test]
async fn promise_11_pending_commands_are_bounded_in_bytes_too() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let bounded = config()
        .max_pending(4)
        .request_timeout(Duration::from_millis(500));
    let console = open(&sim, server, bounded);
    let lengths = [20_000, 20_000, 20_000, 100_000, 100_000].into_iter();
    let lines = lengths.map(|length| format!("player message 7 \"{}\"", "a".repeat(length)));
    let most = most_waiting(&console, lines).await;
    assert!(most <= 1, "{most} long commands waited at once");
    sim.start_server(server).unwrap();
    within(console.ready()).await.unwrap();
    // Longer than all permits allow.
    let long = console
        .command("a".repeat(100_000))
        .timeout(Duration::from_secs(5));
    let error = within(long).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::CommandNotFound { .. }),
        "{error}"
    );
}
