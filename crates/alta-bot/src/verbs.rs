//! The functions of py-tale whose names differ from those of the bot. Each calls the bot's own function.

use crate::bot::Bot;
use crate::error::Error;
use crate::open_console::OpenConsole;
use alta_model::ServerId;
use att_console::{Command, Console};
use std::collections::BTreeMap;

impl Bot {
    /// py-tale's name for [`open_console`](Self::open_console). Its parameters `ensure_open` and `timeout` are
    /// [`OpenConsole::ensure_open`] (the default of py-tale is 10 s); its parameter `body` is [`OpenConsole::body`].
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

    /// py-tale's name for [`consoles`](Self::consoles): the open consoles by server id.
    pub fn get_active_consoles(&self) -> BTreeMap<ServerId, Console> {
        self.consoles().into_iter().collect()
    }

    /// Runs a command on the console of a server: a command line as a string, or a typed [`Command`].
    /// [`console`](Self::console) returns the console, whose [`command`](Console::command) has more options.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`](crate::ErrorKind::NotOpen); [`ErrorKind::ArgumentFormat`](crate::ErrorKind::ArgumentFormat)
    /// if an argument cannot be written without ambiguity; otherwise [`ErrorKind::Console`](crate::ErrorKind::Console), whose
    /// source is the console's error, with the information whether the command may have run.
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
        let result = console.command(content).await;
        result.map_err(|error| {
            Error::of_console(error, format!("running a command on server {server}"))
        })
    }
}
