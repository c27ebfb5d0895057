//! `help …`: the server's description of its own commands.

use alta_model::console::result::Module;

commands! {
    /// Explains a module or a command.
    "help" -> one String { fn about(path: word = _); } by [TavernLauncher, AttDashboard], most_used;

    /// Explains a module or a command in detail.
    "help full" -> one String { fn full(path: word = _); } by [TavernLauncher];

    /// Lists the server's modules and commands.
    ///
    /// Long. `Catalogue::from_modules` turns it into a catalogue.
    "help modules" -> list Module { fn modules(); } by [AttDashboard], most_used;

    /// Finds commands by a word.
    "help search" { (searchString: string); } by [TavernLauncher], inferred;
}
