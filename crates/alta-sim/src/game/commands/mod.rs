//! What the console's commands do. Nothing here knows sockets.

mod items;
mod player;
mod select;
mod server;
mod stats;
#[cfg(test)]
mod tests;
mod websocket;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::arguments::{self, split};
use super::catalogue::Spec;
use crate::json::Node;
use crate::world::{Server, World};

/// What belongs to one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) subscriptions: BTreeSet<String>,
    /// The thing that `select` commands work on.
    pub(crate) selection: Option<u64>,
}

/// How a command was answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answered {
    /// A value and its text.
    Value(Node, String),
    /// The command returns nothing: `Success`.
    Nothing,
    /// Only text.
    Text(String),
    /// An exception with this message.
    Failed(String),
    /// An exception's text where the value's should be.
    FailedInText(String),
}

impl Answered {
    /// A list, whose text is only a type's name.
    pub(crate) fn list(items: Vec<Node>) -> Self {
        Self::Value(
            items.into(),
            "System.Collections.Generic.List`1[System.Object]".to_owned(),
        )
    }

    /// A value whose text is its JSON.
    pub(crate) fn plain(value: impl Into<Node>) -> Self {
        let value = value.into();
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        Self::Value(value, text)
    }

    /// What a command says that looked for somebody who is not there.
    pub(crate) fn null_reference() -> Self {
        Self::FailedInText(
            "System.NullReferenceException: Object reference not set to an instance of an object"
                .to_owned(),
        )
    }
}

/// A command that was run, or could not be.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) answered: Answered,
    pub(crate) spec: Option<&'static Spec>,
}

impl Ran {
    pub(crate) fn failed(message: String) -> Self {
        Self {
            answered: Answered::Failed(message),
            spec: None,
        }
    }

    /// Why it failed, if it did.
    pub(crate) fn failure(&self) -> Option<String> {
        match &self.answered {
            Answered::Failed(message) | Answered::FailedInText(message) => Some(message.clone()),
            _ => None,
        }
    }
}

/// A command being run.
pub(crate) struct Run<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) session: &'a mut Session,
    pub(crate) server: u64,
    pub(crate) now: Timestamp,
    arguments: Vec<String>,
}

impl Run<'_> {
    /// The argument at a place, with the default filled in; empty if there is none.
    pub(crate) fn argument(&self, at: usize) -> &str {
        self.arguments.get(at).map_or("", String::as_str)
    }

    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }

    pub(crate) fn here(&self) -> Result<&Server, Answered> {
        self.world
            .servers
            .get(&self.server)
            .ok_or_else(|| Answered::Failed("The server is gone".to_owned()))
    }

    pub(crate) fn here_mut(&mut self) -> Result<&mut Server, Answered> {
        self.world
            .servers
            .get_mut(&self.server)
            .ok_or_else(|| Answered::Failed("The server is gone".to_owned()))
    }

    /// The players that a `PlayerList` argument names.
    pub(crate) fn players(&self, at: usize) -> Result<Vec<u64>, Answered> {
        arguments::players(self.here()?, self.argument(at))
    }

    /// The player that a `Player` argument names.
    pub(crate) fn player(&self, at: usize) -> Result<u64, Answered> {
        arguments::player(self.here()?, self.argument(at)).ok_or_else(Answered::null_reference)
    }

    /// The account that a `UserInfoAccess` argument names, online or not.
    pub(crate) fn user(&self, at: usize) -> Result<u64, Answered> {
        let text = self.argument(at);
        let self_hosted = self.here()?.self_hosted;
        let mut people = self
            .world
            .people
            .values()
            .filter(|person| person.self_hosted == self_hosted);
        let found = people.find(|person| {
            person.id.to_string() == text || person.username.eq_ignore_ascii_case(text)
        });
        found
            .map(|person| person.id)
            .ok_or_else(|| Answered::Failed(format!("Couldn't find user with identifier {text}")))
    }
}

static SPECS: LazyLock<Vec<Spec>> = LazyLock::new(|| {
    [
        websocket::SPECS,
        player::SPECS,
        stats::SPECS,
        items::SPECS,
        select::SPECS,
        server::SPECS,
    ]
    .concat()
});

/// All commands there are.
pub(crate) fn specs() -> &'static [Spec] {
    &SPECS
}

/// Runs a line.
pub(crate) fn run(
    world: &mut World,
    session: &mut Session,
    server: u64,
    now: Timestamp,
    line: &str,
) -> Ran {
    let words = split(line);
    let booting = world
        .servers
        .get(&server)
        .is_some_and(|server| server.booting);
    let usable = |spec: &&Spec| !booting || spec.path.first() == Some(&"websocket");
    let found = specs()
        .iter()
        .filter(usable)
        .filter_map(|spec| Some((spec, spec.matches(&words)?)))
        .max_by_key(|(_, length)| *length);
    let Some((spec, length)) = found else {
        return Ran::failed(not_found(&words, booting));
    };
    let mut arguments = words[length..].to_vec();
    for (_, _, default) in spec.parameters.iter().skip(arguments.len()) {
        let Some(default) = default else {
            return Ran::failed(format!(
                "Too few parameters for {}",
                spec.words().collect::<Vec<_>>().join(" ")
            ));
        };
        arguments.push((*default).to_owned());
    }
    if arguments.len() > spec.parameters.len() && !spec.tail {
        return Ran::failed(format!(
            "Too many parameters for {}",
            spec.words().collect::<Vec<_>>().join(" ")
        ));
    }
    let mut run = Run {
        world,
        session,
        server,
        now,
        arguments,
    };
    let answered = (spec.run)(&mut run).unwrap_or_else(|failure| failure);
    Ran {
        answered,
        spec: Some(spec),
    }
}

/// The fixture's message, with commands of the same module that look alike.
fn not_found(words: &[String], booting: bool) -> String {
    let alike = |spec: &&Spec| {
        let candidate = spec.words().collect::<Vec<_>>().join(" ");
        let typed = words.join(" ").to_lowercase();
        let mut letters = candidate.chars();
        let inside = typed
            .chars()
            .all(|letter| letters.any(|other| other == letter));
        inside && candidate.len() <= typed.len() + 2
    };
    let names = specs()
        .iter()
        .filter(|_| !booting)
        .filter(alike)
        .map(|spec| format!("{}\n", spec.words().collect::<Vec<_>>().join(" ")));
    format!(
        "[CommandService.Handle] Command not found. Did you mean: \n{}",
        names.collect::<String>()
    )
}
