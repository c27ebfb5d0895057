use super::call::Call;
use super::caller::{Caller, Who};
use super::commands::{BotCommands, Command, HELP};
use super::cursor::Cursor;
use super::declaration::Refused;
use super::invalid::{Invalid, quoted};
use super::limiter::Limiter;
use crate::calls::Known;
use crate::failure::FailureKind;
use crate::handler_fn::HandlerError;
use crate::hints::did_you_mean;
use crate::panics::catch_panic;
use alta_model::{User, chain, escaped};
use att_console::Console;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;
use tracing::{debug, warn};

/// The longest mistyped name for which near names are searched, in bytes.
const LONGEST_NAME: usize = 64;

/// The outcome of a line. The caller has received the reply.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Dispatched {
    /// The command has run, or help has replied.
    Ran,
    /// An argument is missing or invalid. The command did not run.
    Invalid(Invalid),
    /// The caller may not run the command.
    NotAllowed,
    /// The line begins with no bot command. A caller at a console gets no reply, unless there is a prefix: the line is for
    /// the server, or for another program.
    NoSuchCommand,
    /// The console has caused too many calls: see [`CallLimits`](super::CallLimits). There is no reply.
    TooOften,
}

/// The origin of a line.
pub(super) enum Origin {
    /// An event of the server about a line that was typed at a console: with the prefix. It can be a reply of another program.
    Console,
    /// A report with the tablet, about this player.
    Tablet(User),
    /// The program.
    Program,
}

/// The part of a line that names a command.
enum Named<'c> {
    Command(&'c Command),
    Help,
    Nothing,
}

impl BotCommands {
    /// Runs a line that the program has received for a console, such as a message of a chat: without the prefix. Replies go
    /// to the caller.
    ///
    /// ```no_run
    /// # use att_kit::bot_commands::{BotCommands, Caller};
    /// # async fn run(commands: BotCommands, console: att_console::Console) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// let ashwick = Caller::named("chat 4711").replying(|text| async move { println!("{text}") });
    /// commands.dispatch(&console, ashwick, "heal Brambletoe").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The failure of the command: its error, a panic or a timeout. The caller has received it, too. Invalid arguments and
    /// missing permissions are no failures.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the command stops where it waits.
    pub async fn dispatch(
        &self,
        console: &Console,
        caller: Caller,
        line: impl Into<Arc<str>>,
    ) -> Result<Dispatched, HandlerError> {
        let origin = Origin::Program;
        self.dispatch_from(origin, console, caller, line.into())
            .await
    }

    pub(super) async fn dispatch_from(
        &self,
        origin: Origin,
        console: &Console,
        mut caller: Caller,
        line: Arc<str>,
    ) -> Result<Dispatched, HandlerError> {
        let prefix = match origin {
            Origin::Console => self.inner.prefix.as_slice(),
            _ => &[],
        };
        let is_from_console = matches!(origin, Origin::Console);
        let reported = match origin {
            Origin::Tablet(user) => Some(user),
            _ => None,
        };
        let mut cursor = Cursor::new(Arc::clone(&line), reported);
        if !cursor.skip_name(prefix) {
            return Ok(Dispatched::NoSuchCommand);
        }
        let named = self.find(&mut cursor, !prefix.is_empty());
        if matches!(named, Named::Nothing) && is_from_console && prefix.is_empty() {
            return Ok(Dispatched::NoSuchCommand);
        }
        if is_from_console && !self.admits(console, &line) {
            return Ok(Dispatched::TooOften);
        }
        if matches!(caller.who(), Who::Console(_)) && caller.sink().is_none() {
            caller.set_sink(self.inner.console_sink(console));
        }
        let call = Call {
            console: console.clone(),
            caller,
            line,
        };
        match named {
            Named::Command(command) => self.run_command(command, call, cursor, prefix).await,
            Named::Help => {
                let help = self.help(&call, cursor, prefix).await;
                call.reply(help.map_err(|error| failed(HELP, &error))?)
                    .await;
                Ok(Dispatched::Ran)
            }
            Named::Nothing => {
                call.reply(self.no_such_command(&mut cursor, prefix)).await;
                Ok(Dispatched::NoSuchCommand)
            }
        }
    }

