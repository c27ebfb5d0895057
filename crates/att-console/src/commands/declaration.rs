//! The commands of this library as static data.

use crate::commands::argument::Argument;
use crate::commands::command::Command;

/// A command as its module declares it.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) path: &'static str,
    /// The lines of its documentation: the description up to the first empty line, then the remarks.
    pub(crate) docs: &'static [&'static str],
    pub(crate) aliases: &'static [&'static str],
    /// `None` if no source says so.
    pub(crate) returns: Option<&'static str>,
    pub(crate) forms: &'static [Form],
    pub(crate) sources: &'static [Source],
    pub(crate) caution: Option<&'static str>,
    pub(crate) uses: Option<u64>,
    pub(crate) most_used: bool,
    pub(crate) inferred: bool,
}

impl Declaration {
    pub(super) const fn new(
        path: &'static str,
        docs: &'static [&'static str],
        aliases: &'static [&'static str],
        returns: Option<&'static str>,
        forms: &'static [Form],
        sources: &'static [Source],
    ) -> Self {
        Self {
            path,
            docs,
            aliases,
            returns,
            forms,
            sources,
            caution: None,
            uses: None,
            most_used: false,
            inferred: false,
        }
    }

    pub(super) const fn caution(mut self, caution: &'static str) -> Self {
        self.caution = Some(caution);
        self
    }

    pub(super) const fn uses(mut self, uses: u64) -> Self {
        self.uses = Some(uses);
        self
    }

    pub(super) const fn most_used(mut self) -> Self {
        self.most_used = true;
        self
    }

    /// The description is inferred from the name alone.
    pub(super) const fn inferred(mut self) -> Self {
        self.inferred = true;
        self
    }
}

/// One way to call a command.
#[derive(Debug)]
pub(crate) struct Form {
    /// The full path of the function that writes it.
    pub(crate) function: Option<&'static str>,
    pub(crate) parameters: &'static [Parameter],
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// The name of its type in the catalogue; empty if no source gives it.
    pub(crate) kind: &'static str,
    pub(crate) presence: Presence,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Presence {
    Required,
    /// No source gives its default.
    Optional,
    Default(&'static str),
}

/// A public program or text that attests a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    AltaDashboard,
    AttClient,
    AttDashboard,
    AttPrefabulator,
    AttVoodooServer,
    PyTaleReadme,
    TavernKeeper,
    TavernLauncher,
    TavernLib,
    Tavernpy,
    Townsharp,
    TownsharpCount,
    Vagabot,
}

impl Source {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AltaDashboard => "Alta-Dashboard",
            Self::AttClient => "att-client",
            Self::AttDashboard => "ATT-Dashboard",
            Self::AttPrefabulator => "attprefabulator",
            Self::AttVoodooServer => "att-voodoo-server",
            Self::PyTaleReadme => "the py-tale README",
            Self::TavernKeeper => "TavernKeeper",
            Self::TavernLauncher => "TavernLauncher's list",
            Self::TavernLib => "TavernLib",
            Self::Tavernpy => "tavernpy",
            Self::Townsharp => "Townsharp",
            Self::TownsharpCount => "Townsharp's count",
            Self::Vagabot => "vagabot",
        }
    }

    /// The other sources give names of parameters without their types.
    pub(crate) fn gives_types(self) -> bool {
        matches!(self, Self::TavernLib | Self::Tavernpy)
    }
}

/// Fails the build if an option that is left out before another one cannot be filled with its default.
pub(super) const fn assert_fillable(options: &[Presence]) {
    let mut at = 0;
    while at + 1 < options.len() {
        assert!(
            matches!(options[at], Presence::Default(default) if is_plain(default)),
            "an option that is not the last one needs a default that is one plain word"
        );
        at += 1;
    }
}

const fn is_plain(word: &str) -> bool {
    let bytes = word.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at].is_ascii_graphic() {
        at += 1;
    }
    at == bytes.len()
}

/// Adds the options up to the last one that is set; those before it that are not set get their defaults.
pub(super) fn with_options<T, const N: usize>(
    command: Command<T>,
    options: [Option<Argument>; N],
    defaults: &[Presence],
) -> Command<T> {
    let set = options
        .iter()
        .rposition(Option::is_some)
        .map_or(0, |last| last + 1);
    let written = options.into_iter().zip(defaults).take(set);
    written.fold(command, |command, (option, default)| {
        let default = match default {
            Presence::Default(default) => Some(Argument::bare((*default).to_owned())),
            _ => None,
        };
        command.optional_arg(option.or(default))
    })
}
