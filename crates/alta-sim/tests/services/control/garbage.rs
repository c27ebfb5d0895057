//! Requests that are wrong in any way.

use super::Town;
use crate::support::{TIMEOUT, http, try_open};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn an_error_names_the_field_and_what_is_allowed() {
    let town = Town::new().await;
    for (method, path, body, status, expected) in [
        (
            "POST",
            "/actions",
            "{",
            400,
            "the body is no JSON: EOF while parsing",
        ),
        (
            "POST",
            "/actions",
            "7",
            400,
            "invalid type: integer `7`, expected a map",
        ),
        (
            "POST",
            "/actions",
            r#"{"do": "leave", "player": "X"}"#,
            404,
            "`player`: there is no player on the server \"X\"; there is none",
        ),
        (
            "POST",
            "/actions",
            r#"{"do": "stop", "server": 5}"#,
            404,
            "`server`: there is no server 5; there is ",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "things"}"#,
            400,
            "`what`: unknown value `things`; possible are commands, requests",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "matching": 7}"#,
            400,
            "`matching`: expected a string",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "timeout": 1e9}"#,
            400,
            "`timeout`: at most 3600 seconds",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "timeout": 1e300}"#,
            400,
            "`timeout`: ",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "extra": 7}"#,
            400,
            "`extra`: unknown field `extra`; possible are what, matching",
        ),
        (
            "GET",
            "/seen/things",
            "",
            400,
            "the path: unknown value `things`; possible are commands",
        ),
        (
            "GET",
            "/seen/commands?extra=1",
            "",
            400,
            "Failed to deserialize query string: extra: unknown field `extra`, expected one of `server`",
        ),
        (
            "GET",
            "/seen/commands?server=Nowhere",
            "",
            404,
            "`server`: there is no server \"Nowhere\"; there is ",
        ),
        (
            "GET",
            "/stat",
            "",
            404,
            "there is no path /stat; there is /actions, ",
        ),
        ("DELETE", "/state", "", 405, "/state does not allow DELETE"),
    ] {
        let (got, error) = town.refused(method, path, body).await;
        assert!(error.starts_with(expected), "{path} {body}: {error}");
        assert_eq!(got, status, "{path} {body}: {error}");
    }
    let large = " ".repeat(5 << 20);
    assert_eq!(town.refused("POST", "/actions", &large).await.0, 413);
    let many = format!("[{}7]", "7,".repeat(10_000));
    assert_eq!(town.refused("POST", "/actions", &many).await.0, 413);
    let deep = "[".repeat(100_000);
    assert_eq!(town.refused("POST", "/wait", &deep).await.0, 400);
}

#[tokio::test]
async fn garbage_does_not_stop_the_control_port() {
    let town = Town::new().await;
    let address = town.url.trim_start_matches("http://");
    for garbage in [
        &b"\0\xff\xfe garbage\r\n\r\n"[..],
        b"POST /actions HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /actions HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n{",
        b"POST /actions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /seen/%ff HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /seen/commands?after=%ff HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = Vec::new();
        // The connection may end by a reset.
        let _ = timeout(TIMEOUT, stream.read_to_end(&mut reply))
            .await
            .unwrap();
        assert!(!reply.starts_with(b"HTTP/1.1 2"), "{garbage:?}");
    }
    for action in [
        json!({"do": "close", "which": "main-websockets", "code": 0, "reason": "x".repeat(1_000)}),
        json!({"do": "fault", "hook": "http", "action": {"reply": {"status": 1, "headers": [["\n", "\0"]]}}}),
        json!({"do": "fault", "hook": "console-command", "action": {"fragments": 0}}),
        json!({"do": "console-event", "event": "\0", "data": {"a": [null, 1e308]}}),
        json!({"do": "command", "line": "\"'\0 player kick"}),
        json!({"do": "advance", "by": 1e-9}),
    ] {
        town.post("/actions", action).await;
    }
    let mut bot = try_open(&town.sim.console_url(town.sim.server()).unwrap(), None)
        .await
        .unwrap();
    bot.send("no token").await;
    assert_eq!(
        town.get("/seen/journal?matching=token").await["seen"][0]["frame"],
        "no token"
    );
}

#[tokio::test]
async fn the_nearest_name_is_offered_for_a_misspelled_one() {
    let town = Town::new().await;
    for (path, body, expected) in [
        (
            "/actions",
            json!({"do": "jion"}),
            "`do`: unknown action `jion`; did you mean `join`?",
        ),
        (
            "/actions",
            json!([{"do": "stop"}, {"do": "restrat"}]),
            "action 1: `do`: unknown action `restrat`; did you mean `restart`?",
        ),
        (
            "/actions",
            json!({"do": "fault", "hook": "htpp", "action": "cut"}),
            "fault: `hook`: unknown value `htpp`; did you mean `http`?",
        ),
        (
            "/actions",
            json!({"do": "fault", "hook": "http", "action": {"refuze": 500}}),
            "fault: `action`: unknown value `refuze`; did you mean `refuse`?",
        ),
        (
            "/actions",
            json!({"do": "leave", "playr": "Ashwick"}),
            "leave: `playr`: unknown field `playr`; did you mean `player`?",
        ),
        (
            "/wait",
            json!({"what": "comands"}),
            "`what`: unknown value `comands`; did you mean `commands`?",
        ),
        (
            "/wait",
            json!({"what": "commands", "timeuot": 1}),
            "`timeuot`: unknown field `timeuot`; did you mean `timeout`?",
        ),
    ] {
        let (status, error) = town.refused("POST", path, &body.to_string()).await;
        assert_eq!((status, error.as_str()), (400, expected), "{body}");
    }
}

#[tokio::test]
async fn a_body_of_another_type_is_refused_with_the_type() {
    let town = Town::new().await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let url = format!("{}/actions", town.url);
    let reply = http("POST", &url, &form, "do=restart").await;
    assert_eq!(reply.status, 415);
    let error = reply.json()["error"].as_str().unwrap().to_owned();
    let expected = "its content type is application/x-www-form-urlencoded, not application/json";
    assert!(error.ends_with(expected), "{error}");
    // `curl --data` sends JSON with the type of a form.
    let reply = http("POST", &url, &form, r#"{"do": "heartbeat"}"#).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
}

#[tokio::test]
async fn slow_clients_do_not_stop_the_others() {
    let town = Town::new().await;
    let address = town.url.trim_start_matches("http://");
    let mut slow = Vec::new();
    for part in [
        "P",
        "POST /actions HTTP/1.1\r\nhost: localhost\r\n",
        "POST /wait HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4000\r\n\r\n{",
        "POST /actions HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
        "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ]
    .repeat(20)
    {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(part.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    town.post("/actions", json!({"do": "join", "player": "Ashwick"}))
        .await;
    drop(slow);
    let state = town.get("/state").await;
    assert_eq!(state["servers"][0]["players"][0]["name"], "Ashwick");
}
