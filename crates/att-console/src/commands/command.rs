use crate::commands::argument::{Argument, Problem};
use crate::error::Error;
use crate::wire::reply::Reply;
use alta_model::Listing;
use serde::de::DeserializeOwned;
use std::fmt;

/// A command line for a console, with the type `T` of its result: by default the [`Reply`] itself.
///
/// [`commands`](crate::commands) has commands with typed results. Any other command is built from a path and arguments:
///
/// ```
/// use att_console::{Command, Target};
///
/// let command = Command::new("player message")
///     .arg(Target::from("Ashwick"))
///     .arg("Welcome back")
///     .arg(5.0);
/// assert_eq!(command.to_string(), r#"player message "Ashwick" "Welcome back" 5"#);
/// ```
///
/// or given as a string that is sent unchanged: `"player list"` is a command, too.
pub struct Command<T = Reply> {
    line: Result<String, Problem>,
    result: ResultOf<T>,
}

/// Reads the result of a command.
pub(crate) type Reader<T> = fn(&Reply) -> Result<T, Error>;

/// The conversion of a reply to the result of a command.
pub(crate) enum ResultOf<T> {
    Read(Reader<T>),
    /// The result is the reply itself.
    Reply(fn(Reply) -> T),
}

impl<T> ResultOf<T> {
    pub(crate) fn read(self, reply: Reply) -> Result<T, Error> {
        match self {
            Self::Read(read) => read(&reply),
            Self::Reply(take) => Ok(take(reply)),
        }
    }
}

impl<T> Clone for ResultOf<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for ResultOf<T> {}

impl Command {
    /// Starts a command with this path, such as `player message`, without arguments.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            line: Ok(path.into()),
            result: ResultOf::Reply(|reply| reply),
        }
    }

    /// A whole line that is sent unchanged. Nothing in it is escaped: never insert a string that a player chose.
    pub fn raw(line: impl Into<String>) -> Self {
        Self::new(line)
    }
}

impl<T> Command<T> {
    /// Adds an argument.
    ///
    /// With an argument that cannot be written, the command fails with [`ErrorKind::Argument`](crate::ErrorKind::Argument)
    /// before anything is sent.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<Argument>) -> Self {
        self.line = self.line.and_then(|mut line| {
            line.push(' ');
            line.push_str(&argument.into().into_written()?);
            Ok(line)
        });
        self
    }

    /// Adds a part of the line that is sent unchanged, such as a word of a template. Nothing in it is escaped: never pass a string
    /// that a player chose.
    #[must_use]
    pub fn raw_arg(mut self, text: impl AsRef<str>) -> Self {
        self.line = self.line.map(|line| line + " " + text.as_ref());
        self
    }

    /// Adds an argument unless it is `None`.
    #[must_use]
    pub fn optional_arg(self, argument: Option<impl Into<Argument>>) -> Self {
        match argument {
            Some(argument) => self.arg(argument),
            None => self,
        }
    }

    /// Reads the result as a `U`, by [`Reply::read`].
    #[must_use]
    pub fn returning<U: DeserializeOwned>(self) -> Command<U> {
        self.read_by(Reply::read)
    }

    /// Reads the result as a list, by [`Reply::read_list`].
    #[must_use]
    pub fn returning_list<U: DeserializeOwned>(self) -> Command<Listing<U>> {
        self.read_by(Reply::read_list)
    }

    /// Ignores the result.
    #[must_use]
    pub fn returning_nothing(self) -> Command<()> {
        self.read_by(|_| Ok(()))
    }

    /// Returns the whole reply as the result.
    #[must_use]
    pub fn returning_reply(self) -> Command<Reply> {
        Command {
            line: self.line,
            result: ResultOf::Reply(|reply| reply),
        }
    }

    pub(crate) fn read_by<U>(self, read: Reader<U>) -> Command<U> {
        Command {
            line: self.line,
            result: ResultOf::Read(read),
        }
    }

    pub(crate) fn into_parts(self) -> (Result<String, Problem>, ResultOf<T>) {
        (self.line, self.result)
    }
}

impl From<&str> for Command {
    fn from(line: &str) -> Self {
        Self::raw(line)
    }
}

impl From<String> for Command {
    fn from(line: String) -> Self {
        Self::raw(line)
    }
}

impl<T> Clone for Command<T> {
    fn clone(&self) -> Self {
        Self {
            line: self.line.clone(),
            result: self.result,
        }
    }
}

impl<T> fmt::Display for Command<T> {
    /// Writes the line, or the reason why it cannot be sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Ok(line) => f.write_str(line),
            Err(problem) => write!(f, "<{problem}>"),
        }
    }
}

impl<T> fmt::Debug for Command<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}
