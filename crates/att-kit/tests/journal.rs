//! Journals, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::Sim;
use att_console::{Console, QueueConfig};
use att_kit::ErrorKind;
use att_kit::journal::{EntryKind, Journal, Recording};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use support::{access, config, open, self_hosted, until, within};
use tokio::sync::Semaphore;

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("journal-of-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("journal.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server, a console of it, and a folder for the journal.
struct Town {
    folder: Folder,
    path: PathBuf,
    sim: Sim,
    server: u64,
    console: Console,
}

impl Town {
    async fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let (sim, server) = self_hosted().await;
        Self {
            path: folder.file(),
            folder,
            console: open(&sim, server),
            sim,
            server,
        }
    }

    fn parts(&self) -> (&Path, &Sim, u64, &Console) {
        (&self.path, &self.sim, self.server, &self.console)
    }

    /// Starts a recording, and waits until it gets these events.
    async fn record(&self, journal: &Journal, event: &str) -> Recording {
        let recording = journal.record(&self.console);
        let subscribed = self.sim.wait_for_console_subscription(self.server, event);
        subscribed.await.unwrap();
        recording
    }
}

/// The whole lines: the last one may be in the middle of a write.
fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The type of each line, with the name of an event and the name of a state.
fn shapes(path: &Path) -> Vec<String> {
    let shape = |line: Value| {
        let part = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}{}", part("type"), part("event"), part("state"))
    };
    lines(path).into_iter().map(shape).collect()
}

async fn has(path: &Path, shape: &str) {
    until(shape, || {
        shapes(path).iter().any(|line| line.trim_end() == shape)
    })
    .await;
}

async fn entries(recording: &Recording, count: u64) {
    until("entries", || recording.written().entries >= count).await;
}

#[tokio::test]
async fn events_commands_gaps_and_states_are_lines() {
    let town = Town::new("all").await;
    let (path, sim, server, console) = town.parts();
    sim.offer_console_event(server, "DoorOpened");
    let journal = Journal::to_file(path);
    let recording = town.record(&journal, "CommandExecuted").await;
    sim.player_joins(server, "O'Neil").unwrap();
    has(path, "event PlayerJoined").await;
    console.command("player list").await.unwrap();
    has(path, "event CommandExecuted").await;
    sim.stop_server(server).await.unwrap();
    has(path, "state disconnected").await;
    sim.start_server(server).unwrap();
    has(path, "gap").await;
    sim.player_joins(server, "a\"b\\c").unwrap();
    let joins = || {
        shapes(path)
            .iter()
            .filter(|line| line.starts_with("event PlayerJoined"))
            .count()
    };
    until("the second join", || joins() == 2).await;
    console.close().await;
    let written = within(recording.ended()).await.unwrap();

    let lines = lines(path);
    assert_eq!(written.entries, lines.len() as u64);
    assert_eq!(
        (written.missed, written.gaps, written.problem),
        (0, 1, None)
    );
    let joins: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "PlayerJoined")
        .collect();
    assert_eq!(joins[1]["data"]["user"]["username"], "a\"b\\c");
    assert_eq!(joins[0]["console"], "Thornwood");
    let own = lines
        .iter()
        .find(|line| line["event"] == "CommandExecuted")
        .unwrap();
    assert_eq!(own["own"], true);
    let gap = lines.iter().find(|line| line["type"] == "gap").unwrap();
    assert!(gap["since"].as_str() < gap["until"].as_str(), "{gap}");
    let end: Vec<_> = lines.iter().rev().take(2).collect();
    assert_eq!(
        (&end[0]["type"], &end[1]["state"]),
        (&json!("stopped"), &json!("closed"))
    );
    assert_eq!(lines[0]["type"], "started");
}

#[tokio::test]
async fn the_gap_that_is_open_at_the_end_is_a_line() {
    let town = Town::new("open-gap").await;
    let (path, sim, server, _) = town.parts();
    let journal = Journal::to_file(path).only(["PlayerJoined"]);
    let recording = town.record(&journal, "PlayerJoined").await;
    sim.player_joins(server, "1234").unwrap();
    has(path, "event PlayerJoined").await;
    sim.stop_server(server).await.unwrap();
    has(path, "state disconnected").await;
    let written = within(recording.stop()).await.unwrap();
    assert_eq!(written.gaps, 1);
    let mut lines = lines(path);
    assert_eq!(lines.pop().unwrap()["type"], "stopped");
    let last = lines.pop().unwrap();
    assert_eq!(
        (&last["type"], &last["until"]),
        (&json!("gap"), &Value::Null)
    );
}

