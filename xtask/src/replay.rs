//! Fixtures' conversations, played by a scripted server to the real clients.
//!
//! The server says what the fixture has, word for word but for the ids, which are the client's own. What the client sends is
//! compared with what the fixture's client sends, and what it hands out with what the fixture's server says.

mod console;
mod console_typed;
mod exceptions;
mod main_socket;
mod main_socket_typed;
mod script;
mod server;
#[cfg(test)]
mod tests;

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{Error, fixtures::Fixture};

/// Nothing in a replay takes as long as this, unless it fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// The checks of one fixture's conversation, each with its problems.
pub(crate) fn conversation(fixture: &Fixture) -> Vec<(String, Vec<String>)> {
    if fixture.recording["frames"].is_null() {
        return Vec::new();
    }
    [("replay", Play::Raw), ("replay, typed", Play::Typed)]
        .into_iter()
        .filter_map(|(check, play)| Some((check.to_owned(), replay(fixture, play)?)))
        .collect()
}

/// What the client is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Play {
    /// Whole answers and events as JSON, by lines and names as the fixture has it.
    Raw,
    /// Commands by the functions that write them, results and events by their types.
    Typed,
}

/// Plays one fixture; nothing if it holds nothing to play this way.
fn replay(fixture: &Fixture, play: Play) -> Option<Vec<String>> {
    let script = match script::Script::of(fixture, play) {
        Ok(script) => script,
        Err(problem) => return Some(vec![problem]),
    };
    let has_types = if is_console(&script) {
        console_typed::has_types(&script)
    } else {
        main_socket_typed::has_types(&script)
    };
    (play == Play::Raw || has_types).then(|| self::play(&script, play))
}

fn is_console(script: &script::Script) -> bool {
    script.name.starts_with("console/")
}

/// Plays a script, and tells what was wrong.
fn play(script: &script::Script, play: Play) -> Vec<String> {
    let problems = Problems::default();
    let played = run(async {
        if is_console(script) {
            console::play(script, play, &problems).await
        } else {
            main_socket::play(script, play, &problems).await
        }
    });
    if let Err(error) = played {
        problems.add(error.to_string());
    }
    problems.take()
}

/// Runs a play on a runtime of its own, with a bound on its time.
fn run(play: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let played = runtime.block_on(async { tokio::time::timeout(PATIENCE * 2, play).await });
    played.unwrap_or_else(|_| Err("it did not end".into()))
}

/// Waits for something that must happen; what it was is in the error if it does not.
async fn within<T>(what: &str, future: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE / 2, future)
        .await
        .map_err(|_| format!("{what}: nothing came of it").into())
}

/// What was found to be wrong, by the server and by the client's side.
#[derive(Clone, Debug, Default)]
struct Problems(Arc<Mutex<Vec<String>>>);

impl Problems {
    fn add(&self, problem: impl Into<String>) {
        let mut problems = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        problems.push(problem.into());
    }

    /// Adds a problem unless two values are the same.
    fn same<T: PartialEq + std::fmt::Debug>(&self, what: &str, got: &T, recorded: &T) {
        if got != recorded {
            self.add(format!("{what}: got {got:?}, recorded is {recorded:?}"));
        }
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
