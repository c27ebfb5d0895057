use crate::common::log::Log;
use crate::common::{config, fault, open, ready_with, self_hosted, status, within};
use alta_sim::Action;
use att_console::commands::player;
use att_console::event::PlayerJoined;
use att_console::{BackoffPolicy, Closed, Console, ConsoleAccess, ErrorKind, ServerId, State};
use futures_util::{SinkExt as _, StreamExt as _};
use std::future::IntoFuture;
use std::time::Duration;
use tokio::net::TcpListener;

/// All levels, except that the websocket library logs whole frames at `trace` (see the security page).
const ALL_LEVELS: &str = "trace,tungstenite=info,tokio_tungstenite=info";

/// Tests whether a line has this level.
fn is(level: &str) -> impl Fn(&str) -> bool {
    let level = format!(" {level} ");
    move |line| line.contains(&level)
}

#[tokio::test]
async fn each_step_of_a_command_is_logged_with_its_id_and_without_private_data() {
    let (log, _guard) = Log::capture(ALL_LEVELS);
    let (sim, server) = self_hosted().await;
    let named = config().server(ServerId::new(7));
    let console = ready_with(&sim, server, named).await;
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let _joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    within(console.command(player::message("Ashwick", "a private word")))
        .await
        .unwrap();
    within(console.command("player kick Ashwick \"of no use\""))
        .await
        .unwrap();
    within(console.command("player lst")).await.unwrap_err();
    let late = Action::Delay(Duration::from_millis(100));
    fault(&sim, late, "player count");
    let short = console.command("player count");
    within(short.timeout(Duration::from_millis(20)))
        .await
        .unwrap_err();
    status(&console, |status| status.totals.late_replies == 1).await;
    sim.stop_server(server).await.unwrap();
    status(&console, |status| !status.state.is_connected()).await;
    within(console.close()).await;

    let lines = log.lines();
    let command = |words: &str, id: u32| {
        format!("command{{console=Thornwood server=7 command=\"{words}\" id={id}}}: att_console")
    };
    let debug: Vec<_> = lines.iter().filter(|line| is("DEBUG")(line)).collect();
    // The subscription has the first id.
    for (span, what) in [
        (command("player message", 2), "sent"),
        (command("player message", 2), "replied"),
        (command("player kick", 3), "replied"),
        (command("player", 4), "replied"),
        (command("player count", 5), "sent"),
        (
            command("player count", 5),
            "failed error=no reply within 20ms; it may have run",
        ),
        (
            "console{name=Thornwood server=7}".to_owned(),
            "skipping a reply whose request had ended id=5",
        ),
    ] {
        let found = debug
            .iter()
            .any(|line| line.contains(&span) && line.contains(what));
        assert!(found, "{span} {what}\n{}", lines.join("\n"));
    }
    for what in ["ready", "not connected, trying again", "closed"] {
        let span = "console{name=Thornwood server=7}: att_console";
        let mut info = lines.iter().filter(|line| is("INFO")(line));
        assert!(
            info.any(|line| line.contains(span) && line.contains(what)),
            "{what}"
        );
    }
    let token = sim.console_token(server);
    let user = ashwick.to_string();
    for line in &lines {
        assert!(!line.contains(&token), "{line}");
        let said = ["a private word", "of no use", "Ashwick", &user];
        let is_said = said.iter().any(|said| line.contains(said));
        assert!(!is_said || is("TRACE")(line), "{line}");
    }
}

#[tokio::test]
async fn a_console_whose_last_handle_is_dropped_logs_why_its_streams_end() {
    let (log, _guard) = Log::capture(ALL_LEVELS);
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server, config());
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    drop(console);
    assert!(within(joins.next()).await.is_none());
    let lines = log.lines();
    let line_of_drop = "the console closes: its last handle was dropped (a stream does not keep it open) console=Thornwood";
    let mut info = lines.iter().filter(|line| is("INFO")(line));
    assert!(info.any(|line| line.contains(line_of_drop)), "{lines:#?}");

    let closed = open(&sim, server, config());
    within(closed.close()).await;
    drop(closed);
    let dropped = log
        .lines()
        .into_iter()
        .filter(|line| line.contains("last handle"));
    assert_eq!(dropped.count(), 1, "a closed console does not log it");
}

