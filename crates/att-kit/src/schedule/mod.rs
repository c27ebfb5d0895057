//! Work on a clock: every so often, at a time of day, or by a cron expression.

mod calendar;
#[cfg(test)]
mod calendar_tests;
mod entry;
mod run;
#[allow(clippy::module_inception, reason = "the type of the same name")]
mod schedule;
mod timetable;
#[cfg(test)]
mod timetable_tests;

pub use entry::{EntryStatus, ScheduleFailure};
pub use schedule::Schedule;
