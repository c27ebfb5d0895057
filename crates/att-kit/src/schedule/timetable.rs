//! The machine of a schedule on one console. It has no I/O: it is fed with both clocks.
//!
//! Intervals follow the monotonic clock, times of day and cron expressions the wall clock, which can jump.

use super::calendar::Calendar;
use crate::clock::NEVER;
use alta_model::Timestamp;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// An occurrence that is noticed later than this is skipped: the clock was set forward, or the machine slept.
pub(super) const LATE: Duration = Duration::from_secs(60);

/// A wall clock is read again after this time, since it can jump.
pub(super) const RECHECK: Duration = Duration::from_secs(20);

/// A wall clock that is set back by at most this repeats no occurrence.
pub(super) const SET_BACK: Duration = Duration::from_secs(2 * 3_600);

/// The most occurrences of an outage that are counted one by one.
const COUNTED: u64 = 100_000;

/// When an entry of a schedule is due.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    Every(Duration),
    Calendar(Calendar),
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) monotonic: Instant,
    pub(super) wall: Timestamp,
}

impl Now {
    pub(super) fn read() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: Timestamp::now(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// Time has passed.
    Tick,
    /// The console is connected again. The runs that were due meanwhile are skipped.
    Resumed,
    /// The run of an entry has ended.
    Ended(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// Run an entry; return its end as [`Input::Ended`].
    Run(usize),
    /// So many runs of an entry are skipped.
    Skipped(usize, u64),
}

#[derive(Debug)]
pub(super) struct Timetable {
    slots: Vec<Slot>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
struct Slot {
    next: Next,
    is_running: bool,
}

#[derive(Debug)]
enum Next {
    Every {
        period: Duration,
        at: Instant,
    },
    Calendar {
        calendar: Calendar,
        /// The newest occurrence that is over.
        last: Timestamp,
        /// `None` if there is none in the next years.
        at: Option<Timestamp>,
    },
}

/// The occurrences that are over since the last look.
struct Passed {
    count: u64,
    /// True if the newest one is too old to run.
    is_late: bool,
}

impl Timetable {
    pub(super) fn new(rules: impl IntoIterator<Item = Rule>, now: Now) -> Self {
        let slots = rules.into_iter().map(|rule| Slot {
            next: Next::new(rule, now),
            is_running: false,
        });
        Self {
            slots: slots.collect(),
            outputs: VecDeque::new(),
        }
    }

    /// The number of entries.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to tick next.
    pub(super) fn deadline(&self, now: Now) -> Option<Instant> {
        self.slots
            .iter()
            .filter_map(|slot| slot.next.deadline(now))
            .min()
    }

    pub(super) fn handle(&mut self, input: Input, now: Now) {
        if let Input::Ended(index) = input
            && let Some(slot) = self.slots.get_mut(index)
        {
            slot.is_running = false;
        }
        for (index, slot) in self.slots.iter_mut().enumerate() {
            if input == Input::Resumed {
                // The runs ended with the connection.
                slot.is_running = false;
            }
            let Passed { count, is_late } = slot.next.pass(now);
            let runs = count > 0 && !is_late && !slot.is_running && input != Input::Resumed;
            let skipped = count - u64::from(runs);
            if skipped > 0 {
                self.outputs.push_back(Output::Skipped(index, skipped));
            }
            if runs {
                slot.is_running = true;
                self.outputs.push_back(Output::Run(index));
            }
        }
    }
}

impl Next {
    fn new(rule: Rule, now: Now) -> Self {
        match rule {
            Rule::Every(period) => {
                let period = period.clamp(Duration::from_millis(1), NEVER);
                Self::Every {
                    period,
                    at: now.monotonic + period,
                }
            }
            Rule::Calendar(calendar) => Self::Calendar {
                last: now.wall,
                at: calendar.next_after(now.wall),
                calendar,
            },
        }
    }

    fn deadline(&self, now: Now) -> Option<Instant> {
        match self {
            Self::Every { at, .. } => Some(*at),
            Self::Calendar { at, .. } => {
                let wait = (*at)?.saturating_duration_since(now.wall);
                Some(now.monotonic + wait.min(RECHECK))
            }
        }
    }

    /// Counts the occurrences that are over, and finds the next one.
    fn pass(&mut self, now: Now) -> Passed {
        match self {
            Self::Every { period, at } => {
                let Some(over) = now.monotonic.checked_duration_since(*at) else {
                    return Passed {
                        count: 0,
                        is_late: false,
                    };
                };
                let more = over.as_nanos() / period.as_nanos();
                let since = over.as_nanos() % period.as_nanos();
                let since = Duration::from_nanos(u64::try_from(since).unwrap_or_default());
                // The next tick of the same sequence.
                *at = now.monotonic + period.saturating_sub(since);
                Passed {
                    count: u64::try_from(more).unwrap_or(u64::MAX - 1) + 1,
                    is_late: false,
                }
            }
            Self::Calendar { calendar, last, at } => {
                let was_set_back = now.wall < *last;
                if was_set_back && last.saturating_duration_since(now.wall) > SET_BACK {
                    *last = now.wall;
                    *at = calendar.next_after(now.wall);
                }
                let mut count = 0;
                while let Some(due) = *at
                    && due <= now.wall
                {
                    count += 1;
                    *last = due;
                    *at = if count < COUNTED {
                        calendar.next_after(due)
                    } else {
                        calendar.next_after(now.wall)
                    };
                }
                Passed {
                    count,
                    is_late: now.wall.saturating_duration_since(*last) > LATE,
                }
            }
        }
    }
}
