//! The commands of a console. This module does no I/O.

mod arguments;
mod catalogue;
mod command;
mod events;
mod items;
mod player;
mod progression;
mod select;
mod server;
mod stats;
#[cfg(test)]
mod tests;
mod websocket;

use self::arguments::split;
use self::command::Run;
pub(crate) use self::command::{Finished, Output, Session, Spec};
use crate::world::World;
use jiff::Timestamp;
use std::sync::LazyLock;

static SPECS: LazyLock<Vec<Spec>> = LazyLock::new(|| {
    [
        websocket::SPECS,
        player::SPECS,
        progression::SPECS,
        stats::SPECS,
        items::SPECS,
        select::SPECS,
        server::SPECS,
    ]
    .concat()
});

/// Runs a command line.
pub(crate) fn run(
    world: &mut World,
    session: &mut Session,
    server: u64,
    now: Timestamp,
    line: &str,
) -> Finished {
    let words = split(line);
    let booting = world
        .servers
        .get(&server)
        .is_some_and(|server| server.booting);
    let usable = |spec: &&Spec| !booting || spec.path.first() == Some(&"websocket");
    let found = SPECS
        .iter()
        .filter(usable)
        .filter_map(|spec| Some((spec, spec.matches(&words)?)))
        .max_by_key(|(_, length)| *length);
    let Some((spec, length)) = found else {
        return Finished::failed(not_found(&words, booting));
    };
    let mut arguments = words[length..].to_vec();
    for (_, _, default) in spec.parameters.iter().skip(arguments.len()) {
        let Some(default) = default else {
            return Finished::failed(format!(
                "Too few parameters for {}",
                spec.words().collect::<Vec<_>>().join(" ")
            ));
        };
        arguments.push((*default).to_owned());
    }
    if arguments.len() > spec.parameters.len() && !spec.tail {
        return Finished::failed(format!(
            "Too many parameters for {}",
            spec.words().collect::<Vec<_>>().join(" ")
        ));
    }
    let mut run = Run {
        world,
        session,
        server,
        now,
        specs: &SPECS,
        log: Vec::new(),
        arguments,
    };
    let output = (spec.run)(&mut run).unwrap_or_else(|exception| exception);
    Finished {
        output,
        spec: Some(spec),
        log: run.log,
    }
}

/// The message of the sample, with the names of similar commands.
fn not_found(words: &[String], booting: bool) -> String {
    let is_similar = |spec: &&Spec| {
        let candidate = spec.words().collect::<Vec<_>>().join(" ");
        let typed = words.join(" ").to_lowercase();
        let mut letters = candidate.chars();
        let inside = typed
            .chars()
            .all(|letter| letters.any(|other| other == letter));
        inside && candidate.len() <= typed.len() + 2
    };
    let names = SPECS
        .iter()
        .filter(|_| !booting)
        .filter(is_similar)
        .map(|spec| format!("{}\n", spec.words().collect::<Vec<_>>().join(" ")));
    format!(
        "[CommandService.Handle] Command not found. Did you mean: \n{}",
        names.collect::<String>()
    )
}
