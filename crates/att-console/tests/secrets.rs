//! A server that repeats the token, and what a terminal obeys, wherever it can: neither is in an error or a log. Alone in its
//! program, since a process has one place where logs go.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use att_console::event::PlayerJoined;
use att_console::{Console, ConsoleAccess, ErrorKind, Missed, User};
use common::{config, within};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Debug;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// A token that is written differently in JSON, and in an address.
const TOKEN: &str = "a/token+of \"some\" length=";

/// What a terminal acts on, as it stands in JSON.
const OBEYED: &str = "\\u001b[2J\\r\\n\\u202e\\u009b31m\\u2028";

/// Some of the ways in which the token can be written.
fn writings() -> Vec<String> {
    let json = serde_json::to_string(TOKEN).unwrap();
    let json = json.trim_matches('"').to_owned();
    vec![
        TOKEN.to_owned(),
        json.replace('/', "\\/"),
        json.replace('/', "\\u002F"),
        serde_json::to_string(&json)
            .unwrap()
            .trim_matches('"')
            .to_owned(),
        TOKEN
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<Vec<_>>()
            .concat(),
        "a/token+of+%22some%22+length%3D".to_owned(),
        json,
    ]
}

#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<u8>>>);

impl Shown {
    fn error(&self, error: &(dyn Error + 'static)) {
        let chain = std::iter::successors(Some(error), |&error| error.source());
        for error in chain {
            writeln!(self.clone(), "shown: {error}").unwrap();
            self.debug(&error);
        }
    }

    fn debug(&self, value: &dyn Debug) {
        writeln!(self.clone(), "shown: {value:?}").unwrap();
        // Its lines are its own.
        let long = format!("{value:#?}").replace('\n', " ");
        writeln!(self.clone(), "shown: {long}").unwrap();
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn listen() -> (Shown, tracing::subscriber::DefaultGuard) {
    let shown = Shown::default();
    let writer = shown.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("debug")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    (shown, tracing::subscriber::set_default(subscriber))
}

/// Accepts a link and its token.
async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let token = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert_eq!(token.as_str(), TOKEN);
    socket
}

/// Logs in, and then answers each command with what the command names of these.
async fn serve(listener: &TcpListener, echo: &str) {
    let mut socket = accept(listener).await;
    let text = format!("{echo}{OBEYED}");
    let notice = format!(r#"{{"type":"SystemMessage","eventType":"InfoLog","data":"{text}"}}"#);
    socket.send(notice.clone().into()).await.unwrap();
    let welcome = r#"{"type":"SystemMessage","data":"Connection Succeeded"}"#;
    socket.send(welcome.into()).await.unwrap();
    let told = [
        notice,
        format!(r#"{{"type":"{text}","data":1}}"#),
        format!(r#"{{"type":"Subscription","eventType":"{text}","data":7}}"#),
        format!(r#"{{"type":"Subscription","eventType":"PlayerJoined","data":"{text}"}}"#),
        format!(r#"{{"type":"CommandResult","{text}": "#),
    ];
    while let Some(Ok(frame)) = socket.next().await {
        let Ok(request) = serde_json::from_str::<Value>(frame.to_text().unwrap()) else {
            continue;
        };
        let command = request["content"].as_str().unwrap();
        let data = match command {
            "fail" => format!(r#"{{"Exception":{{"ClassName":"{text}","Message":"no {text}"}}}}"#),
            "odd" => format!(r#"{{"Exception":["{text}"]}}"#),
            "missing" => format!(
                r#"{{"Exception":{{"ClassName":"X","Message":"Command not found. Did you mean: \n{text}\n"}}}}"#
            ),
            "text" => format!(r#"{{"Result":null,"ResultString":"X.YException: {text}"}}"#),
            "user" => format!(r#"{{"Result":{{"id":"{text}","username":"x"}}}}"#),
            "users" => format!(r#"{{"Result":[{{"id":"{text}"}}]}}"#),
            "close" => {
                let reason = serde_json::from_str::<String>(&format!("\"{text}\"")).unwrap();
                let code = 3000.into();
                let reason = reason.into();
                socket
                    .close(Some(CloseFrame { code, reason }))
                    .await
                    .unwrap();
                break;
            }
            _ if command.contains("subscribe") && !command.contains("Trial") => {
                r#"{"Result":"Success"}"#.to_owned()
            }
            _ => format!(r#"{{"Result":"{text}"}}"#),
        };
        let answer = format!(
            r#"{{"type":"CommandResult","data":{data},"commandId":{}}}"#,
            request["id"]
        );
        socket.send(answer.into()).await.unwrap();
        if command == "tell" {
            for frame in &told {
                socket.send(frame.clone().into()).await.unwrap();
            }
        }
    }
}

/// Meets all that the server can say on one link, while it is ready.
async fn meet(console: &Console, shown: &Shown) {
    within(console.ready()).await.unwrap();
    for command in ["fail", "odd", "missing", "text"] {
        let error = within(console.command(command)).await.unwrap_err();
        assert!(error.reply().is_some(), "{error}");
        if let ErrorKind::Server { class, message } = error.kind() {
            writeln!(shown.clone(), "kind: {class:?} {message:?}").unwrap();
        }
        shown.error(&error);
        shown.error(error.kind());
    }
    let reply = within(console.command("user")).await.unwrap();
    shown.error(&reply.read::<User>().unwrap_err());
    let reply = within(console.command("users")).await.unwrap();
    shown.error(&reply.read_list::<User>().unwrap_err());
    // What a program asks for it gets as it is.
    let reply = within(console.command("data")).await.unwrap();
    assert!(reply.read::<String>().unwrap().contains('\u{1b}'));

    let mut everything = console.subscribe_to_everything().start();
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    within(console.command("tell")).await.unwrap();
    let missed = within(joins.next()).await.unwrap().unwrap_err();
    assert!(matches!(missed, Missed::Undecodable { .. }), "{missed}");
    shown.error(&missed);
    // The same by the stream that logs it, and the names of events that nobody knows.
    while let Some(item) = within(everything.next()).await {
        match item {
            Ok(event) => {
                writeln!(shown.clone(), "event: {}", event.name).unwrap();
            }
            Err(missed) => {
                shown.error(&missed);
                break;
            }
        }
    }
    let error = within(console.command("close")).await.unwrap_err();
    shown.error(&error);
    let is_lost = |status: &att_console::Status| !status.state.is_connected();
    let status = within(console.statuses().wait_for(is_lost)).await;
    shown.debug(&status);
}

#[tokio::test]
async fn promise_12_what_a_server_repeats_while_it_is_ready_is_in_no_error_and_no_log() {
    let (shown, _guard) = listen();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let echoes = writings();
    let server = tokio::spawn(async move {
        for echo in echoes
            .iter()
            .filter(|echo| !echo.contains('"') || echo.contains('\\'))
        {
            serve(&listener, echo).await;
        }
        // At the end, the refusal.
        let mut socket = accept(&listener).await;
        let refusal =
            json!({"type": "FatalLog", "data": format!("\u{1b}{TOKEN} is an Invalid Token")});
        socket.send(refusal.to_string().into()).await.unwrap();
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    });
    let access = ConsoleAccess::new(url.parse().unwrap(), TOKEN.to_owned());
    let console = Console::open_with(access, config().login_timeout(common::PATIENCE));
    for _ in writings()
        .iter()
        .filter(|echo| !echo.contains('"') || echo.contains('\\'))
    {
        meet(&console, &shown).await;
    }
    let error = loop {
        if let Err(error) = within(console.ready()).await {
            break error;
        }
    };
    shown.error(&error);
    within(server).await.unwrap();

    let text = shown.text();
    assert!(
        text.contains("<redacted>") && text.contains("code 3000"),
        "{text}"
    );
    for line in text.lines() {
        // As it is, and with every escape undone that a text of an error has.
        let plain = line
            .replace("\\\"", "\"")
            .replace("\\\\", "\\")
            .replace("\\/", "/");
        // A name is the program's, and shows what it is, but not to the terminal.
        for written in writings() {
            if line.starts_with("event: ") {
                break;
            }
            assert!(!line.contains(&written), "{written} in {line}");
            assert!(!plain.contains(&written), "{written} in {line}");
        }
        assert!(!line.contains("\"some\\\\\""), "{line}");
        let obeyed = |c: char| c.is_control() || "\u{202e}\u{2028}".contains(c);
        assert!(!line.contains(obeyed), "{line:?}");
    }
    // No message was broken into two lines.
    let begins = |line: &str| {
        ["shown: ", "kind: ", "event: ", "20"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let odd = text.lines().find(|line| !begins(line));
    assert_eq!(odd, None);
}
