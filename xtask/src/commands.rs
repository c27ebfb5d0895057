//! `docs/commands.md`, made from the catalogue of `att-console`.

use crate::{Error, root};
use att_console::catalogue::{Catalogue, Entry, ParameterType, known};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// Writes the page. With `check`, fails if the page is not current.
pub(crate) fn run(check: bool) -> Result<(), Error> {
    let text = page(known())?;
    if !check {
        fs::write(file(), text)?;
        return Ok(());
    }
    if fs::read_to_string(file())? != text {
        return Err("docs/commands.md is not current: run `cargo xtask commands`".into());
    }
    Ok(())
}

fn file() -> PathBuf {
    root().join("docs/commands.md")
}

const HEAD: &str = "\
# Console commands

All commands that public sources name. `cargo xtask commands` writes this page from the catalogue of `att-console`, and
`cargo xtask ci` checks that it is current. `help modules` lists the commands of a server.

A parameter in angle brackets is required, one in square brackets is optional; `…` stands for unknown parameters. A star marks
the commands that bots use most. Townsharp counted the uses, over an unknown period. \"log\" means that the command returns
nothing and writes to the server's log. Functions are those of `att_console::commands`; build every other command with
`Command::new(\"module command\").arg(…)`. The sources are in italics; only TavernLib and tavernpy give the types of parameters,
the others are inferred from the names.

## Types of parameters

| type | written as | known values |
| --- | --- | --- |
";

const COLUMNS: &str = "\
| command | effect | returns | function | uses |
| --- | --- | --- | --- | ---: |
";

fn page(catalogue: &Catalogue) -> Result<String, Error> {
    let mut page = HEAD.to_owned();
    for ParameterType {
        name,
        written,
        values,
        ..
    } in catalogue.types()
    {
        writeln!(page, "| {name} | {written} | {} |", code(values, ", "))?;
    }
    let mut module = "";
    for entry in catalogue.entries() {
        if entry.module() != module {
            module = entry.module();
            write!(page, "\n## {module}\n\n{COLUMNS}")?;
        }
        writeln!(page, "| {} |", cells(entry).join(" | "))?;
    }
    Ok(page)
}

fn cells(entry: &Entry) -> [String; 5] {
    let star = if entry.most_used { "★ " } else { "" };
    let functions = entry
        .overloads
        .iter()
        .filter_map(|way| way.function.as_ref());
    let returns = match entry.returns.as_deref() {
        None => String::new(),
        Some(word @ ("nothing" | "log")) => word.to_owned(),
        Some(kind) => format!("`{kind}`"),
    };
    let cells = [
        format!("{star}{}", code(entry.to_string().lines(), "<br>")),
        about(entry),
        returns,
        code(functions, "<br>"),
        entry.uses.map_or_else(String::new, |uses| uses.to_string()),
    ];
    cells.map(|cell| cell.replace('|', "\\|"))
}

fn about(entry: &Entry) -> String {
    let mut about = vec![entry.description.clone()];
    about.extend(entry.remarks.clone());
    about.extend(entry.caution.iter().map(|caution| format!("**{caution}**")));
    if entry.inferred {
        about.push("(Inferred from the name.)".to_owned());
    }
    if !entry.aliases.is_empty() {
        about.push(format!("Also {}.", code(&entry.aliases, ", ")));
    }
    about.push(format!("*{}*", entry.sources.join(", ")));
    about.retain(|text| !text.is_empty());
    about.join(" ")
}

fn code(words: impl IntoIterator<Item = impl AsRef<str>>, separator: &str) -> String {
    let words: Vec<String> = words
        .into_iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    words.join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_about_the_commands_is_current() {
        run(true).unwrap();
    }
}
