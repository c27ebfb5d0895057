//! The view of the events: the filter, the pause, and the counters.

use crate::render::EventItem;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// The largest number of lines that a pause keeps: the newest ones.
const MOST_HELD: usize = 200;

/// The largest number of names that are counted each. A server can invent any number of them.
const MOST_NAMES: usize = 200;

/// Shared by the session and the tasks of the subscriptions.
#[derive(Default)]
pub(super) struct View(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    /// The text in lower case that a line must contain.
    filter: Option<String>,
    pause: Option<Pause>,
    counts: BTreeMap<String, u64>,
    /// The events of further names.
    others: u64,
}

#[derive(Default)]
struct Pause {
    held: VecDeque<String>,
    dropped: usize,
}

impl View {
    fn shown(&self) -> std::sync::MutexGuard<'_, Shown> {
        // Each change leaves a valid value.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an item, and returns the line to print now. `None` if the filter or the pause withholds it.
    pub(super) fn take(&self, item: &EventItem) -> Option<String> {
        let mut shown = self.shown();
        if let Some(name) = item.name() {
            shown.count(name);
        }
        if !item.contains(shown.filter.as_deref()) {
            return None;
        }
        let line = item.to_string();
        let Some(pause) = &mut shown.pause else {
            return Some(line);
        };
        if pause.held.len() == MOST_HELD {
            pause.held.pop_front();
            pause.dropped += 1;
        }
        pause.held.push_back(line);
        None
    }

    pub(super) fn set_filter(&self, text: Option<&str>) {
        self.shown().filter = text.map(str::to_lowercase);
    }

    /// Holds the lines of events back. Returns the text for the user.
    pub(super) fn pause(&self) -> &'static str {
        let mut shown = self.shown();
        if shown.pause.is_some() {
            return "already paused; :resume shows the events";
        }
        shown.pause = Some(Pause::default());
        "-- paused; :resume shows the events since now"
    }

    /// Ends the pause. Returns the lines of its events.
    pub(super) fn resume(&self) -> String {
        let Some(pause) = self.shown().pause.take() else {
            return "not paused; :pause holds the events back".to_owned();
        };
        let mut lines: Vec<String> = pause.held.into();
        if pause.dropped > 0 {
            lines.insert(0, format!("-- {} older lines are left out", pause.dropped));
        }
        let count = lines.len();
        lines.push(match count {
            0 => "-- resumed; no event during the pause".to_owned(),
            _ => "-- resumed".to_owned(),
        });
        lines.join("\n")
    }

    /// The number of events of each name, the filtered ones included.
    pub(super) fn counts(&self) -> Vec<[String; 2]> {
        let shown = self.shown();
        let mut rows: Vec<[String; 2]> = shown
            .counts
            .iter()
            .map(|(name, count)| [name.clone(), count.to_string()])
            .collect();
        if shown.others > 0 {
            rows.push(["(other names)".to_owned(), shown.others.to_string()]);
        }
        rows
    }
}

impl Shown {
    fn count(&mut self, name: String) {
        if let Some(count) = self.counts.get_mut(&name) {
            *count += 1;
        } else if self.counts.len() < MOST_NAMES {
            self.counts.insert(name, 1);
        } else {
            self.others += 1;
        }
    }
}
