//! The catalogue of this library, from the declarations of its commands.

use super::types::types;
use super::{Catalogue, Entry, Overload, Parameter};
use crate::commands::DECLARATIONS;
use crate::commands::declaration::{self, Declaration, Presence, Source};
use std::sync::LazyLock;

/// The commands that public sources know: the community's list of 294 commands, those that only usage statistics or bots
/// attest, and those that TavernLib adds.
///
/// Servers and mods differ; see [`Catalogue::from_modules`].
pub fn known() -> &'static Catalogue {
    static KNOWN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue {
        types: types(),
        commands: DECLARATIONS.iter().copied().flatten().map(entry).collect(),
    });
    &KNOWN
}

fn entry(declared: &Declaration) -> Entry {
    let mut paragraphs = declared.docs.split(|line| line.trim().is_empty());
    let description = paragraphs.next().map(joined).unwrap_or_default();
    let remarks: Vec<String> = paragraphs.map(joined).collect();
    let gives_types = declared.sources.iter().any(|source| source.gives_types());
    Entry {
        path: declared.path.to_owned(),
        description,
        aliases: owned(declared.aliases),
        overloads: declared
            .forms
            .iter()
            .map(|form| overload(form, !gives_types))
            .collect(),
        returns: declared.returns.map(str::to_owned),
        remarks: (!remarks.is_empty()).then(|| remarks.join(" ")),
        caution: declared.caution.map(str::to_owned),
        uses: declared.uses,
        most_used: declared.most_used,
        inferred: declared.inferred,
        sources: declared
            .sources
            .iter()
            .map(|source: &Source| source.name().to_owned())
            .collect(),
    }
}

fn overload(form: &declaration::Form, inferred: bool) -> Overload {
    let parameter = |parameter: &declaration::Parameter| Parameter {
        name: parameter.name.to_owned(),
        r#type: parameter.kind.to_owned(),
        inferred: inferred && !parameter.kind.is_empty(),
        optional: !matches!(parameter.presence, Presence::Required),
        default: match parameter.presence {
            Presence::Default(default) => Some(default.to_owned()),
            Presence::Required | Presence::Optional => None,
        },
    };
    Overload {
        parameters: form.parameters.iter().map(parameter).collect(),
        function: form
            .function
            .and_then(|path| path.split_once("::commands::"))
            .map(|(_, function)| function.to_owned()),
    }
}

/// The lines of a paragraph as one.
fn joined(lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
