//! `tale replay`.

use crate::run::{Town, tale};
use pytale::Console;
use pytale::console::event::PlayerJoined;
use pytale::console::{Config, Missed, TokenFile};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Far above the duration of any step, for a busy machine.
const BOUND: Duration = Duration::from_mins(1);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tale"));
    command
        .args(arguments)
        .env("TALE_CONFIG", "/nonexistent/tale.toml")
        .env_remove("TALE_PROFILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Records the reply to `player list` and the event of a player who joins.
async fn record(town: &Town) -> PathBuf {
    let file = town.folder().join("session.jsonl");
    town.world.player_joins("Ashwick").unwrap();
    let port = town.port();
    let server = ["--port", &port, "--token-file", town.token_file()];
    let arguments = ["record", file.to_str().unwrap(), "--sub", "PlayerJoined"];
    let mut child = command(&[&server[..], &arguments].concat())
        .spawn()
        .unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
    let note = timeout(BOUND, notes.next_line()).await.unwrap().unwrap();
    assert!(note.unwrap().starts_with("recording to"));
    town.world.player_joins("Elder Toad").unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The events of a connection come before the replies to later commands.
    stdin.write_all(b"player list\n").await.unwrap();
    drop(stdin);
    assert!(
        timeout(BOUND, child.wait())
            .await
            .unwrap()
            .unwrap()
            .success()
    );
    file
}

/// A running `tale replay` with its port.
async fn replay(file: &Path) -> (Child, String) {
    let file = file.to_str().unwrap();
    let mut child = command(&["replay", file, "--port", "0", "--speed", "1000"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = timeout(BOUND, lines.next_line()).await.unwrap().unwrap();
    let line = line.unwrap();
    let (_, rest) = line.split_once("ws://127.0.0.1:").unwrap();
    let (port, _) = rest.split_once(';').unwrap();
    (child, port.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_gives_the_recorded_results_and_events() {
    let town = Town::start().await;
    let file = record(&town).await;
    let recorded = town.tale(&["exec", "player list"]).await;
    let (_child, port) = replay(&file).await;
    let token = format!("{}.token", file.display());
    let server = ["--port", &port, "--token-file", &token];
    for _ in 0..2 {
        let again = tale(&[&server[..], &["exec", "player list"]].concat()).await;
        assert_eq!((again.code, &again.out), (0, &recorded.out), "{again:?}");
    }
    let unknown = tale(&[&server[..], &["exec", "player kick 7"]].concat()).await;
    assert_eq!(unknown.code, 1, "{unknown:?}");
    assert!(
        unknown.err.contains("has no reply to player kick 7"),
        "{unknown:?}"
    );
    let near = tale(&[&server[..], &["exec", "player lsit"]].concat()).await;
    assert!(near.err.contains("it has one to player list"), "{near:?}");
    let address = Console::parse_address(&format!("127.0.0.1:{port}")).unwrap();
    let console = Console::open_with(TokenFile::new(address, &token), Config::default());
    let mut joins = timeout(BOUND, console.subscribe::<PlayerJoined>())
        .await
        .unwrap()
        .unwrap();
    let joined = timeout(BOUND, joins.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(joined.data.user.username, "Elder Toad");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_refuses_another_token_and_names_a_damaged_line() {
    let town = Town::start().await;
    let file = record(&town).await;
    let (_child, port) = replay(&file).await;
    let wrong = town.folder().join("wrong.txt");
    std::fs::write(&wrong, "of-another-server").unwrap();
    let wrong = wrong.to_str().unwrap();
    let refused = tale(&[
        "--port",
        &port,
        "--token-file",
        wrong,
        "exec",
        "player list",
    ])
    .await;
    assert_eq!(refused.code, 4, "{refused:?}");
    let damaged = town.folder().join("damaged.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[2] = &lines[2][..20];
    std::fs::write(&damaged, lines.join("\n")).unwrap();
    let done = tale(&["replay", damaged.to_str().unwrap(), "--port", "0"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("damaged.jsonl, line 3"), "{done:?}");
}

/// The events that a bot sees until a player with the last name joins, and the reply to a command after that.
async fn seen_by_a_bot(port: &str, token: &str, last: &str) -> Vec<String> {
    let address = Console::parse_address(&format!("127.0.0.1:{port}")).unwrap();
    let console = Console::open_with(TokenFile::new(address, token), Config::default());
    let mut joins = console.subscribe::<PlayerJoined>().await.unwrap();
    let mut seen = Vec::new();
    loop {
        match joins.next().await.unwrap() {
            Ok(joined) => {
                let name = joined.data.user.username;
                seen.push(format!("joined {name}"));
                if name == last {
                    let reply = console.command("player list").await.unwrap();
                    seen.push(reply.result().unwrap().to_string());
                    // The replay has noticed it when this returns.
                    console.close().await;
                    return seen;
                }
            }
            Err(Missed::Gap { .. }) => seen.push("a gap".to_owned()),
            Err(other) => seen.push(other.to_string()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_restart_is_repeated_with_its_events_replies_and_gap() {
    let town = Town::start().await;
    let file = town.folder().join("session.jsonl");
    let port = town.port();
    let server = ["--port", &port, "--token-file", town.token_file()];
    let arguments = ["record", file.to_str().unwrap(), "--sub", "PlayerJoined"];
    let mut child = command(&[&server[..], &arguments].concat())
        .spawn()
        .unwrap();
    let mut notes = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut replies = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut stdin = child.stdin.take().unwrap();
    let note = timeout(BOUND, notes.next_line()).await.unwrap().unwrap();
    assert!(note.unwrap().starts_with("recording to"));
    let mut lists = Vec::new();
    for name in ["Ashwick", "Elder Toad"] {
        if !lists.is_empty() {
            town.world.restart().await.unwrap();
            let again = town.world.wait_for_subscription::<PlayerJoined>();
            again.await.unwrap();
        }
        town.world.player_joins(name).unwrap();
        stdin.write_all(b"player list\n").await.unwrap();
        loop {
            let line = timeout(BOUND, replies.next_line()).await.unwrap().unwrap();
            if line.unwrap().contains(name) {
                break;
            }
        }
        let list = town.tale(&["exec", "--json", "player list"]).await.out;
        lists.push(list.trim().to_owned());
    }
    drop(stdin);
    let status = timeout(BOUND, child.wait()).await.unwrap().unwrap();
    assert!(status.success());
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.matches("\"disconnected\":true").count(), 1, "{text}");

    let (_child, port) = replay(&file).await;
    let token = format!("{}.token", file.display());
    let server = ["--port", &port, "--token-file", &token];
    // The second bot begins the session again.
    for _ in 0..2 {
        // Without a subscription, the time does not begin.
        let list = tale(&[&server[..], &["exec", "--json", "player list"]].concat()).await;
        assert_eq!(list.out.trim(), lists[0], "{list:?}");
        let seen = timeout(BOUND, seen_by_a_bot(&port, &token, "Elder Toad"));
        assert_eq!(
            seen.await.unwrap(),
            ["joined Ashwick", "a gap", "joined Elder Toad", &lists[1]]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_unusable_transcript_is_a_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("session.jsonl");
    let header = r#"{"transcript":1,"started":"2026-01-02T03:04:05Z"}"#;
    for (text, code, said) in [
        (String::new(), 2, "line 1: this is no header"),
        ("PNG\u{0}\r\n".to_owned(), 2, "line 1: this is no header"),
        (
            r#"{"transcript":7,"started":""}"#.to_owned(),
            2,
            "use a newer `tale`",
        ),
        (
            format!("{header}\n{{}}\n{{}}\n"),
            2,
            "line 2: this is no line",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let done = tale(&["replay", file.to_str().unwrap(), "--port", "0"]).await;
        assert_eq!((done.code, done.out.as_str()), (code, ""), "{done:?}");
        assert!(done.err.contains(said), "{done:?}");
    }
    let missing = folder.path().join("none.jsonl");
    let done = tale(&["replay", missing.to_str().unwrap(), "--port", "0"]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.err.contains("none.jsonl"), "{done:?}");

    // The parts that can be used are replayed, with warnings.
    let text = format!(
        "{header}\n{}\n{}",
        r#"{"at":0.1,"direction":"sent","frame":"eyJ-of-a-token"}"#, r#"{"at":0.2,"direc"#
    );
    std::fs::write(&file, text).unwrap();
    // Held until the end of the test.
    let used = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = used.local_addr().unwrap().port().to_string();
    let done = tale(&["replay", file.to_str().unwrap(), "--port", &port]).await;
    assert_eq!(done.code, 6, "{done:?}");
    for said in [
        "line 2: the text is no command",
        "line 3: the end is missing",
        &format!("listening on 127.0.0.1:{port}"),
        "--port 0",
    ] {
        assert!(done.err.contains(said), "{done:?}");
    }
    assert!(!done.err.contains("eyJ-of-a-token"), "{done:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_line_without_an_end_does_not_fill_the_memory() {
    let done = tale(&["replay", "/dev/zero", "--port", "0"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("longer than 256 MiB"), "{done:?}");
}
