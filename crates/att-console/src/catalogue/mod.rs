//! The commands of a console as data: what there is, what each takes, what it returns, who attests it.
//!
//! [`stock`] has the commands that the public sources know. What a given server really has, mods included, it tells
//! itself; [`Catalogue::from_modules`] brings its answer into the same form:
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
mod modules;

pub use complete::Completion;
pub use entry::{Entry, Overload, Parameter, ParameterType};

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// The commands that the public sources know: the community's list of 294, those that only usage statistics or bots
/// attest, and the ones that TavernLib adds.
///
/// Servers and mods differ; see [`Catalogue::from_modules`].
pub fn stock() -> &'static Catalogue {
    static STOCK: LazyLock<Catalogue> =
        // A test reads the file, so that it is never empty.
        LazyLock::new(|| {
            serde_json::from_str(include_str!("../../catalogue.json")).unwrap_or_default()
        });
    &STOCK
}

/// A set of commands, with the types of their parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    types: Vec<ParameterType>,
    commands: Vec<Entry>,
}

impl Catalogue {
    /// The commands, those of a module together.
    pub fn entries(&self) -> &[Entry] {
        &self.commands
    }

    /// The types of parameters that are explained.
    pub fn types(&self) -> &[ParameterType] {
        &self.types
    }

    /// The type of this name.
    pub fn type_named(&self, name: &str) -> Option<&ParameterType> {
        self.types.iter().find(|known| known.name == name)
    }

    /// The command at this path, or of which it is an alias; in any case of letters.
    ///
    /// Also takes the form that answers have as `FullName`: `player.kill`, `select move.exact`, `time.`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        let path: Vec<&str> = words(path).collect();
        self.named(&path)
    }

    /// The command that a line calls, which may have arguments: that of the longest path which begins the line.
    pub fn called_by(&self, line: &str) -> Option<&Entry> {
        self.split(line).map(|(entry, _)| entry)
    }

    /// The command's own words in a line, without its arguments: for logs, which should not hold what players say. Of a
    /// command that is not known, the first word.
    pub(crate) fn words_of(&self, line: &str) -> String {
        let length = self.split(line).map_or(1, |(_, length)| length);
        let words: Vec<&str> = line.split_whitespace().take(length).collect();
        words.join(" ")
    }

    /// The command of a line, and how many of its words are the command's.
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

/// The words of a path; a dot before the last one is as good as a space.
fn words(path: &str) -> impl Iterator<Item = &str> {
    path.split([' ', '.']).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests;
