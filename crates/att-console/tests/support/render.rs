//! The page about all commands.

use att_console::catalogue::{Catalogue, Entry};
use std::fmt::Write as _;

/// The page about all commands.
pub fn page(catalogue: &Catalogue) -> String {
    let mut page = String::from(HEAD);
    page.push_str(
        "\n## Types of parameters\n\n| type | written as | known values |\n| --- | --- | --- |\n",
    );
    for kind in catalogue.types() {
        let values: Vec<String> = kind
            .values
            .iter()
            .map(|value| format!("`{value}`"))
            .collect();
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            kind.name,
            kind.written,
            values.join(", ")
        );
    }
    let mut module = "";
    for entry in catalogue.entries() {
        if entry.module() != module {
            module = entry.module();
            let _ = write!(
                page,
                "\n## {module}\n\n| command | effect | returns | function | uses |\n"
            );
            page.push_str("| --- | --- | --- | --- | ---: |\n");
        }
        page.push_str(&row(entry));
    }
    page
}

fn row(entry: &Entry) -> String {
    let star = if entry.most_used { "★ " } else { "" };
    let shown = entry.to_string();
    let command: Vec<String> = shown.lines().map(|line| format!("`{line}`")).collect();
    let mut about = vec![entry.description.clone()];
    about.extend(entry.remarks.clone());
    about.extend(
        entry
            .caution
            .as_ref()
            .map(|caution| format!("**{caution}**")),
    );
    if entry.inferred {
        about.push("(Inferred from the name.)".to_owned());
    }
    if let [_, ..] = entry.aliases.as_slice() {
        let aliases: Vec<String> = entry
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        about.push(format!("Also {}.", aliases.join(", ")));
    }
    about.push(format!("*{}*", entry.sources.join(", ")));
    about.retain(|text| !text.is_empty());
    let returns = match entry.returns.as_deref() {
        None => String::new(),
        Some(word @ ("nothing" | "log")) => word.to_owned(),
        Some(kind) => format!("`{kind}`"),
    };
    let builders = entry
        .overloads
        .iter()
        .filter_map(|overload| overload.builder.as_ref());
    let builders: Vec<String> = builders.map(|name| format!("`{name}`")).collect();
    let uses = entry.uses.map_or_else(String::new, |uses| uses.to_string());
    let cells = [
        format!("{star}{}", command.join("<br>")),
        about.join(" "),
        returns,
        builders.join("<br>"),
        uses,
    ];
    let cells = cells.map(|cell| cell.replace('|', "\\|"));
    format!("| {} |\n", cells.join(" | "))
}

const HEAD: &str = "\
# Console commands

All commands that public sources know. A test of `att-console` writes this page from the declarations of the commands, as it
does the functions, the catalogue and the completion. On a given server, `help modules` lists the commands that it really has.

A parameter in angle brackets is required, one in square brackets is optional; `…` stands for unknown parameters. A star marks
the commands that bots use most. Townsharp counted the uses, over an unknown period. \"log\" means that the command returns
nothing and writes to the server's log. Functions are those of `att_console::commands`; build every other command with
`Command::new(\"module command\").arg(…)`. The sources are in italics; only TavernLib and tavernpy give the types of parameters,
the others are inferred from the names.
";
