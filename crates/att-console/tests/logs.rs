//! What a console logs. Alone in its program, since a process has one place where logs go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use alta_sim::{Action, Fault, Hook};
use att_console::commands::player;
use att_console::event::PlayerJoined;
use att_console::{Closed, Console, ConsoleAccess, ErrorKind, ServerId, State};
use common::{access, config, self_hosted, within};
use futures_util::{SinkExt as _, StreamExt as _};
use std::future::IntoFuture;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// All that is logged on this thread, at every level.
fn listen() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        // As SECURITY.md says: the websocket library prints whole frames at trace.
        .with_env_filter("trace,tungstenite=info,tokio_tungstenite=info")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (log, tracing::subscriber::set_default(subscriber))
}

fn is(level: &str) -> impl Fn(&&String) -> bool + '_ {
    move |line| line.contains(&format!(" {level} "))
}

#[tokio::test]
async fn a_commands_life_is_logged_under_its_id_and_nothing_that_a_production_log_should_not_hold()
{
    let (log, _guard) = listen();
    let (sim, server) = self_hosted().await;
    let named = config().server(ServerId::new(7));
    let console = Console::open_with(access(&sim, server), named);
    within(console.ready()).await.unwrap();
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
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, late).containing("player count"));
    let short = console.command("player count");
    within(short.timeout(Duration::from_millis(20)))
        .await
        .unwrap_err();
    let is_late = |status: &att_console::Status| status.totals.late_replies == 1;
    within(console.statuses().wait_for(is_late)).await.unwrap();
    sim.stop_server(server).await.unwrap();
    within(
        console
            .statuses()
            .wait_for(|status| !status.state.is_connected()),
    )
    .await
    .unwrap();
    within(console.close()).await;

    let lines = log.lines();
    let command = |words: &str, id: u32| {
        format!("command{{console=Thornwood server=7 command=\"{words}\" id={id}}}: att_console")
    };
    let debug: Vec<_> = lines.iter().filter(is("DEBUG")).collect();
    // The subscription took the first id.
    for (span, what) in [
        (command("player message", 2), "sent"),
        (command("player message", 2), "answered"),
        (command("player kick", 3), "answered"),
        (command("player", 4), "answered"),
        (command("player count", 5), "sent"),
        (
            command("player count", 5),
            "not answered error=no reply within 20ms; it may have run",
        ),
        (
            "console{name=Thornwood server=7}".to_owned(),
            "an answer whose command had ended id=5",
        ),
    ] {
        let found = debug
            .iter()
            .any(|line| line.contains(&span) && line.contains(what));
        assert!(found, "{span} {what}\n{}", lines.join("\n"));
    }
    for what in ["ready", "not connected, trying again", "closed"] {
        let span = "console{name=Thornwood server=7}: att_console";
        let mut info = lines.iter().filter(is("INFO"));
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
        assert!(!is_said || is("TRACE")(&line), "{line}");
    }
}

#[tokio::test]
async fn a_console_that_is_let_go_says_why_its_streams_end() {
    let (log, _guard) = listen();
    let (sim, server) = self_hosted().await;
    let console = Console::open_with(access(&sim, server), config());
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    drop(console);
    assert!(within(joins.next()).await.is_none());
    let lines = log.lines();
    let told = "the console closes: its last handle was dropped (a stream does not keep it open) console=Thornwood";
    let mut info = lines.iter().filter(is("INFO"));
    assert!(info.any(|line| line.contains(told)), "{lines:#?}");

    let closed = Console::open_with(access(&sim, server), config());
    within(closed.close()).await;
    drop(closed);
    let dropped = log
        .lines()
        .into_iter()
        .filter(|line| line.contains("last handle"));
    assert_eq!(dropped.count(), 1, "one that was closed says so itself");
}

#[tokio::test]
async fn promise_12_a_server_that_repeats_the_token_puts_it_into_no_error_and_no_log() {
    let (log, _guard) = listen();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let answer = |token: &str, kind: &str| {
            format!(r#"{{"type":"{kind}","data":"{token} is an Invalid Token"}}"#)
        };
        // A close frame first, then a frame that nobody knows, and the refusal.
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
                let text = answer(&token, kind);
                socket.send(text.into()).await.unwrap();
            }
            while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
        }
    });
    let token = "a-token-of-some-length";
    let access = ConsoleAccess::new(url.parse().unwrap(), token.to_owned());
    let patient = config().login_timeout(common::PATIENCE);
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
    let lines = log.lines().join("\n");
    assert!(lines.contains("code 3000: <redacted>?"), "{lines}");
    assert!(!lines.contains(token), "{lines}");
}

#[tokio::test]
async fn one_command_without_an_answer_is_no_alarm_and_two_are() {
    let (log, _guard) = listen();
    let (sim, server) = self_hosted().await;
    let quick = config().stalled_after(Duration::from_millis(500));
    let console = Console::open_with(access(&sim, server), quick);
    within(console.ready()).await.unwrap();
    let stalled = |status: &att_console::Status| status.state == State::Stalled;
    let alarms = || {
        let lines = log.lines();
        let alarms = lines.iter().filter(|line| {
            is("WARN")(line) || line.contains(": ready") || line.contains("answers again")
        });
        alarms.count()
    };
    let before = alarms();
    sim.faults()
        .arm(Fault::new(Hook::ConsoleCommand, Action::Drop).containing("player count"));
    let lost = console
        .command("player count")
        .timeout(Duration::from_millis(1_500));
    within(lost).await.unwrap_err();
    assert!(stalled(&console.status()));
    within(console.command("player list")).await.unwrap();
    assert_eq!(console.status().state, State::Ready);
    assert_eq!(alarms(), before, "{:?}", log.lines());

    sim.stall_console(server);
    let commands = async {
        tokio::join!(
            console.command("player count").into_future(),
            console.command("player list").into_future()
        )
    };
    let resumed = async {
        while alarms() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        sim.resume_console(server);
    };
    let (answered, ()) = within(async { tokio::join!(commands, resumed) }).await;
    assert!(answered.0.is_ok() && answered.1.is_ok());
    let lines = log.lines();
    let told = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!(told("the server does not answer commands"), 1);
    assert_eq!(told("the server answers again"), 1);
}
