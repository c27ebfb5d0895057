//! The steps that happened, and the number of events that arrived.

use super::report::Summary;
use pytale::prelude::Missed;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The counters of the demo's tasks.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) console_events: AtomicU64,
    pub(crate) main_events: AtomicU64,
    pub(crate) lagged: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) failed_commands: AtomicU64,
    pub(crate) greetings: AtomicU64,
    pub(crate) layers: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) recovered: AtomicU64,
    pub(crate) migrated: AtomicBool,
    pub(crate) listed: AtomicBool,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

impl Tally {
    /// Counts missed events. Returns the length of a gap in seconds.
    pub(crate) fn miss(&self, missed: &Missed) -> Option<f64> {
        match missed {
            Missed::Lagged(count) => {
                self.lagged.fetch_add(*count, Ordering::Relaxed);
            }
            Missed::Gap { .. } => count(&self.gaps),
            // The event arrived and could not be decoded: it counts as missed, too.
            _ => count(&self.lagged),
        }
        missed.gap_length().map(|length| length.as_secs_f64())
    }

    /// Returns whether the bot has read as many events as the simulator sent on open connections.
    pub(crate) fn has_all(&self, sent_to_consoles: u64, sent_to_main_sockets: u64) -> bool {
        self.missed(sent_to_consoles, sent_to_main_sockets) == read(&self.lagged)
    }

    fn missed(&self, sent_to_consoles: u64, sent_to_main_sockets: u64) -> u64 {
        let unread = |sent: u64, got: &AtomicU64| sent.saturating_sub(read(got));
        let lagged = read(&self.lagged);
        let unread = unread(sent_to_consoles, &self.console_events)
            + unread(sent_to_main_sockets, &self.main_events);
        // Lagged events were sent and not read, too.
        unread.max(lagged)
    }

    pub(crate) fn summary(&self, sent_to_consoles: u64, sent_to_main_sockets: u64) -> Summary {
        Summary {
            events: read(&self.console_events) + read(&self.main_events),
            commands: read(&self.commands),
            missed: self.missed(sent_to_consoles, sent_to_main_sockets),
            reconnects: read(&self.recovered),
            gaps: read(&self.gaps),
        }
    }

    /// The steps that are missing.
    pub(crate) fn missing_steps(&self) -> Vec<&'static str> {
        let seen = |counter: &AtomicU64| read(counter) > 0;
        let flag = |flag: &AtomicBool| flag.load(Ordering::Relaxed);
        [
            (seen(&self.greetings), "a player was greeted"),
            (seen(&self.layers), "a cave layer was announced"),
            (seen(&self.lost), "the console was lost"),
            (seen(&self.recovered), "the console came back"),
            (seen(&self.gaps), "the gap was reported"),
            (flag(&self.migrated), "the main websocket was moved"),
            (flag(&self.listed), "the players were listed"),
            (!seen(&self.failed_commands), "every command succeeded"),
        ]
        .into_iter()
        .filter_map(|(happened, what)| (!happened).then_some(what))
        .collect()
    }
}
