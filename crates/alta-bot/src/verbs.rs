//! What py-tale calls by other names than Rust would. Each of these is one line of the bot's own words.

use crate::bot::Bot;
use crate::error::Error;
use crate::open_console::OpenConsole;
use alta_model::ServerId;
use att_console::{Command, Console};
use std::collections::BTreeMap;

impl Bot {
    /// py-tale's name for [`open_console`](Self::open_console). `ensure_open` and `timeout` are
    /// [`OpenConsole::ensure_open`] (py-tale waits 10 s unless told otherwise), `body` is [`OpenConsole::body`].
    ///
    /// ```no_run
    /// # async fn run(bot: alta_bot::Bot, server: alta_bot::ServerId) -> Result<(), alta_bot::Error> {
    /// use std::time::Duration;
    ///
    /// bot.create_console(server).ensure_open(Duration::from_secs(10)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`open_console`](Self::open_console).
    pub fn create_console(&self, server: ServerId) -> OpenConsole<'_> {
        self.open_console(server)
    }

    /// py-tale's name for [`consoles`](Self::consoles): those that are open, by server.
    pub fn get_active_consoles(&self) -> BTreeMap<ServerId, Console> {
        self.consoles().into_iter().collect()
    }

    /// Runs a command on the console of a server: a text as it is, or a typed [`Command`]. [`console`](Self::console)
    /// gives the console, whose [`command`](Console::command) can do more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`](crate::ErrorKind::NotOpen); [`ErrorKind::ArgumentFormat`](crate::ErrorKind::ArgumentFormat)
    /// if an argument cannot be written for certain; [`ErrorKind::Console`](crate::ErrorKind::Console) for all else, with
    /// the console's error as the source, which tells whether the command may have run.
    ///
    /// # Cancel safety
    ///
    /// As [`Console::command`].
    pub async fn send_command_console<T>(
        &self,
        server: ServerId,
        content: impl Into<Command<T>>,
    ) -> Result<T, Error> {
        let console = self.console(server)?;
        let answer = console.command(content).await;
        answer.map_err(|error| {
            Error::of_console(error, format!("running a command on server {server}"))
        })
    }
}
