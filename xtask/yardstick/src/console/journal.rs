//! A journal on a disk that is too slow: a named pipe that is read at about half the rate of the events. Each event must be a line
//! of the journal, or be counted by a line at its place.

use super::events;
use super::ours::open;
use crate::Values;
use crate::args::Job;
use crate::clocks::{resident, values};
use att_kit::journal::Journal;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The largest event, with a number in each.
const NAME: &str = "InventoryChanged";

/// The bytes a second that the disk takes.
const DISK: usize = 1_000_000;

/// The bytes that it takes at once.
const PART: usize = 20_000;

/// The last line, which is not the journal's.
const END: &str = "end";

/// The time for the queue of the stream, after the disk is fast.
const END_TIMEOUT: Duration = Duration::from_secs(60);

/// The memory is read this often.
const SAMPLE: Duration = Duration::from_millis(50);

pub(super) async fn measure(job: &Job) -> Values {
    let pipe = Pipe::new();
    let mut end = pipe.open();
    let is_fast = Arc::new(AtomicBool::new(false));
    let disk = Disk {
        pipe: pipe.open(),
        is_fast: Arc::clone(&is_fast),
    };
    let checked = std::thread::spawn(|| check(disk));

    let console = open(job).await;
    let journal = Journal::to_file(&pipe.0).end_timeout(END_TIMEOUT);
    let recording = journal.only([NAME]).record(&console);
    // The recording has the subscription, too.
    drop(console.subscribe_to([NAME]).await.unwrap());
    let received = || console.status().totals.events;
    let (first, before) = (received(), resident());
    let pace = format!("pace {} {}", job.count, job.seconds);
    console.command(pace).await.unwrap();
    let mut peak = before;
    let (mut last, mut quiet) = (first, Duration::ZERO);
    while last == first || quiet < Duration::from_secs(1) {
        tokio::time::sleep(SAMPLE).await;
        peak = peak.max(resident());
        quiet = if received() == last {
            quiet + SAMPLE
        } else {
            Duration::ZERO
        };
        last = received();
    }
    is_fast.store(true, Ordering::Relaxed);
    let written = recording.stop().await.unwrap();
    writeln!(end, "{END}").unwrap();
    let Checked { lines, marked } = checked.join().unwrap();
    assert_eq!(written.missed, marked);
    let received = (last - first) as f64;
    values([
        ("accounted", (lines + marked) as f64 * 100.0 / received),
        ("lines", lines as f64 / job.seconds),
        ("rss", peak - before),
    ])
}

/// The events that are lines, and those that lines count as missing.
struct Checked {
    lines: u64,
    marked: u64,
}

/// Checks that each event follows the one before, or a line that counts the events between them.
fn check(disk: Disk) -> Checked {
    let numbers = numbers();
    let count = numbers.len() as u64;
    let mut checked = Checked {
        lines: 0,
        marked: 0,
    };
    // The place of the next event in the cycle.
    let mut next = None;
    for line in BufReader::with_capacity(PART, disk).lines() {
        let line = line.unwrap();
        if line == END {
            break;
        }
        let line: Value = serde_json::from_str(&line).unwrap();
        match line["type"].as_str() {
            Some("event") => {
                checked.lines += 1;
                let number = numbers[&line["data"]["ItemHash"].as_u64().unwrap()];
                assert_eq!(number, next.unwrap_or(number), "{line}");
                next = Some((number + 1) % count);
            }
            Some("lagged") => {
                let missing = line["count"].as_u64().unwrap();
                checked.marked += missing;
                next = next.map(|next| (next + missing) % count);
            }
            _ => {}
        }
    }
    checked
}

/// The places of the events in the cycle, by the number in their data.
fn numbers() -> HashMap<u64, u64> {
    let texts = events::texts(&[NAME.to_owned()]);
    let hash = |text: &String| {
        let event: Value = serde_json::from_str(text).unwrap();
        event["data"]["ItemHash"].as_u64().unwrap()
    };
    texts.iter().map(hash).zip(0..).collect()
}

/// A named pipe that is deleted at the end.
struct Pipe(PathBuf);

impl Pipe {
    fn new() -> Self {
        let name = format!("yardstick-journal-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success(), "mkfifo");
        Self(path)
    }

    /// For reading and writing: neither waits for the other side.
    fn open(&self) -> File {
        let path: &Path = &self.0;
        File::options().read(true).write(true).open(path).unwrap()
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The pipe, read slowly.
struct Disk {
    pipe: File,
    is_fast: Arc<AtomicBool>,
}

impl Read for Disk {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let count = self.pipe.read(into)?;
        if !self.is_fast.load(Ordering::Relaxed) {
            let seconds = count as f64 / DISK as f64;
            std::thread::sleep(Duration::from_secs_f64(seconds));
        }
        Ok(count)
    }
}
