//! A server that sends the token and terminal control sequences in every field: errors and logs contain neither.

use crate::common::log::Log;
use crate::common::{config, within};
use crate::support_of_both::check_line;
use att_console::event::PlayerJoined;
use att_console::{Console, ConsoleAccess, ErrorKind, Missed, User};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Debug;
use std::io::Write;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// A token that needs escapes in JSON and in an address.
const TOKEN: &str = "a/token+of \"some\" length=";

/// Characters that control a terminal, escaped for JSON.
const CONTROLS: &str = "\\u001b[2J\\r\\n\\u202e\\u009b31m\\u2028";

/// The token in several encodings.
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

/// Writes the error and its sources to the log, as a program can.
fn show_error(log: &Log, error: &(dyn Error + 'static)) {
    let chain = std::iter::successors(Some(error), |&error| error.source());
    for error in chain {
        writeln!(log.clone(), "shown: {error}").unwrap();
        show(log, &error);
    }
}

fn show(log: &Log, value: &dyn Debug) {
    writeln!(log.clone(), "shown: {value:?}").unwrap();
    // The line breaks of this form are not part of the value.
    let long = format!("{value:#?}").replace('\n', " ");
    writeln!(log.clone(), "shown: {long}").unwrap();
}

/// Accepts a connection and its token.
async fn accept(listener: &TcpListener) -> WebSocketStream<TcpStream> {
    let (stream, _) = listener.accept().await.unwrap();
    let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
    let token = socket.next().await.unwrap().unwrap().into_text().unwrap();
    assert_eq!(token.as_str(), TOKEN);
    socket
}

/// Completes the login. The reply to each command has `echo` in the field that the command names.
async fn serve(listener: &TcpListener, echo: &str) {
    let mut socket = accept(listener).await;
    let text = format!("{echo}{CONTROLS}");
    let notice = format!(r#"{{"type":"SystemMessage","eventType":"InfoLog","data":"{text}"}}"#);
    socket.send(notice.clone().into()).await.unwrap();
    let welcome = r#"{"type":"SystemMessage","data":"Connection Succeeded"}"#;
    socket.send(welcome.into()).await.unwrap();
    let messages = [
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
        let reply = format!(
            r#"{{"type":"CommandResult","data":{data},"commandId":{}}}"#,
            request["id"]
        );
        socket.send(reply.into()).await.unwrap();
        if command == "tell" {
            for frame in &messages {
                socket.send(frame.clone().into()).await.unwrap();
            }
        }
    }
}

/// Provokes every message of the server on one connection, and shows every error.
async fn meet(console: &Console, log: &Log) {
    within(console.ready()).await.unwrap();
    for command in ["fail", "odd", "missing", "text"] {
        let error = within(console.command(command)).await.unwrap_err();
        assert!(error.reply().is_some(), "{error}");
        if let ErrorKind::Server { class, message } = error.kind() {
            writeln!(log.clone(), "kind: {class:?} {message:?}").unwrap();
        }
        show_error(log, &error);
        show_error(log, error.kind());
    }
    let reply = within(console.command("user")).await.unwrap();
    show_error(log, &reply.read::<User>().unwrap_err());
    let reply = within(console.command("users")).await.unwrap();
    show_error(log, &reply.read_list::<User>().unwrap_err());
    // A requested result is unchanged.
    let reply = within(console.command("data")).await.unwrap();
    assert!(reply.read::<String>().unwrap().contains('\u{1b}'));

    let mut everything = console.subscribe_to_everything().start();
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    within(console.command("tell")).await.unwrap();
    let missed = within(joins.next()).await.unwrap().unwrap_err();
    assert!(matches!(missed, Missed::Undecodable { .. }), "{missed}");
    show_error(log, &missed);
    // The same in the stream of all events, with the names of unknown events.
    while let Some(item) = within(everything.next()).await {
        match item {
            Ok(event) => {
                writeln!(log.clone(), "event: {}", event.name).unwrap();
            }
            Err(missed) => {
                show_error(log, &missed);
                break;
            }
        }
    }
    let error = within(console.command("close")).await.unwrap_err();
    show_error(log, &error);
    let is_lost = |status: &att_console::Status| !status.state.is_connected();
    let status = within(console.statuses().wait_for(is_lost)).await;
    show(log, &status);
}

#[tokio::test]
async fn promise_12_a_token_that_a_ready_server_repeats_is_in_no_error_and_no_log() {
    let (log, _guard) = Log::capture("debug");
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
        // The last connection: the refusal.
        let mut socket = accept(&listener).await;
        let refusal =
            json!({"type": "FatalLog", "data": format!("\u{1b}{TOKEN} is an Invalid Token")});
        socket.send(refusal.to_string().into()).await.unwrap();
        while socket.next().await.is_some_and(|frame| frame.is_ok()) {}
    });
    let access = ConsoleAccess::new(url.parse().unwrap(), TOKEN.to_owned());
    let console = Console::open_with(access, config().login_timeout(crate::common::TIMEOUT));
    for _ in writings()
        .iter()
        .filter(|echo| !echo.contains('"') || echo.contains('\\'))
    {
        meet(&console, &log).await;
    }
    let error = loop {
        if let Err(error) = within(console.ready()).await {
            break error;
        }
    };
    show_error(&log, &error);
    within(server).await.unwrap();

    let text = log.text();
    assert!(
        text.contains("<redacted>") && text.contains("code 3000"),
        "{text}"
    );
    let secrets = writings();
    for line in text.lines() {
        // The program chooses the names of events, so they are not redacted, but escaped.
        let is_name = line.starts_with("event: ");
        let secrets = if is_name { &[] } else { secrets.as_slice() };
        let part_of_token = "\"some\\\\\"";
        check_line(line, secrets.iter().map(String::as_str));
        assert!(!line.contains(part_of_token), "{line}");
    }
    // No message has a line break.
    let begins = |line: &str| {
        ["shown: ", "kind: ", "event: ", "20"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let odd = text.lines().find(|line| !begins(line));
    assert_eq!(odd, None);
}
