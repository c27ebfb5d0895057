//! Replays conversations of fixtures to the real clients.
//!
//! A scripted server sends the server's frames of the fixture unchanged, except ids, which are the client's own. The frames that
//! our client sends are compared with the client's frames of the fixture, and the values that it returns with the server's.

mod console;
mod console_typed;
mod exceptions;
mod main_socket;
mod main_socket_typed;
mod play;
mod problems;
mod script;
mod server;
mod side;
#[cfg(test)]
mod tests;

use self::play::{Play, TIMEOUT};
use self::problems::Problems;
use crate::Error;
use crate::fixture::Fixture;
use std::future::Future;

/// Checks the conversation of a fixture; returns each check with its problems.
pub(crate) fn conversation(fixture: &Fixture) -> Vec<(String, Vec<String>)> {
    if fixture.recording["frames"].is_null() {
        return Vec::new();
    }
    [("replay", Play::Raw), ("replay, typed", Play::Typed)]
        .into_iter()
        .filter_map(|(check, play)| Some((check.to_owned(), replay(fixture, play)?)))
        .collect()
}

/// Plays one fixture. Returns `None` if it has nothing for this interface.
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

/// Plays a script, and returns the problems.
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

/// Runs a replay on a runtime of its own, with a timeout.
fn run(play: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let played = runtime.block_on(async { tokio::time::timeout(TIMEOUT * 2, play).await });
    played.unwrap_or_else(|_| Err("the replay did not end".into()))
}
