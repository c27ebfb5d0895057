//! The promises about commands and connections.

use crate::common::{
    access, commands, config, next, not_connected, open, ready, ready_with, self_hosted,
    short_login, status, within,
};
use alta_sim::{Action, Fault, Hook};
use att_console::commands::{chunks, player};
use att_console::event::{PlayerJoined, PlayerLeft};
use att_console::{Closed, Console, ErrorKind, Missed, NotConnected, Sent, State, WhenNotReady};
use std::future::IntoFuture;
use std::time::Duration;

#[tokio::test]
async fn a_console_logs_in_runs_commands_and_receives_events() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();

    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let event = next(&mut joins).await.unwrap();
    assert_eq!(event.data.user.username, "Ashwick");
    assert_eq!(event.data.user.id.get(), i64::try_from(ashwick).unwrap());
    assert!(event.timestamp().is_some());
    assert_eq!(&*event.console, "Thornwood");
    assert_eq!(event.server, None, "a self-hosted server has no id");
    let age = std::time::SystemTime::now().duration_since(event.received().into());
    assert!(age.unwrap() < crate::common::TIMEOUT);
    assert!(event.raw().as_str().contains("\"PlayerJoined\""));

    let players = within(console.command(player::list())).await.unwrap();
    assert_eq!(players.len(), 1);
    let greeting = player::message(&event.data.user, "Welcome!");
    within(console.command(greeting)).await.unwrap();
    assert_eq!(sim.messages(server)[0].text, "Welcome!");
    console.close().await;
}

#[tokio::test]
async fn promise_01_and_09_a_restart_is_one_gap_and_the_stream_continues() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    assert!(next(&mut joins).await.is_ok());

    sim.stop_server(server).await.unwrap();
    not_connected(&console, |_| true).await;
    sim.start_server(server).unwrap();
    let gap = next(&mut joins).await.unwrap_err();
    assert!(
        matches!(gap, Missed::Gap { since, until } if since < until),
        "{gap:?}"
    );
    assert!(gap.gap_length().unwrap() < Duration::from_secs(10));

    sim.player_joins(server, "Brambletoe").unwrap();
    assert_eq!(
        next(&mut joins).await.unwrap().data.user.username,
        "Brambletoe"
    );
    let totals = console.status().totals;
    assert_eq!((totals.connects, totals.gaps, totals.events), (2, 1, 2));
}

#[tokio::test]
async fn promise_05_every_command_ends_and_says_whether_it_may_have_run() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.stall_console(server);
    let slow = within(
        console
            .command("player list")
            .timeout(Duration::from_millis(100)),
    )
    .await;
    assert_eq!(slow.unwrap_err().sent(), Some(Sent::MayHaveRun));

    let open = console.command("player list");
    let received = sim.received().len();
    let (lost, ()) = within(async {
        tokio::join!(open.into_future(), async {
            sim.wait_for(|all| all.len() > received).await.unwrap();
            sim.stop_server(server).await.unwrap();
        })
    })
    .await;
    let lost = lost.unwrap_err();
    assert!(
        matches!(
            lost.kind(),
            ErrorKind::Disconnected {
                sent: Sent::MayHaveRun,
                ..
            }
        ),
        "{lost}"
    );

    let waiting = within(
        console
            .command("player list")
            .timeout(Duration::from_millis(50)),
    )
    .await;
    assert!(matches!(
        waiting.unwrap_err().kind(),
        ErrorKind::TimedOut {
            sent: Sent::NotSent,
            ..
        }
    ));
    let at_once = console
        .command("player list")
        .when_not_ready(WhenNotReady::Fail);
    assert!(matches!(
        within(at_once).await.unwrap_err().kind(),
        ErrorKind::NotReady
    ));

    sim.start_server(server).unwrap();
    within(console.command("player list")).await.unwrap();
    assert_eq!(
        commands(&sim, "player list").len(),
        3,
        "two may have run, one has run; none was sent twice"
    );
}

#[tokio::test]
async fn promise_06_second_late_and_unknown_replies_are_counted_and_dropped() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, Action::Twice));
    within(console.command("player list")).await.unwrap();
    within(console.command("player list")).await.unwrap();
    assert_eq!(console.status().totals.late_replies, 1);

    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, Action::WrongId(4_000)));
    let short = console
        .command("player list")
        .timeout(Duration::from_millis(100));
    assert!(matches!(
        within(short).await.unwrap_err().kind(),
        ErrorKind::TimedOut { .. }
    ));
    assert_eq!(console.status().totals.unknown_replies, 1);

    sim.faults().arm(Fault::new(
        Hook::ConsoleCommand,
        Action::Delay(Duration::from_millis(150)),
    ));
    let late = console
        .command("player list")
        .timeout(Duration::from_millis(50));
    assert!(within(late).await.is_err());
    while console.status().totals.late_replies < 2 {
        within(console.command("player list")).await.unwrap();
    }
}

#[tokio::test]
async fn errors_contain_the_message_of_the_server() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let error = within(console.command("player lst")).await.unwrap_err();
    let ErrorKind::CommandNotFound { suggestions } = error.kind() else {
        panic!("{error}")
    };
    assert!(suggestions.contains(&"player list".to_owned()), "{error}");
    assert!(
        error
            .to_string()
            .starts_with(r#"running "player lst" on Thornwood: "#),
        "{error}"
    );

    let hostile = player::message("\" ; player kill *", "hello");
    let error = within(console.command(hostile)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Argument(_)), "{error}");
    assert_eq!(error.sent(), Some(Sent::NotSent));
}

