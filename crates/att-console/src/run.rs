use crate::catalogue;
use crate::command::Command;
use crate::config::{Config, WhenNotReady};
use crate::console::Console;
use crate::driver::{Call, Shared};
use crate::error::{Error, ErrorKind};
use crate::machine::Order;
use crate::reply::Reply;
use alta_model::ServerId;
use alta_socket::later;
use futures_core::future::BoxFuture;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;
use tracing::field::Empty;

/// A command about to run: await it.
#[must_use = "a command does nothing until it is awaited"]
#[derive(Debug)]
pub struct Run<'a, T> {
    console: &'a Console,
    command: Command<T>,
    timeout: Duration,
    when_not_ready: WhenNotReady,
}

impl<'a, T> Run<'a, T> {
    pub(crate) fn new(console: &'a Console, command: Command<T>, config: &Config) -> Self {
        Self {
            console,
            command,
            timeout: config.command_timeout,
            when_not_ready: config.when_not_ready,
        }
    }

    /// Another time limit for this command, from the call to the answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Another rule for this command while the console is not ready.
    pub fn when_not_ready(mut self, rule: WhenNotReady) -> Self {
        self.when_not_ready = rule;
        self
    }

    /// What is logged of the command has its id, and stands in the caller's own context.
    fn span(shared: &Shared, line: &str) -> Span {
        let span = tracing::debug_span!(
            "command",
            console = %shared.label,
            server = shared.config.server.map(ServerId::get),
            command = catalogue::stock().words_of(line),
            id = Empty,
        );
        span.in_scope(|| tracing::trace!(line, "asked"));
        span
    }

    /// The whole answer beside the result: `Result` and `ResultString` as the server wrote them, fields that the result's
    /// type does not have, the time.
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

    async fn run(self) -> Result<(T, Reply), Error> {
        let (line, read) = self.command.into_parts();
        let shared = self.console.shared();
        let line = line.map_err(|problem| {
            let doing = format!("writing a command for {}", shared.label);
            Error::new(ErrorKind::Argument(problem.to_string()), doing)
        })?;
        let line: Arc<str> = line.into();
        // Only written if it is needed: a command that succeeds is the usual case.
        let doing = || format!("running {:?} on {}", abbreviated(&line), shared.label);
        let span = Self::span(shared, &line);
        // Held for as long as the caller waits: the frame of a caller that has gone is not sent.
        let alive = Arc::new(());
        let deadline = later(tokio::time::Instant::now().into_std(), self.timeout);
        // Not even room is waited for then.
        let fails_at_once = self.when_not_ready == WhenNotReady::Fail;
        if fails_at_once && !shared.status.get().is_connected() && !shared.status.get().is_closed()
        {
            return Err(Error::new(ErrorKind::NotReady, doing()));
        }
        let order = |reply| {
            Call::Order(Box::new(Order {
                line: Arc::clone(&line),
                timeout: self.timeout,
                deadline,
                when_not_ready: self.when_not_ready,
                owner: Arc::downgrade(&alive),
                span,
                reply,
            }))
        };
        let answered = self.console.order(order, deadline, self.timeout).await;
        let frame = match answered {
            Ok(Some(frame)) => frame,
            // Only subscriptions end well without a frame.
            Ok(None) => return Err(Error::new(ErrorKind::NotReady, doing())),
            Err(kind) => return Err(Error::new(kind, doing())),
        };
        let reply = Reply::new(frame);
        if let Some(failure) = reply.failure() {
            return Err(Error::new(failure, doing()).answered_by(reply));
        }
        match read(&reply) {
            Ok(result) => Ok((result, reply)),
            Err(error) => Err(error.while_doing(doing())),
        }
    }
}

impl<'a, T: 'a> IntoFuture for Run<'a, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.run().await.map(|(result, _)| result) })
    }
}

/// A command about to run whose whole answer is wanted beside its result: await it. See [`Run::with_reply`].
#[must_use = "a command does nothing until it is awaited"]
#[derive(Debug)]
pub struct RunWithReply<'a, T>(Run<'a, T>);

impl<'a, T: 'a> IntoFuture for RunWithReply<'a, T> {
    type Output = Result<(T, Reply), Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.0.run())
    }
}

/// Long lines are shortened in errors and logs.
fn abbreviated(line: &str) -> String {
    let mut short: String = line.chars().take(80).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}
