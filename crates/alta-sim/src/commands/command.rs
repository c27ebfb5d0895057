use super::arguments::{self, Invalid};
use crate::world::{GameServer, LogLine, Missing, World};
use alta_cloud::wire::json::Node;
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The state of one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    pub(crate) subscriptions: BTreeSet<String>,
    /// The entity that the `select` commands change.
    pub(crate) selection: Option<u64>,
}

/// The output of a command.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// A value and its text.
    Value(Node, String),
    /// No value: the text is `Success`.
    Done,
    /// Text without a value.
    Text(String),
    /// An exception with this message.
    Exception(String),
    /// The text of an exception in place of a value's text.
    ExceptionText(String),
}

impl Output {
    /// An array. Its text is the name of its type.
    pub(crate) fn list(items: Vec<Node>) -> Self {
        Self::Value(
            items.into(),
            "System.Collections.Generic.List`1[System.Object]".to_owned(),
        )
    }

    /// A value whose text is its JSON, or the string itself.
    pub(crate) fn plain(value: impl Into<Node>) -> Self {
        let value = value.into();
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        Self::Value(value, text)
    }

    /// The output of a command that did not find a player or an entity.
    pub(crate) fn null_reference() -> Self {
        Self::ExceptionText(
            "System.NullReferenceException: Object reference not set to an instance of an object"
                .to_owned(),
        )
    }
}

impl From<Invalid> for Output {
    fn from(Invalid(message): Invalid) -> Self {
        Self::Exception(message)
    }
}

impl From<Missing> for Output {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Server(_) => Self::Exception("The server is gone".to_owned()),
            _ => Self::null_reference(),
        }
    }
}

/// The end of a command, whether or not it could be run.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) output: Output,
    pub(crate) spec: Option<&'static Spec>,
    /// The lines that the command has written to the server's log.
    pub(crate) log: Vec<LogLine>,
}

impl Finished {
    pub(crate) fn failed(message: String) -> Self {
        Self {
            output: Output::Exception(message),
            spec: None,
            log: Vec::new(),
        }
    }

    /// The message of the exception, if there was one.
    pub(crate) fn failure(&self) -> Option<String> {
        match &self.output {
            Output::Exception(message) | Output::ExceptionText(message) => Some(message.clone()),
            _ => None,
        }
    }
}

/// The context of a running command.
pub(crate) struct Run<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) session: &'a mut Session,
    pub(crate) server: u64,
    pub(crate) now: Timestamp,
    /// All commands.
    pub(crate) specs: &'static [Spec],
    /// The lines that the command writes to the server's log.
    pub(super) log: Vec<LogLine>,
    pub(super) arguments: Vec<String>,
}

impl Run<'_> {
    /// The argument at an index, or its default; empty if there is neither.
    pub(crate) fn argument(&self, at: usize) -> &str {
        self.arguments.get(at).map_or("", String::as_str)
    }

    pub(crate) fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The game of the console's server.
    pub(crate) fn game(&self) -> Result<&GameServer, Output> {
        Ok(self.world.game(self.server)?)
    }

    pub(crate) fn game_mut(&mut self) -> Result<&mut GameServer, Output> {
        Ok(self.world.game_mut(self.server)?)
    }

    /// The players in a `PlayerList` argument.
    pub(crate) fn players(&self, at: usize) -> Result<Vec<u64>, Output> {
        Ok(arguments::players(self.game()?, self.argument(at))?)
    }

    /// The player in a `Player` argument.
    pub(crate) fn player(&self, at: usize) -> Result<u64, Output> {
        arguments::player(self.game()?, self.argument(at)).ok_or_else(Output::null_reference)
    }

    /// The user in a `UserInfoAccess` argument, who may be offline.
    pub(crate) fn user(&self, at: usize) -> Result<u64, Output> {
        let text = self.argument(at);
        let self_hosted = self.world.is_self_hosted(self.server);
        let mut users = self.world.users(self_hosted).iter();
        let found = users
            .find(|user| user.id.to_string() == text || user.username.eq_ignore_ascii_case(text));
        found
            .map(|user| user.id)
            .ok_or_else(|| Output::Exception(format!("Couldn't find user with identifier {text}")))
    }
}

/// A parameter: its name, its type, and its default if it is optional.
pub(crate) type Parameter = (&'static str, &'static str, Option<&'static str>);

/// The return type of a command without a value.
pub(super) const VOID: &str = "System.Void";
pub(super) const OBJECTS: &str = "System.Collections.Generic.IEnumerable`1[System.Object]";
pub(super) const PLAYERS: Parameter = ("players", "PlayerList", None);
pub(super) const PLAYER: Parameter = ("player", "Player", None);

/// A command.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    /// The words before the arguments. The last is empty for a command that is named after its module.
    pub(crate) path: &'static [&'static str],
    /// Other names for the last word.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) parameters: &'static [Parameter],
    /// `true` if more words than parameters are allowed.
    pub(crate) tail: bool,
    pub(crate) returns: &'static str,
    pub(crate) run: fn(&mut Run<'_>) -> Result<Output, Output>,
}

/// A command without aliases that takes only its parameters.
pub(crate) const fn command(
    path: &'static [&'static str],
    parameters: &'static [Parameter],
    returns: &'static str,
    run: fn(&mut Run<'_>) -> Result<Output, Output>,
) -> Spec {
    Spec {
        path,
        aliases: &[],
        parameters,
        tail: false,
        returns,
        run,
    }
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Spec").field(&self.full_name()).finish()
    }
}

impl Spec {
    /// The words of the command line.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.path.iter().copied().filter(|word| !word.is_empty())
    }

    pub(super) fn name(&self) -> &'static str {
        self.path.last().copied().unwrap_or_default()
    }

    /// `module.command`; sub-modules are separated by spaces.
    pub(super) fn full_name(&self) -> String {
        let (name, modules) = self
            .path
            .split_last()
            .map_or(("", &[][..]), |(name, modules)| (*name, modules));
        format!("{}.{name}", modules.join(" "))
    }

    /// The number of words that name this command at the begin of a line; `None` if they name another.
    pub(crate) fn matches(&self, words: &[String]) -> Option<usize> {
        let length = self.words().count();
        let given = words.get(..length)?;
        let named = self
            .words()
            .zip(given)
            .enumerate()
            .all(|(at, (word, given))| {
                let alias = at + 1 == length
                    && !self.name().is_empty()
                    && self
                        .aliases
                        .iter()
                        .any(|alias| alias.eq_ignore_ascii_case(given));
                alias || word.eq_ignore_ascii_case(given)
            });
        named.then_some(length)
    }
}