#[tokio::test]
async fn promise_09_a_wrong_token_closes_the_console_by_refusal_or_by_silence() {
    let sim = alta_sim::Sim::builder().start().await.unwrap();
    let (cloud, home) = (sim.server(), sim.add_self_hosted("Home").unwrap());
    for (server, refused_aloud) in [(cloud, true), (home, false)] {
        let mut wrong = access(&sim, server);
        wrong.token = "wrong".to_owned().into();
        let console = Console::open_with(wrong, short_login());
        let error = within(console.ready()).await.unwrap_err();
        let ErrorKind::Closed { because } = error.kind() else {
            panic!("{error}")
        };
        match because {
            Closed::Refused(words) => assert!(refused_aloud && !words.is_empty()),
            Closed::NoReplyToToken { attempts } => assert!(!refused_aloud && *attempts == 3),
            other => panic!("{other}"),
        }
        let after = within(console.command("player list")).await.unwrap_err();
        assert!(matches!(after.kind(), ErrorKind::Closed { .. }));
        let stream = within(console.subscribe::<PlayerLeft>()).await;
        assert!(matches!(
            stream.unwrap_err().kind(),
            ErrorKind::Closed { .. }
        ));
    }
}

#[tokio::test]
async fn an_unreachable_host_is_reported_and_retried() {
    let (sim, server) = self_hosted().await;
    sim.stop_server(server).await.unwrap();
    let console = open(&sim, server, config());
    let mut statuses = console.statuses();
    let status = within(statuses.wait_for(|status| {
        matches!(&status.state, State::Recovering { attempt, because: NotConnected::Unreachable(why) } if *attempt > 2 && why.contains("127.0.0.1"))
    }))
    .await;
    assert!(status.is_some());
    sim.start_server(server).unwrap();
    within(console.ready()).await.unwrap();
}

#[tokio::test]
async fn promise_10_close_and_drop_end_everything_that_the_console_started() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.stall_console(server);
    let handle = console.clone();
    let open = tokio::spawn(async move { handle.command("player list").await.map(|_| ()) });
    sim.wait_until(|sim| !commands(sim, "player list").is_empty())
        .await
        .unwrap();
    within(console.close()).await;
    assert!(within(joins.next()).await.is_none());
    assert!(within(open).await.unwrap().is_err());
    sim.wait_for_consoles(server, 0).await.unwrap();
    assert!(matches!(
        console.status().state,
        State::Closed {
            because: Closed::ByUs
        }
    ));

    sim.resume_console(server);
    let dropped = ready(&sim, server).await;
    sim.wait_for_consoles(server, 1).await.unwrap();
    drop(dropped);
    sim.wait_for_consoles(server, 0).await.unwrap();
}

#[tokio::test]
async fn a_command_of_a_weak_handle_runs_and_ends_when_the_last_handle_is_dropped() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let weak = console.downgrade();
    within(weak.command("player list")).await.unwrap();
    sim.stall_console(server);
    let running = tokio::spawn({
        let weak = weak.clone();
        async move { weak.command("player count").await.map(drop) }
    });
    sim.wait_until(|sim| !commands(sim, "player count").is_empty())
        .await
        .unwrap();
    drop(console);
    let error = within(running).await.unwrap().unwrap_err();
    assert_eq!(error.sent(), Some(Sent::MayHaveRun), "{error}");
    sim.wait_for_consoles(server, 0).await.unwrap();
    let error = within(weak.command("player count")).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
}

#[tokio::test]
async fn commands_in_flight_are_limited_and_the_status_has_the_queue_length() {
    let (sim, server) = self_hosted().await;
    let console = ready_with(&sim, server, config().max_in_flight(2)).await;
    sim.stall_console(server);
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..5 {
        let console = console.clone();
        running.spawn(async move { console.command("player count").await.map(|_| ()) });
    }
    let sent = |sim: &alta_sim::Sim| commands(sim, "player count").len();
    sim.wait_until(|sim| sent(sim) == 2).await.unwrap();
    let full = status(&console, |status| status.waiting == 3).await;
    assert_eq!((full.in_flight, sent(&sim)), (2, 2));
    sim.resume_console(server);
    while let Some(outcome) = within(running.join_next()).await {
        outcome.unwrap().unwrap();
    }
    assert_eq!((console.status().waiting, sent(&sim)), (0, 5));
}

#[tokio::test]
async fn a_file_result_has_a_download_request() {
    let sim = alta_sim::Sim::builder().start().await.unwrap();
    let server = sim.server();
    let files = access(&sim, server).web_server("http://127.0.0.1:1761/".parse().unwrap());
    let console = Console::open_with(files, config());
    within(console.ready()).await.unwrap();
    let file = within(console.command(chunks::print_all())).await.unwrap();
    let request = console.download_request(&file).unwrap();
    let user = sim.bot().user_id;
    assert_eq!(
        request.uri().path(),
        format!("/output/{user}/Chunk%20Details%202023-10-20.txt")
    );
    assert!(!format!("{request:?}").contains(&sim.console_token(server)));

    let home = ready(&sim, server).await;
    assert_eq!(
        *home.download_request(&file).unwrap_err().kind(),
        ErrorKind::NoFileServer
    );
}
