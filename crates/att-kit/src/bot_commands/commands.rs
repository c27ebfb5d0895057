use super::caller::Sink;
use super::cursor::{Cursor, REPORTED, same};
use super::declaration::{Declaration, Declared};
use super::limiter::CallLimits;
use crate::error::{Error, ErrorKind};
use crate::handler_fn::HandlerFn;
use crate::handlers::{Work, boxed};
use alta_model::console::event::ReportReason;
use att_console::Console;
use std::fmt;
use std::sync::Arc;

/// The command that lists the others, and describes one of them.
pub(super) const HELP: &str = "help";

/// The bot commands of a program. Clones are handles to the same commands.
#[derive(Clone)]
pub struct BotCommands {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    /// The words with which each line begins.
    pub(super) prefix: Vec<String>,
    /// Longer names first.
    pub(super) commands: Vec<Command>,
    pub(super) reports: Vec<(ReportReason, Arc<str>)>,
    pub(super) console_reply: Option<ConsoleReply>,
    pub(super) limits: CallLimits,
    pub(super) reads_log: bool,
}

type ConsoleReply = Arc<dyn Fn(Console, String) -> Work + Send + Sync>;

/// A bot command with its name, in words.
pub(super) struct Command {
    pub(super) name: Vec<String>,
    pub(super) declared: Declared,
}

/// Declares [`BotCommands`].
#[must_use = "a builder needs `build`"]
#[derive(Default)]
pub struct Builder {
    prefix: Vec<String>,
    commands: Vec<Command>,
    reports: Vec<(ReportReason, Arc<str>)>,
    console_reply: Option<ConsoleReply>,
    limits: CallLimits,
    reads_log: bool,
}

impl BotCommands {
    /// Begins a declaration.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The command that the next words name: the one with the longest name.
    pub(super) fn named(&self, cursor: &mut Cursor) -> Option<&Command> {
        let mut commands = self.inner.commands.iter();
        commands.find(|command| cursor.skip_name(&command.name))
    }
}

impl Inner {
    /// The sink of replies to a console.
    pub(super) fn console_sink(&self, console: &Console) -> Option<Sink> {
        let reply = Arc::clone(self.console_reply.as_ref()?);
        let console = console.clone();
        Some(Arc::new(move |text| reply(console.clone(), text)))
    }
}

impl Builder {
    /// Sets the word with which every line begins, such as `town` in `town heal Ashwick`. Then no command can have the name of
    /// a command of the server, and a mistyped one gets a reply.
    pub fn prefix(mut self, prefix: impl AsRef<str>) -> Self {
        self.prefix = words(prefix.as_ref());
        self
    }

    /// Declares a command. The name is a word or several; it matches in any case.
    pub fn command(
        mut self,
        name: impl AsRef<str>,
        declare: impl FnOnce(Declaration) -> Declared,
    ) -> Self {
        self.commands.push(Command {
            name: words(name.as_ref()),
            declared: declare(Declaration::new()),
        });
        self
    }

    /// Runs this line when a player reports another player with the tablet for this reason, as if the reporter had typed it.
    /// The word `{player}` in it is the reported player: `jail {player} 10`.
    pub fn on_report(mut self, reason: ReportReason, line: impl Into<Arc<str>>) -> Self {
        self.reports.push((reason, line.into()));
        self
    }

    /// Called with the replies to lines at a console, which are only logged by default: to show them to all players, for
    /// example.
    pub fn on_console_reply(mut self, handler: impl HandlerFn<Console, String>) -> Self {
        self.console_reply = Some(boxed(handler));
        self
    }

    /// Reads the account of a console's user from the log of the server: subscribes to `InfoLog`. Without it the user who has typed a
    /// line is unknown. In Alta's cloud each moderator has an account; a self-hosted server has one user for all
    /// consoles, which counts as unknown. If two users type the same line at the same time, both count as unknown.
    pub fn users_from_log(mut self) -> Self {
        self.reads_log = true;
        self
    }

    /// Sets the limit of calls from one console.
    pub fn call_limits(mut self, limits: CallLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Completes the declaration.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] with all mistakes: two commands with one name, names that cannot be typed, and parameters in an
    /// order that no line can satisfy.
    pub fn build(self) -> Result<BotCommands, Error> {
        let problems = self.problems();
        if !problems.is_empty() {
            return Err(Error::new(
                ErrorKind::Config { problems },
                "declaring bot commands",
            ));
        }
        let Self {
            prefix,
            mut commands,
            reports,
            console_reply,
            limits,
            reads_log,
        } = self;
        commands.sort_by_key(|command| std::cmp::Reverse(command.name.len()));
        let inner = Inner {
            prefix,
            commands,
            reports,
            console_reply,
            limits,
            reads_log,
        };
        Ok(BotCommands {
            inner: Arc::new(inner),
        })
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let names = self.commands.iter().map(|command| &command.name);
        for name in names.clone().chain(Some(&self.prefix)) {
            if name.iter().any(|word| !is_typable(word)) {
                problems.push(format!(
                    "the name `{}` has a quote or a control character",
                    name.join(" ")
                ));
            }
        }
        for (at, command) in self.commands.iter().enumerate() {
            let name = command.name.join(" ");
            if command.name.is_empty() {
                problems.push("a command has no name".to_owned());
            }
            if same(&name, HELP) {
                problems.push(format!("the command `{name}` is built in"));
            }
            if names
                .clone()
                .take(at)
                .any(|other| same(&other.join(" "), &name))
            {
                problems.push(format!("there are two commands `{name}`"));
            }
            for problem in command.declared.facts.problems() {
                problems.push(format!("the command `{name}`: {problem}"));
            }
        }
        for (reason, line) in &self.reports {
            let mut cursor = Cursor::new(Arc::clone(line), None);
            if !names
                .clone()
                .any(|name| !name.is_empty() && cursor.skip_name(name))
            {
                problems.push(format!("`{line}` for {} names no command", reason.as_str()));
            }
        }
        problems
    }
}

fn words(name: &str) -> Vec<String> {
    name.split_whitespace().map(str::to_owned).collect()
}

fn is_typable(word: &str) -> bool {
    !word.contains(|sign: char| sign == '"' || sign == '\'' || sign.is_control())
        && word != REPORTED
}

impl Command {
    /// The name as it is typed.
    pub(super) fn title(&self) -> String {
        self.name.join(" ")
    }
}

impl fmt::Debug for BotCommands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.inner.commands.iter().map(Command::title);
        f.debug_list().entries(names).finish()
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.commands.iter().map(Command::title);
        f.debug_list().entries(names).finish()
    }
}
