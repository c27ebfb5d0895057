//! Recordings of a simulated server on disks that are full or slow.

use super::file::{LineFile, Rotation};
use super::{Journal, Recording};
use crate::ErrorKind;
use alta_sim::Sim;
use att_console::{Config, Console, ConsoleAccess, Overflow, QueueConfig};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fs::File;
use std::future::{Future, pending};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The timeout of every wait.
const TEST_TIMEOUT: Duration = Duration::from_secs(60);

async fn within<T>(future: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(TEST_TIMEOUT, future).await;
    done.expect("it takes too long")
}

async fn until(mut holds: impl FnMut() -> bool) {
    within(async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// A server that offers numbered events, and a console with a small queue.
struct Town {
    sim: Sim,
    server: u64,
    console: Console,
}

impl Town {
    async fn new() -> Self {
        let sim = Sim::builder().bare().start().await.unwrap();
        let server = sim.add_self_hosted("Thornwood").unwrap();
        sim.offer_console_event(server, "Counted");
        let url = sim.console_url(server).unwrap().parse().unwrap();
        let access = ConsoleAccess::new(url, sim.console_token(server));
        let config = Config::default().queue(QueueConfig::new(64).overflow(Overflow::End));
        let console = Console::open_with(access, config);
        Self {
            sim,
            server,
            console,
        }
    }

    async fn record(&self, journal: &Journal) -> Recording {
        let recording = journal.clone().only(["Counted"]).record(&self.console);
        let subscribed = self
            .sim
            .wait_for_console_subscription(self.server, "Counted");
        subscribed.await.unwrap();
        recording
    }

    /// Sends events with the numbers from `first` on, and waits until the console has them.
    async fn send(&self, first: u64, count: u64) {
        let data = |number| json!({ "number": first + number });
        let sent = self
            .sim
            .emit_console_events(self.server, "Counted", count, data);
        within(sent).await.unwrap();
        within(self.console.command("player list").into_future())
            .await
            .unwrap();
    }
}

/// A file in a folder that is deleted at the end.
struct Target(PathBuf);

impl Target {
    fn new(name: &str) -> Self {
        let name = format!("journal-on-{name}-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder.join("journal.jsonl"))
    }

    fn lines(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        let lines = text.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn types(&self) -> Vec<String> {
        let mut types: Vec<String> = self
            .lines()
            .iter()
            .map(|line| line["type"].as_str().unwrap().to_owned())
            .collect();
        types.dedup();
        types
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap_or(Path::new("")));
    }
}

/// Checks that `count` events are lines, in order, or counted at their place. Returns how many are missing.
fn missing(lines: &[Value], count: u64) -> u64 {
    let (mut next, mut missing) = (0, 0);
    // The time of the last event, and the end of the last hole.
    let (mut last, mut until) = (String::new(), String::new());
    for line in lines {
        let time = |name: &str| line[name].as_str().unwrap().to_owned();
        match line["type"].as_str().unwrap() {
            "event" => {
                assert_eq!(line["data"]["number"], next, "{line}");
                next += 1;
                last = time("at");
                assert!(until <= last, "{until} {line}");
            }
            "lagged" => {
                let lagged = line["count"].as_u64().unwrap();
                next += lagged;
                missing += lagged;
                assert!(last.is_empty() || last == time("since"), "{line}");
                until = time("until");
                assert!(last <= until, "{line}");
            }
            _ => {}
        }
    }
    assert_eq!(next, count);
    missing
}

type Disk = Arc<Mutex<usize>>;

/// A disk with room for so many bytes.
fn small_disk(target: &Target, room: usize) -> (Journal, Disk) {
    let disk = Arc::new(Mutex::new(room));
    let shared = Arc::clone(&disk);
    let write = move |file: &mut File, lines: &[u8]| {
        let room = *shared.lock().unwrap();
        let length = usize::try_from(file.metadata()?.len()).unwrap();
        let fits = lines.len().min(room.saturating_sub(length));
        file.write_all(&lines[..fits])?;
        if fits < lines.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    };
    let file = LineFile::with_writer(target.0.clone(), None, Box::new(write));
    (Journal::to_line_file(file), disk)
}

/// A disk whose writes wait for permits.
fn slow_disk(target: &Target) -> (Journal, Sender<()>) {
    let (permits, permitted): (_, Receiver<()>) = channel();
    let write = move |file: &mut File, lines: &[u8]| {
        // Without permits any more, writes are fast.
        let _ = permitted.recv();
        file.write_all(lines)
    };
    let file = LineFile::with_writer(target.0.clone(), None, Box::new(write));
    (Journal::to_line_file(file), permits)
}

#[tokio::test]
async fn a_disk_that_is_full_and_free_again_loses_only_counted_events() {
    let (town, target) = (Town::new().await, Target::new("a-full-disk"));
    // Full from the start.
    let (journal, disk) = small_disk(&target, 0);
    let recording = town.record(&journal).await;
    town.send(0, 10).await;
    until(|| recording.written().problem.is_some()).await;
    *disk.lock().unwrap() = 5_000;
    // Full in the middle, with more events than the queue holds.
    for first in (10..1_010).step_by(100) {
        town.send(first, 100).await;
    }
    until(|| recording.written().problem.is_some()).await;
    *disk.lock().unwrap() = usize::MAX;
    let written = within(recording.stop()).await.unwrap();
    let missing = missing(&target.lines(), 1_010);
    assert!(missing > 0);
    assert_eq!((written.missed, written.problem), (missing, None));
    assert_eq!(written.entries, target.lines().len() as u64);
}

#[tokio::test]
async fn a_slow_disk_loses_only_counted_events() {
    let (town, target) = (Town::new().await, Target::new("a-slow-disk"));
    let (journal, permits) = slow_disk(&target);
    let recording = town.record(&journal).await;
    for first in (0..1_000).step_by(100) {
        town.send(first, 100).await;
        permits.send(()).unwrap();
    }
    drop(permits);
    let written = within(recording.stop()).await.unwrap();
    let missing = missing(&target.lines(), 1_000);
    assert!(missing > 0);
    assert_eq!((written.missed, written.problem), (missing, None));
    assert_eq!(target.types().last().unwrap(), "stopped");
}

#[tokio::test]
async fn the_loss_at_the_end_is_counted_in_the_error_and_marked_when_the_disk_is_free() {
    for is_closed in [true, false] {
        let (town, target) = (Town::new().await, Target::new("an-end"));
        let (journal, disk) = small_disk(&target, 0);
        let journal = journal.end_timeout(Duration::from_millis(300));
        let recording = town.record(&journal).await;
        town.send(0, 30).await;
        until(|| recording.written().problem.is_some()).await;
        let error = if is_closed {
            town.console.close().await;
            within(recording.ended()).await.unwrap_err()
        } else {
            within(recording.stop()).await.unwrap_err()
        };
        let ErrorKind::Journal { unwritten: 30 } = error.kind() else {
            panic!("{error:?}");
        };
        assert!(
            format!("{error:?}").contains("tried for 300ms"),
            "{error:?}"
        );
        *disk.lock().unwrap() = usize::MAX;
        let other = Town::new().await;
        let recording = other.record(&journal).await;
        within(recording.stop()).await.unwrap();
        // On a busy machine, the last write of the first recording can end now: its lines come before the mark.
        let lines = target.lines();
        let mark = lines.iter().position(|line| line["type"] == "lagged");
        let mark = mark.unwrap();
        assert_eq!(lines[mark]["count"], 30);
        assert_eq!(lines[mark + 1]["type"], "started");
    }
}

#[tokio::test]
async fn a_disk_that_is_free_soon_after_the_end_loses_nothing_and_has_the_states_in_order() {
    let (town, target) = (Town::new().await, Target::new("a-late-disk"));
    let (journal, disk) = small_disk(&target, 0);
    let recording = town.record(&journal).await;
    town.send(0, 30).await;
    until(|| recording.written().problem.is_some()).await;
    town.console.close().await;
    *disk.lock().unwrap() = usize::MAX;
    within(recording.ended()).await.unwrap();
    assert_eq!(missing(&target.lines(), 30), 0);
    assert_eq!(
        target.types(),
        ["started", "state", "event", "state", "stopped"]
    );
}

#[tokio::test]
async fn a_change_of_the_state_during_a_write_is_a_line_without_a_further_event() {
    let (town, target) = (Town::new().await, Target::new("a-slow-disk-with-states"));
    let (journal, permits) = slow_disk(&target);
    let recording = town.record(&journal).await;
    town.sim.stop_server(town.server).await.unwrap();
    let mut statuses = town.console.statuses();
    within(statuses.wait_for(|status| !status.state.is_connected())).await;
    // The recording notes the state, while its first line is being written.
    town.sim.flush().await.unwrap();
    drop(permits);
    until(|| {
        target
            .lines()
            .iter()
            .any(|line| line["state"] == "disconnected")
    })
    .await;
    within(recording.stop()).await.unwrap();
    assert_eq!(target.types(), ["started", "state", "gap", "stopped"]);
}

#[tokio::test]
async fn a_write_or_a_call_that_hangs_does_not_delay_the_end_for_ever() {
    let (town, target) = (Town::new().await, Target::new("a-hanging-disk"));
    let (file, permits) = slow_disk(&target);
    for journal in [file, Journal::to_function(|_| pending::<()>())] {
        let journal = journal.end_timeout(Duration::from_millis(100));
        let recording = town.record(&journal).await;
        town.send(0, 3).await;
        let error = within(recording.stop()).await.unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Journal { unwritten: 3 }),
            "{error:?}"
        );
    }
    // The thread of the write ends.
    drop(permits);
}

#[tokio::test]
async fn files_that_are_rotated_have_each_event_once() {
    let (town, target) = (Town::new().await, Target::new("rotated-files"));
    let rotation = Rotation {
        bytes: 2_000,
        keep: 1_000,
    };
    let file = LineFile::new(target.0.clone(), Some(rotation));
    let recording = town.record(&Journal::to_line_file(file)).await;
    for first in (0..300).step_by(30) {
        town.send(first, 30).await;
        until(|| recording.written().entries > first + 30).await;
    }
    within(recording.stop()).await.unwrap();
    let folder = std::fs::read_dir(target.0.parent().unwrap()).unwrap();
    let mut numbers = HashSet::new();
    let mut files = 0;
    for file in folder {
        files += 1;
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if let Some(number) = line["data"]["number"].as_u64() {
                assert!(numbers.insert(number), "{line}");
            }
        }
    }
    assert!(files > 5, "{files}");
    assert_eq!(numbers.len(), 300);
}
