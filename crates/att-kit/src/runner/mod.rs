//! The runner, which calls handlers for the sessions, states and events of consoles.

mod condition_streams;
mod console_task;
mod end;
mod event;
mod events;
mod handle;
mod queue_key;
mod run;
#[allow(clippy::module_inception, reason = "the type of the same name")]
mod runner;
mod sessions;
mod set_member;
mod tasks;
mod transitions;
mod unknown_events;

pub use end::End;
pub use event::{Opened, RunnerEvent};
pub use handle::{Finished, RunnerHandle};
pub use runner::Runner;