    fn find(&self, cursor: &mut Cursor, has_prefix: bool) -> Named<'_> {
        if let Some(command) = self.named(cursor) {
            return Named::Command(command);
        }
        if cursor.skip_name(&[HELP.to_owned()]) || (has_prefix && cursor.is_at_end()) {
            return Named::Help;
        }
        Named::Nothing
    }

    fn no_such_command(&self, cursor: &mut Cursor, prefix: &[String]) -> String {
        let typed = cursor
            .word("command")
            .map(|word| word.text)
            .unwrap_or_default();
        let near = if typed.len() > LONGEST_NAME {
            Vec::new()
        } else {
            self.nearest(&typed)
        };
        let help: Vec<_> = prefix.iter().map(String::as_str).chain([HELP]).collect();
        let (typed, near, help) = (quoted(&typed), did_you_mean(&near), help.join(" "));
        format!("there is no command {typed}{near} (`{help}` lists all)")
    }

    fn admits(&self, console: &Console, line: &str) -> bool {
        let limiter = console.extension(Mutex::<Limiter>::default);
        let mut limiter = limiter.lock().unwrap_or_else(PoisonError::into_inner);
        let admits = limiter.admits(line, &self.inner.limits, Instant::now());
        drop(limiter);
        if !admits {
            warn!(
                console = %console.label(), line = %escaped(line).at_most(200),
                "a bot command is not run: the console has caused too many calls, possibly in a loop with another program"
            );
        }
        admits
    }

    async fn run_command(
        &self,
        command: &Command,
        call: Call,
        cursor: Cursor,
        prefix: &[String],
    ) -> Result<Dispatched, HandlerError> {
        let title = command.title();
        match command.allows(&call).await {
            Ok(true) => {}
            Ok(false) => {
                debug!(command = title, caller = %call.caller.who(), "a caller may not run a bot command");
                call.reply(format!("you may not run `{title}`")).await;
                return Ok(Dispatched::NotAllowed);
            }
            Err(error) => {
                call.reply(format!("`{title}` failed: your permission is not known"))
                    .await;
                return Err(failed(&title, &error));
            }
        }
        let invalid = match cursor.check() {
            Ok(()) => match work(command, &call, cursor).await {
                Ok(reply) => {
                    if let Some(reply) = reply.filter(|reply| !reply.is_empty()) {
                        call.reply(reply).await;
                    }
                    return Ok(Dispatched::Ran);
                }
                Err(Ended::Invalid(invalid)) => invalid,
                Err(Ended::Failed(kind)) => {
                    let reason = match &kind {
                        FailureKind::Panicked(_) => "it has a bug".to_owned(),
                        other => other.to_string(),
                    };
                    call.reply(format!("`{title}` failed: {reason}")).await;
                    return Err(Known::new(description(&title), kind).into());
                }
            },
            Err(invalid) => invalid,
        };
        let usage = command.usage(prefix);
        call.reply(format!("{invalid}\nUsage: {usage}")).await;
        Ok(Dispatched::Invalid(invalid))
    }
}

enum Ended {
    Invalid(Invalid),
    Failed(FailureKind),
}

/// Calls the function of the command.
async fn work(command: &Command, call: &Call, cursor: Cursor) -> Result<Option<String>, Ended> {
    let declared = &command.declared;
    let limit = declared.facts.timeout;
    let work = catch_panic((declared.work)(call.clone(), cursor));
    match tokio::time::timeout(limit, work).await {
        Ok(Ok(Ok(reply))) => Ok(reply),
        Ok(Ok(Err(Refused::Invalid(invalid)))) => Err(Ended::Invalid(invalid)),
        Ok(Ok(Err(Refused::Failed(error)))) => Err(Ended::Failed(FailureKind::Failed(
            chain(&*error).to_string(),
        ))),
        Ok(Err(panic)) => Err(Ended::Failed(FailureKind::Panicked(panic))),
        Err(_) => Err(Ended::Failed(FailureKind::TimedOut(limit))),
    }
}

fn failed(title: &str, error: &HandlerError) -> HandlerError {
    Known::new(
        description(title),
        FailureKind::Failed(chain(&**error).to_string()),
    )
    .into()
}

fn description(title: &str) -> String {
    format!("the bot command `{title}`")
}
