use crate::catalogue;
use crate::commands::command::{Command, ResultOf};
use crate::config::WhenNotReady;
use crate::error::{Error, ErrorKind};
use crate::handle::calls::{Calls, WeakCalls};
use crate::machine::PendingCommand;
use crate::shared::{Call, Shared};
use crate::wire::reply::Reply;
use alta_model::ServerId;
use alta_model::console::command_words;
use alta_socket::deadline_after;
use futures_core::future::BoxFuture;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;
use tracing::field::Empty;

/// A command that runs when it is awaited.
#[must_use = "a command does nothing until it is awaited"]
#[derive(Debug)]
pub struct Run<'a, T> {
    handle: Handle<'a>,
    command: Command<T>,
    timeout: Duration,
    when_not_ready: WhenNotReady,
}

/// The handle through which a command is sent.
#[derive(Clone, Copy, Debug)]
enum Handle<'a> {
    Strong(&'a Calls),
    Weak(&'a WeakCalls),
}

impl<'a> Handle<'a> {
    fn shared(self) -> &'a Shared {
        match self {
            Self::Strong(calls) => &calls.shared,
            Self::Weak(calls) => &calls.shared,
        }
    }
}

impl<'a, T> Run<'a, T> {
    pub(super) fn new(calls: &'a Calls, command: Command<T>) -> Self {
        Self::by(Handle::Strong(calls), command)
    }

    pub(super) fn weak(calls: &'a WeakCalls, command: Command<T>) -> Self {
        Self::by(Handle::Weak(calls), command)
    }

    fn by(handle: Handle<'a>, command: Command<T>) -> Self {
        let config = &handle.shared().config;
        Self {
            handle,
            command,
            timeout: config.request_timeout,
            when_not_ready: config.when_not_ready,
        }
    }

    /// Sets the timeout of this command, from the call to the reply.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the rule of this command for a console that is not ready.
    pub fn when_not_ready(mut self, rule: WhenNotReady) -> Self {
        self.when_not_ready = rule;
        self
    }

    /// The span of the command's log lines, inside the caller's span.
    fn span(shared: &Shared, line: &str) -> Span {
        let span = tracing::debug_span!(
            "command",
            console = %shared.label,
            server = shared.config.server.map(ServerId::get),
            command = catalogue::known().words_of(line),
            id = Empty,
        );
        span.in_scope(|| tracing::trace!(line, "queued"));
        span
    }

    /// Returns the whole reply beside the result: `Result` and `ResultString` as the server wrote them, fields that the
    /// result's type lacks, the time.
    ///
    /// ```no_run
    /// # use att_console::{Console, commands::player};
    /// # async fn run(console: Console) -> Result<(), att_console::Error> {
    /// let (players, reply) = console.command(player::list()).with_reply().await?;
    /// println!("{} players at {:?}", players.len(), reply.timestamp());
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_reply(self) -> RunWithReply<'a, T> {
        RunWithReply(self)
    }

    /// Runs the command. `finish` turns the reply into the output.
    async fn run<O>(self, finish: fn(ResultOf<T>, Reply) -> Result<O, Error>) -> Result<O, Error> {
        let (line, result) = self.command.into_parts();
        let shared = self.handle.shared();
        let line = line.map_err(|problem| {
            let doing = format!("writing a command for {}", shared.label);
            Error::new(ErrorKind::Argument(problem.to_string()), doing).caused_by(problem)
        })?;
        // The task has a weak reference: if this future is dropped, the command is not sent.
        let line = Arc::new(line);
        // Formatted only for errors.
        let doing = || format!("running {:?} on {}", abbreviated(&line), shared.label);
        let span = Self::span(shared, &line);
        let deadline = deadline_after(tokio::time::Instant::now().into_std(), self.timeout);
        // Checked before the command waits for room.
        let fails_at_once = self.when_not_ready == WhenNotReady::Fail;
        if fails_at_once && !shared.status.get().is_connected() && !shared.status.get().is_closed()
        {
            return Err(Error::new(ErrorKind::NotReady, doing()));
        }
        let command = |reply| {
            Call::Command(Box::new(PendingCommand {
                line: Arc::downgrade(&line),
                timeout: self.timeout,
                deadline,
                when_not_ready: self.when_not_ready,
                span,
                reply,
            }))
        };
        let outcome = match self.handle {
            Handle::Strong(calls) => {
                calls
                    .command(command, line.len(), deadline, self.timeout)
                    .await
            }
            // Boxed, since most commands have a strong handle.
            Handle::Weak(calls) => Box::pin(calls.command(command, deadline, self.timeout)).await,
        };
        let frame = match outcome {
            Ok(Some(frame)) => frame,
            // Only subscriptions succeed without a frame.
            Ok(None) => return Err(Error::new(ErrorKind::NotReady, doing())),
            Err(kind) => return Err(Error::new(kind, doing())),
        };
        let reply = Reply::new(frame, &shared.redactor);
        if let Some(failure) = reply.failure() {
            let failure = nobody_online(failure, &line);
            return Err(Error::new(failure, doing()).with_reply(reply));
        }
        finish(result, reply).map_err(|error| error.while_doing(doing()))
    }
}

