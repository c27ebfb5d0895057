//! A shutdown of the server, against a simulated one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::{Action, Fault, Hook, Sim};
use att_kit::shutdown::{RunningShutdown, Shutdown, ShutdownEnd, ShutdownErrorKind};
use std::time::Duration;
use support::{open, self_hosted, within};

const MOMENT: Duration = Duration::from_millis(150);

fn quick() -> Shutdown {
    Shutdown::new()
        .announce_at([2 * MOMENT, MOMENT])
        .pause(Duration::ZERO)
}

/// The stages until the end.
async fn stages(shutdown: &mut RunningShutdown) -> Vec<String> {
    let mut stages = Vec::new();
    while let Some(stage) = within(shutdown.next_stage()).await {
        stages.push(stage.to_string());
    }
    stages
}

fn count(sim: &Sim, line: &str) -> usize {
    let received = sim.received();
    let commands = received.iter().filter_map(alta_sim::Received::command);
    commands.filter(|command| command == line).count()
}

#[tokio::test]
async fn players_get_announcements_and_the_server_saves_quits_and_returns() {
    for lost in [None, Some("save now"), Some("quit")] {
        let (sim, server) = self_hosted().await;
        let player = sim.player_joins(server, "a\"b\\c").unwrap();
        let console = open(&sim, server);
        within(console.ready()).await.unwrap();
        if let Some(command) = lost {
            let fault = Fault::new(Hook::ConsoleCommand, Action::Cut);
            sim.faults().arm(fault.containing(command));
        }
        let message = |left: Duration| format!("It's {} ms, all", left.as_millis());
        let mut shutdown = quick().message(message).start(&console);
        let stopped = sim.wait_until(|sim| !sim.is_online(server));
        within(stopped).await.unwrap();
        sim.start_server(server).unwrap();
        let stages = stages(&mut shutdown).await;
        let end = within(shutdown.end()).await.unwrap();
        assert!(matches!(end, ShutdownEnd::Returned { .. }), "{end:?}");
        let kept: Vec<_> = stages
            .iter()
            .filter(|stage| !stage.starts_with("not saved"))
            .collect();
        let announced = "announced, 0 seconds left";
        assert_eq!(
            kept,
            [announced, announced, "saved", "quitting", "stopped"],
            "{lost:?}"
        );
        let messages = sim.messages(server).into_iter();
        let texts = messages
            .filter(|message| message.player == player)
            .map(|message| message.text);
        assert_eq!(
            texts.collect::<Vec<_>>(),
            ["It's 300 ms, all", "It's 150 ms, all"]
        );
        assert_eq!(count(&sim, "quit"), 1, "{lost:?}");
        assert_eq!(
            count(&sim, "save now"),
            1 + usize::from(lost == Some("save now"))
        );
    }
}

#[tokio::test]
async fn a_shutdown_continues_after_a_restart() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    within(console.ready()).await.unwrap();
    let mut shutdown = quick().start(&console);
    within(shutdown.next_stage()).await.unwrap();
    sim.stop_server(server).await.unwrap();
    tokio::time::sleep(3 * MOMENT).await;
    sim.start_server(server).unwrap();
    within(sim.wait_for_command(server, "quit", None))
        .await
        .unwrap();
    within(sim.wait_until(|sim| !sim.is_online(server)))
        .await
        .unwrap();
    sim.start_server(server).unwrap();
    let end = within(shutdown.end()).await.unwrap();
    assert!(matches!(end, ShutdownEnd::Returned { .. }), "{end:?}");
}

#[tokio::test]
async fn a_canceled_or_dropped_shutdown_stops_nothing_and_players_get_a_message() {
    let (sim, server) = self_hosted().await;
    let player = sim.player_joins(server, "Elder Toad").unwrap();
    let console = open(&sim, server);
    within(console.ready()).await.unwrap();
    let hour = Duration::from_secs(3_600);
    let mut shutdown = Shutdown::new().announce_at([hour]).start(&console);
    within(shutdown.next_stage()).await.unwrap();
    shutdown.cancel();
    assert_eq!(within(shutdown.end()).await.unwrap(), ShutdownEnd::Canceled);
    let mut shutdown = Shutdown::new()
        .announce_at([hour])
        .cancel_message("Never mind")
        .start(&console);
    within(shutdown.next_stage()).await.unwrap();
    drop(shutdown);
    sim.wait_for_message(server, player, 3).await.unwrap();
    let texts = sim.messages(server).into_iter().map(|message| message.text);
    let announced = "The server restarts in 60 minutes";
    assert_eq!(
        texts.collect::<Vec<_>>(),
        [
            announced,
            "The restart is canceled",
            announced,
            "Never mind"
        ]
    );
    assert_eq!(count(&sim, "save now") + count(&sim, "quit"), 0);
}

#[tokio::test]
async fn an_error_names_the_step_that_failed() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    within(console.ready()).await.unwrap();
    let at_once = || quick().announce_at([]);
    for (command, expected) in [
        ("save now", "the server has not saved"),
        ("quit", "the server was not stopped"),
    ] {
        let fault = Fault::new(Hook::ConsoleCommand, Action::Refuse(7));
        sim.faults().arm(fault.containing(command));
        let error = within(at_once().start(&console).end()).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(sim.is_online(server));
    }
    let stopped = at_once().return_within(None).start(&console).end();
    assert_eq!(within(stopped).await.unwrap(), ShutdownEnd::Stopped);
    within(sim.wait_until(|sim| !sim.is_online(server)))
        .await
        .unwrap();
    sim.start_server(server).unwrap();
    within(console.ready()).await.unwrap();
    let error = within(at_once().return_within(MOMENT).start(&console).end())
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ShutdownErrorKind::NotReturned(_)),
        "{error}"
    );
    let shutdown = Shutdown::new().start(&console);
    console.close().await;
    let error = within(shutdown.end()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ShutdownErrorKind::Closed(_)),
        "{error}"
    );
}

#[tokio::test]
async fn an_announcement_with_characters_that_a_command_cannot_contain_is_sent() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, "J.K.").unwrap();
    let console = open(&sim, server);
    within(console.ready()).await.unwrap();
    let shutdown = quick().announce_at([Duration::ZERO]).return_within(None);
    let mut shutdown = shutdown
        .message(|_| "\"Bye\" \\ all\n".to_owned())
        .start(&console);
    let stages = stages(&mut shutdown).await;
    assert!(stages[0].starts_with("announced"), "{stages:?}");
    let texts: Vec<_> = sim.messages(server).into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["\u{201c}Bye\u{201d} / all "]);
}

#[tokio::test]
async fn the_reason_follows_the_time_that_is_left() {
    let (sim, server) = self_hosted().await;
    let player = sim.player_joins(server, "Elder Toad").unwrap();
    let console = open(&sim, server);
    within(console.ready()).await.unwrap();
    let hour = Duration::from_secs(3_600);
    let plan = Shutdown::new().announce_at([hour]).reason("an \"update\"");
    let mut shutdown = plan.start(&console);
    within(shutdown.next_stage()).await.unwrap();
    let texts = sim.messages(server).into_iter();
    let texts = texts.filter(|message| message.player == player);
    assert_eq!(
        texts.map(|message| message.text).collect::<Vec<_>>(),
        ["The server restarts in 60 minutes: an “update”"]
    );
}
