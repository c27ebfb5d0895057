//! The events that cause calls.

use super::caller::{Caller, Who};
use super::commands::BotCommands;
use super::console_users::ConsoleUsers;
use super::dispatch::Origin;
use crate::consoles::Consoles;
use crate::error::Error;
use crate::handler_fn::HandlerError;
use crate::handlers::Handlers;
use crate::runner::Runner;
use alta_model::console::event::{CommandExecuted, InfoLog, SocialTabletPlayerReported};
use att_console::Console;
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

impl BotCommands {
    /// The handlers that call the commands: for lines at a console, and for reports with the tablet if there is
    /// [`Builder::on_report`](super::Builder::on_report). Add them to others by [`Handlers::and`].
    ///
    /// The lines of one console are handled one after another, so a command that takes long delays the next one. A panic, an
    /// error and a timeout of a command are failures of a handler.
    pub fn handlers(&self) -> Handlers {
        let commands = self.clone();
        let mut handlers = Handlers::new();
        if self.inner.reads_log {
            // A line is logged before it is executed, and both events are handled in their order.
            handlers = handlers
                .on::<InfoLog>(|console, event| async move {
                    with_users(&console, |users| users.logged(&event.data, Instant::now()));
                })
                .on_missed(|console, _| async move { with_users(&console, ConsoleUsers::clear) });
        }
        let handlers = handlers.on::<CommandExecuted>(move |console, event| {
            let commands = commands.clone();
            async move { commands.executed(console, event.data).await }
        });
        if self.inner.reports.is_empty() {
            return handlers;
        }
        let commands = self.clone();
        handlers.on::<SocialTabletPlayerReported>(move |console, event| {
            let commands = commands.clone();
            async move { commands.reported(console, event.data).await }
        })
    }

    /// Offers the commands on one console, by a [`Runner`] of its own: until the process gets a signal to end
    /// ([`Runner::run`]), or until the console is closed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if the console is refused.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, running commands stop where they wait.
    pub async fn run(&self, console: Console) -> Result<(), Error> {
        let consoles = Consoles::new();
        consoles.add(console.label().to_string(), console);
        Runner::new(consoles, self.handlers()).run().await?;
        Ok(())
    }

    async fn executed(
        &self,
        console: Console,
        executed: CommandExecuted,
    ) -> Result<(), HandlerError> {
        // The server has run it: a command of its own.
        if executed.was_successful == Some(true) {
            return Ok(());
        }
        let reads_log = self.inner.reads_log;
        let user = reads_log.then(|| {
            with_users(&console, |users| {
                users.take(&executed.command, Instant::now())
            })
        });
        let caller = Caller::new(Who::Console(user.flatten()));
        let line = executed.command.into();
        self.dispatch_from(Origin::Console, &console, caller, line)
            .await?;
        Ok(())
    }

    async fn reported(
        &self,
        console: Console,
        report: SocialTabletPlayerReported,
    ) -> Result<(), HandlerError> {
        let lines = self.inner.reports.iter();
        let lines = lines.filter(|(reason, _)| Some(reason) == report.reason.as_ref());
        for (_, line) in lines {
            let origin = Origin::Tablet(report.reported_player.clone());
            let caller = Caller::player(report.reported_by.clone());
            self.dispatch_from(origin, &console, caller, line.clone())
                .await?;
        }
        Ok(())
    }
}

fn with_users<T>(console: &Console, act: impl FnOnce(&mut ConsoleUsers) -> T) -> T {
    let users = console.extension(Mutex::<ConsoleUsers>::default);
    let mut users = users.lock().unwrap_or_else(PoisonError::into_inner);
    act(&mut users)
}
