//! Libraries and a script in front of a private cloud.

use super::npm;
use super::support::{BOUND, Own, SERVERS, files};
use pytale::kit::Handlers;
use pytale::model::ServerId;
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_bot_runs_commands_on_both_servers_and_sees_a_restart() {
    let own = Own::start().await;
    let account = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let (opened, mut openings) = mpsc::unbounded_channel();
    let handlers = Handlers::new().on_session(move |console| {
        let opened = opened.clone();
        async move {
            let list = console
                .command(pytale::console::commands::player::list())
                .await;
            // The test may have ended.
            let _ = opened.send((console.server(), list.map(|players| players.len())));
        }
    });
    let bot = service.managed_bot(account, handlers).await;
    let mut next = async || timeout(BOUND, openings.recv()).await.unwrap().unwrap();
    let mut seen = Vec::new();
    for _ in SERVERS {
        let (server, players) = next().await;
        assert_eq!(players.unwrap(), 0);
        seen.push(server.unwrap());
    }
    seen.sort();
    assert_eq!(seen, SERVERS.map(|id| ServerId::new(id.cast_signed())));
    own.sim.stop_server(own.servers[0]).await.unwrap();
    own.sim.start_server(own.servers[0]).unwrap();
    own.sim.player_joins(own.servers[0], "Ashwick").unwrap();
    let (server, players) = next().await;
    assert_eq!(server, Some(ServerId::new(SERVERS[0].cast_signed())));
    assert!(players.is_ok());
    bot.shutdown(Duration::from_secs(1)).await;
    let done = service.end().await;
    assert_eq!(done.code, 0, "{done:?}");
}

/// Python, if this machine has it. In CI it must have it.
pub(super) fn python() -> Option<&'static str> {
    let found = ["python3", "python"].into_iter().find(|name| {
        let mut command = std::process::Command::new(name);
        let command = command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    let is_needed = std::env::var_os("CI").is_some();
    assert!(found.is_some() || !is_needed, "there is no Python");
    found
}

/// The scopes of a bot that uses only what it needs.
pub(super) const SCOPES: &str =
    "ws.group ws.group_servers group.info group.view server.view server.console";

#[tokio::test(flavor = "multi_thread")]
async fn a_script_without_any_library_uses_both_servers_and_sees_a_restart() {
    let Some(python) = python() else {
        return;
    };
    let own = Own::start().await;
    let account = own.add_bot("Example_Bot", &["--scopes", SCOPES]).await;
    let service = own.serve().await;
    let mut command = Command::new(python);
    command
        .arg(files().join("bot.py"))
        .args([&service.token_url, &service.rest_url, &service.socket_url])
        .args([&account.id, &account.secret]);
    restart_is_seen(&own, command).await;
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn alta_jsapi_uses_both_servers_and_sees_a_restart() {
    let Some(packages) = npm::packages().await else {
        return;
    };
    let own = Own::start().await;
    let account = own.add_bot("Example_Bot", &[]).await;
    let user = own
        .json(&["add-user", "Larch", "--role", "Moderator"])
        .await;
    let service = own.serve().await;
    let mut command = npm::node(&files().join("jsapi_bot.js"));
    command
        .arg(packages)
        .args([&service.token_url, &service.rest_url, &service.socket_url])
        .args([&account.id, &account.secret])
        .args(["Larch", user["password"].as_str().unwrap()]);
    let received = restart_is_seen(&own, command).await;
    // The bytes below the websockets are among them.
    assert!(received.contains("Connection Succeeded"));
    service.end().await;
}

/// Runs a script that uses both servers, and restarts the first one. Returns everything that the script received.
pub(super) async fn restart_is_seen(own: &Own, mut command: Command) -> String {
    own.sim.player_joins(own.servers[1], "Ashwick").unwrap();
    let mut child = command
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut received = String::new();
    let mut next = async || {
        loop {
            let line = timeout(BOUND, lines.next_line()).await.unwrap().unwrap();
            let line = line.expect("the script still runs");
            let report: Value = serde_json::from_str(&line).unwrap();
            match report["received"].as_str() {
                Some(text) => received += text,
                None => return report,
            }
        }
    };
    assert_eq!(next().await["did"], "subscribed");
    for (server, players) in SERVERS.into_iter().zip([0, 1]) {
        let listed = next().await;
        assert_eq!(
            (&listed["did"], &listed["server"]),
            (&"listed".into(), &server.into())
        );
        assert_eq!(
            listed["result"]["Result"].as_array().unwrap().len(),
            players,
            "{listed}"
        );
    }
    own.sim.stop_server(own.servers[0]).await.unwrap();
    assert_eq!(next().await["did"], "lost");
    let offline = next().await;
    assert_eq!(offline["did"], "offline", "{offline}");
    assert_ne!(offline["is_online"], true, "{offline}");
    own.sim.start_server(own.servers[0]).unwrap();
    let back = next().await;
    assert_eq!(back["did"], "back", "{back}");
    let status = timeout(BOUND, child.wait()).await.unwrap().unwrap();
    assert!(status.success());
    own.assert_no_token(&received);
    received
}