#[tokio::test]
async fn the_journal_of_a_closed_console_ends_with_its_gap() {
    let town = Town::new("closed").await;
    let (path, sim, server, console) = town.parts();
    let journal = Journal::to_file(path);
    let recording = town.record(&journal, "PlayerJoined").await;
    sim.stop_server(server).await.unwrap();
    has(path, "state disconnected").await;
    console.close().await;
    within(recording.ended()).await.unwrap();
    let gaps = lines(path).into_iter().filter(|line| line["type"] == "gap");
    assert_eq!(gaps.count(), 1);
}

#[tokio::test]
async fn a_slow_function_loses_nothing_that_is_not_counted() {
    const EVENTS: u64 = 2_000;
    let (sim, server) = self_hosted().await;
    sim.offer_console_event(server, "Counted");
    let queue = QueueConfig::new(64);
    let console = Console::open_with(access(&sim, server), config().queue(queue));
    let gate = Arc::new(Semaphore::new(0));
    let seen = Arc::new(std::sync::Mutex::new((0, 0, None)));
    let journal = Journal::to_function({
        let (gate, seen) = (Arc::clone(&gate), Arc::clone(&seen));
        move |entry| {
            let (gate, seen) = (Arc::clone(&gate), Arc::clone(&seen));
            async move {
                gate.acquire().await.unwrap().forget();
                let mut seen = seen.lock().unwrap();
                match entry.kind {
                    EntryKind::Event { data, .. } => {
                        let number = data["number"].as_u64();
                        assert!(number > seen.2, "in order");
                        seen.2 = number;
                        seen.0 += 1;
                    }
                    EntryKind::Lagged { count, .. } => seen.1 += count,
                    _ => {}
                }
                if seen.0 == 1 {
                    Err("the first one is refused")
                } else {
                    Ok(())
                }
            }
        }
    });
    let recording = journal.only(["Counted"]).record(&console);
    sim.wait_for_console_subscription(server, "Counted")
        .await
        .unwrap();
    let sent = sim.emit_console_events(
        server,
        "Counted",
        EVENTS,
        |number| json!({ "number": number }),
    );
    sent.await.unwrap();
    console.command("player list").await.unwrap();
    gate.add_permits(1_000_000);
    until("all are counted", || {
        let seen = seen.lock().unwrap();
        seen.0 + seen.1 == EVENTS
    })
    .await;
    let written = within(recording.stop()).await.unwrap();
    let (events, lagged, _) = *seen.lock().unwrap();
    assert!(lagged > 0 && events >= 64, "{events} and {lagged}");
    assert_eq!((written.missed, written.failures), (lagged, 1));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_written_later_and_in_order() {
    let town = Town::new("later").await;
    let (path, sim, server, _) = town.parts();
    // The folder cannot be created: there is a file of its name.
    std::fs::write(&town.folder.0, "").unwrap();
    let journal = Journal::to_file(path).only(["PlayerJoined"]);
    let recording = town.record(&journal, "PlayerJoined").await;
    for name in ["J.K.", "-Bee-", "Elder Toad"] {
        sim.player_joins(server, name).unwrap();
    }
    until("a problem", || recording.written().problem.is_some()).await;
    assert_eq!(recording.written().entries, 0);
    std::fs::remove_file(&town.folder.0).unwrap();
    entries(&recording, 5).await;
    let written = within(recording.stop()).await.unwrap();
    assert_eq!(
        (written.entries, written.missed, written.problem),
        (6, 0, None)
    );
    let names = lines(path)
        .into_iter()
        .filter(|line| line["type"] == "event");
    let names: Vec<_> = names
        .map(|line| line["data"]["user"]["username"].clone())
        .collect();
    assert_eq!(names, ["J.K.", "-Bee-", "Elder Toad"]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_an_error_at_the_end_that_names_the_file() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let journal = Journal::to_file("/dev/full").end_timeout(Duration::from_millis(100));
    let recording = journal.only(["PlayerJoined"]).record(&console);
    sim.wait_for_console_subscription(server, "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(server, "Elder Toad").unwrap();
    until("a problem", || recording.written().problem.is_some()).await;
    // The bot is not disturbed.
    console.command("player list").await.unwrap();
    let error = within(recording.stop()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Journal { unwritten: 1 }));
    let text = format!("{error:?}");
    assert!(
        text.contains("/dev/full") && text.contains("No space left"),
        "{text}"
    );
}

#[tokio::test]
async fn a_token_is_in_no_line() {
    let town = Town::new("secrets").await;
    let (path, sim, server, _) = town.parts();
    let token = sim.console_token(server);
    let journal = Journal::to_file(path);
    let recording = town.record(&journal, "InfoLog").await;
    sim.emit_console_event(
        server,
        "InfoLog",
        json!({ "message": format!("token {token}"), "logger": "x" }),
    );
    has(path, "event InfoLog").await;
    within(recording.stop()).await.unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains("InfoLog") && !text.contains(&token), "{text}");
}
