//! `help …`: what the server says of its own commands.

use super::read;
use crate::argument::Argument;
use crate::command::Command;
use alta_model::Listing;
use alta_model::console::result::Module;

/// Lists the modules and commands that the server has.
///
/// `help modules`: returns `[Module]`. Long. `Catalogue::from_modules` makes a catalogue of it. Attested by
/// ATT-Dashboard.
#[doc(alias = "help modules")]
pub fn modules() -> Command<Listing<Module>> {
    Command::new("help modules").read_by(read::list)
}

/// Explains a module or a command.
///
/// `help [path: text]`: returns `text`. Types are inferred from the parameters' names. Attested by TavernLauncher's
/// list and ATT-Dashboard.
#[doc(alias = "help")]
pub fn about(path: impl AsRef<str>) -> Command<String> {
    let path = Argument::word("the path", path.as_ref());
    Command::new("help").arg(path).returning()
}

/// Explains a module or a command at length.
///
/// `help full [path: text]`: returns `text`. Types are inferred from the parameters' names. Attested by
/// TavernLauncher's list.
#[doc(alias = "help full")]
pub fn full(path: impl AsRef<str>) -> Command<String> {
    let path = Argument::word("the path", path.as_ref());
    Command::new("help full").arg(path).returning()
}

/// Finds commands by a word.
///
/// `help search <searchString: text>`: what it returns is not attested. What it does is inferred from its name. Types
/// are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "help search")]
pub fn search(word: impl AsRef<str>) -> Command {
    Command::new("help search").arg(Argument::word("the word", word.as_ref()))
}
