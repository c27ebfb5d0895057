//! The commands of a console as data: names, parameters, results and sources.
//!
//! [`known()`] has the commands that public sources know. A server itself lists the commands that it has, including those of
//! mods; [`Catalogue::from_modules`] turns its reply into the same form:
//!
//! ```no_run
//! use att_console::{Console, catalogue::Catalogue, commands::help};
//!
//! # async fn run(console: Console) -> Result<(), att_console::Error> {
//! let modules = console.command(help::modules()).await?;
//! let catalogue = Catalogue::from_modules(modules);
//! for completion in catalogue.complete("player te") {
//!     println!("{}", completion.line);
//! }
//! # Ok(())
//! # }
//! ```

mod complete;
mod entry;
mod known;
mod modules;
mod types;

pub use complete::Completion;
pub use entry::{Entry, Overload, Parameter, ParameterType};
pub use known::known;
use serde::{Deserialize, Serialize};

/// A set of commands, with the types of their parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    types: Vec<ParameterType>,
    commands: Vec<Entry>,
}

impl Catalogue {
    /// The commands, grouped by module.
    pub fn entries(&self) -> &[Entry] {
        &self.commands
    }

    /// The types of the parameters.
    pub fn types(&self) -> &[ParameterType] {
        &self.types
    }

    /// The type with this name.
    pub fn parameter_type(&self, name: &str) -> Option<&ParameterType> {
        self.types.iter().find(|known| known.name == name)
    }

    /// The command with this path or alias, ignoring case.
    ///
    /// Also accepts the form of `FullName` in replies: `player.kill`, `select move.exact`, `time.`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let path: Vec<&str> = words(path).collect();
        self.named(&path)
    }

    /// The command of a line, with or without arguments: the command with the longest path at the beginning of the line.
    pub fn command_of_line(&self, line: &str) -> Option<&Entry> {
        self.split(line).map(|(entry, _)| entry)
    }

    /// The words of the command in a line, without its arguments, because players can choose arguments and logs must not show
    /// them. For an unknown command, the first word.
    pub(crate) fn words_of(&self, line: &str) -> String {
        let length = self.split(line).map_or(1, |(_, length)| length);
        let words: Vec<&str> = line.split_whitespace().take(length).collect();
        words.join(" ")
    }

    /// The command of a line, and the number of words in its path.
    fn split(&self, line: &str) -> Option<(&Entry, usize)> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let longest = self.longest_path().min(words.len());
        (1..=longest)
            .rev()
            .find_map(|length| Some((self.named(&words[..length])?, length)))
    }

    fn longest_path(&self) -> usize {
        let lengths = self.commands.iter().flat_map(Entry::names);
        lengths.map(|name| words(name).count()).max().unwrap_or(0)
    }

    fn named(&self, path: &[&str]) -> Option<&Entry> {
        let is = |name: &str| {
            words(name).count() == path.len()
                && words(name)
                    .zip(path)
                    .all(|(word, typed)| word.eq_ignore_ascii_case(typed))
        };
        let mut commands = self.commands.iter();
        commands.find(|entry| entry.names().any(is))
    }
}

/// The words of a path, separated by spaces or dots.
fn words(path: &str) -> impl Iterator<Item = &str> {
    path.split([' ', '.']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