#[tokio::test]
async fn promise_12_a_token_that_the_server_repeats_is_in_no_error_and_no_log() {
    let (log, _guard) = Log::capture(ALL_LEVELS);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let refusal = |token: &str, kind: &str| {
            format!(r#"{{"type":"{kind}","data":"{token} is an Invalid Token"}}"#)
        };
        // First connection: a close frame. Second: a frame of an unknown type, and the refusal.
        for round in 0..2 {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
            let token = socket.next().await.unwrap().unwrap().into_text().unwrap();
            if round == 0 {
                let reason = format!("{token}?").into();
                let frame = tokio_tungstenite::tungstenite::protocol::CloseFrame {
                    code: 3000.into(),
                    reason,
                };
                socket.close(Some(frame)).await.unwrap();
                continue;
            }
            for kind in ["Rumour", "FatalLog"] {
                let text = refusal(&token, kind);
                socket.send(text.into()).await.unwrap();
            }
            while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
        }
    });
    let token = "a-token-of-some-length";
    let access = ConsoleAccess::new(url.parse().unwrap(), token.to_owned());
    let patient = config().login_timeout(crate::common::TIMEOUT);
    let console = Console::open_with(access, patient);
    let error = within(console.ready()).await.unwrap_err();
    let ErrorKind::Closed {
        because: Closed::Refused(words),
    } = error.kind()
    else {
        panic!("{error}")
    };
    assert_eq!(words, "<redacted> is an Invalid Token");
    within(server).await.unwrap();
    let lines = log.text();
    assert!(lines.contains("code 3000: <redacted>?"), "{lines}");
    assert!(!lines.contains(token), "{lines}");
}

#[tokio::test]
async fn two_commands_without_a_reply_are_a_warning_and_one_is_not() {
    let (log, _guard) = Log::capture(ALL_LEVELS);
    let (sim, server) = self_hosted().await;
    let quick = config().stalled_after(Duration::from_millis(500));
    let console = ready_with(&sim, server, quick).await;
    let is_warning = is("WARN");
    let warnings = |text: &str| text.lines().filter(|line| is_warning(line)).count();
    let ready = |text: &str| text.matches(": ready").count();
    let before = ready(&log.text());
    fault(&sim, Action::Drop, "player count");
    let lost = console
        .command("player count")
        .timeout(Duration::from_millis(1_500));
    within(lost).await.unwrap_err();
    assert_eq!(console.status().state, State::Stalled);
    within(console.command("player list")).await.unwrap();
    assert_eq!(console.status().state, State::Ready);
    let text = log.text();
    assert_eq!((warnings(&text), ready(&text)), (0, before), "{text}");

    sim.stall_console(server);
    let commands = async {
        tokio::join!(
            console.command("player count").into_future(),
            console.command("player list").into_future()
        )
    };
    let resumed = async {
        log.wait_for(|text| warnings(text) > 0).await;
        sim.resume_console(server);
    };
    let ((first, second), ()) = within(async { tokio::join!(commands, resumed) }).await;
    first.unwrap();
    second.unwrap();
    let text = log.text();
    assert_eq!(warnings(&text), 1, "{text}");
    assert_eq!(text.matches("the server does not").count(), 1);
    let is_info = is("INFO");
    let again = text
        .lines()
        .filter(|line| is_info(line) && line.contains("the server") && line.ends_with("again"));
    assert_eq!(again.count(), 1, "{text}");
}

#[tokio::test]
async fn a_cause_without_a_connection_is_logged_once_until_it_changes() {
    let (log, _guard) = Log::capture("debug");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    drop(listener);
    let access = ConsoleAccess::new(url.parse().unwrap(), "a-token".to_owned());
    let soon = Duration::from_millis(5);
    let console = Console::open_with(access, config().backoff(BackoffPolicy::new(soon, soon)));
    status(
        &console,
        |status| matches!(status.state, State::Recovering { attempt, .. } if attempt > 5),
    )
    .await;
    let lines = log.lines();
    let count = |level| {
        let lines = lines.iter().filter(|line| is(level)(line));
        lines.filter(|line| line.contains("trying again")).count()
    };
    assert_eq!(count("INFO"), 1, "{lines:#?}");
    assert!(count("DEBUG") >= 4, "{lines:#?}");
}