impl<'a, T: 'a> IntoFuture for Run<'a, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run(ResultOf::read))
    }
}

/// A command that runs when it is awaited, and returns its whole reply beside the result. See [`Run::with_reply`].
#[must_use = "a command does nothing until it is awaited"]
#[derive(Debug)]
pub struct RunWithReply<'a, T>(Run<'a, T>);

impl<'a, T: 'a> IntoFuture for RunWithReply<'a, T> {
    type Output = Result<(T, Reply), Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(
            self.0
                .run(|result, reply| Ok((result.read(reply.clone())?, reply))),
        )
    }
}

/// Recognizes the error of a command for everyone on an empty server. Its exact message is not known: a message about players
/// that are not found counts.
fn nobody_online(failure: ErrorKind, line: &str) -> ErrorKind {
    match failure {
        ErrorKind::Server { message, .. }
            if is_for_everyone(line)
                && finds_no_player(&message)
                && !names_another(&message, line) =>
        {
            ErrorKind::NobodyOnline { message }
        }
        failure => failure,
    }
}

/// Returns whether `*` is an argument, before any quoted string.
fn is_for_everyone(line: &str) -> bool {
    let before_texts = line.split(['"', '\'']).next().unwrap_or_default();
    before_texts.split_whitespace().any(|word| word == "*")
}

fn finds_no_player(message: &str) -> bool {
    let message = message.to_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|word| message.contains(word));
    mentions(&[
        "user", "player", "anyone", "anybody", "nobody", "no one", "sequence",
    ]) && mentions(&["find", "found", "no ", "nobody", "not any", "empty", "none"])
}

/// Returns whether the message names an argument after the `*`, such as the target of a teleport of everyone.
fn names_another(message: &str, line: &str) -> bool {
    let mut others = command_words(line)
        .into_iter()
        .skip_while(|word| *word != "*")
        .skip(1);
    others.any(|other| command_words(message).contains(&other))
}

/// Shortens a long line for errors and logs.
fn abbreviated(line: &str) -> String {
    let mut short: String = line.chars().take(80).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_command_for_everyone_that_finds_no_player_fails_with_nobody_online() {
        let kind_of = |line, message: &str| {
            let failure = ErrorKind::Server {
                class: "System.Exception".to_owned(),
                message: message.to_owned(),
            };
            nobody_online(failure, line)
        };
        for message in [
            "Couldn't find user with identifier *",
            "No players online",
            "Sequence contains no elements",
            "Nobody is here",
            "The player list is empty",
        ] {
            let kind = kind_of(r#"player message * "It is noon""#, message);
            assert!(matches!(kind, ErrorKind::NobodyOnline { .. }), "{message}");
        }
        for (line, message) in [
            (
                r#"player message 7 "*""#,
                "Couldn't find user with identifier 7",
            ),
            (
                "player kick Ashwick",
                "Couldn't find user with identifier Ashwick",
            ),
            (
                r#"player message * "a""#,
                "Object reference not set to an instance of an object",
            ),
            ("player set-stat * charm 1", "Couldn't find stat charm"),
            (
                "player teleport * 7",
                "Couldn't find user with identifier 7",
            ),
        ] {
            let kind = kind_of(line, message);
            assert!(matches!(kind, ErrorKind::Server { .. }), "{line}: {kind}");
        }
    }
}
