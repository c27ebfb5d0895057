use crate::command::Command;
use crate::config::{Config, WhenNotReady};
use crate::console::Console;
use crate::driver::{Call, Outcome};
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::Frame;
use crate::machine::Order;
use crate::reply::Reply;
use futures_core::future::BoxFuture;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

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

    async fn run(self) -> Result<T, Error> {
        let (line, read) = self.command.into_parts();
        let shared = self.console.shared();
        let line = line.map_err(|problem| {
            let doing = format!("writing a command for {}", shared.label);
            Error::new(ErrorKind::Argument(problem.to_string()), doing)
        })?;
        let doing = format!("running {:?} on {}", abbreviated(&line), shared.label);
        tracing::debug!(console = %shared.label, command = %abbreviated(&line), "running");
        // Held for as long as the caller waits: the frame of a caller that has gone is not sent.
        let alive = Arc::new(());
        let deadline = tokio::time::Instant::now() + self.timeout;
        let order = |reply| {
            Call::Order(Order {
                line,
                timeout: self.timeout,
                deadline: deadline.into_std(),
                when_not_ready: self.when_not_ready,
                owner: Arc::downgrade(&alive),
                reply,
            })
        };
        let frame = self
            .console
            .order(order, deadline, self.timeout)
            .await
            .and_then(|frame| frame.ok_or(ErrorKind::NotReady))
            .and_then(Reply::of);
        match frame {
            Ok(reply) => read(&reply).map_err(|error| {
                let kind = error.kind().clone();
                Error::new(kind, doing)
            }),
            Err(kind) => Err(Error::new(kind, doing)),
        }
    }
}

impl Console {
    /// Hands an order in, waiting for room within its time, and waits for its end.
    async fn order(
        &self,
        order: impl FnOnce(Outcome) -> Call,
        deadline: tokio::time::Instant,
        after: Duration,
    ) -> Result<Option<Frame>, ErrorKind> {
        let (outcome, answer) = oneshot::channel();
        let closed = || ErrorKind::Closed {
            because: self.shared().why_closed(),
        };
        let room = tokio::time::timeout_at(deadline, self.calls().reserve()).await;
        match room {
            Ok(Ok(place)) => place.send(order(Outcome(outcome))),
            Ok(Err(_)) => return Err(closed()),
            Err(_) => {
                let sent = Sent::NotSent;
                return Err(ErrorKind::TimedOut { after, sent });
            }
        }
        answer.await.map_err(|_| closed())?
    }
}

impl<'a, T: 'a> IntoFuture for Run<'a, T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
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
