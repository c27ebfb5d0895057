//! `tale replay`.

use crate::run::{Town, tale};
use pytale::Console;
use pytale::console::event::PlayerJoined;
use pytale::console::{Config, TokenFile};
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
    assert!(unknown.err.contains("no such command"), "{unknown:?}");
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
