//! The catalogue as text: for the page about all commands, and for the functions that write them.

use att_console::catalogue::{Catalogue, Entry, Overload};
use std::fmt::Write as _;

/// How wide a line of documentation is, with its slashes.
const WIDTH: usize = 120;

/// The documentation of the function that writes this overload.
pub fn doc_lines(entry: &Entry, overload: &Overload, indent: &str) -> Vec<String> {
    let mut lines = wrapped(&entry.description, indent);
    lines.push(format!("{indent}///"));
    lines.extend(wrapped(&details(entry, overload), indent));
    lines
}

fn wrapped(text: &str, indent: &str) -> Vec<String> {
    let start = format!("{indent}///");
    let mut lines = vec![start.clone()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if line.len() + 1 + word.len() > WIDTH {
            lines.push(format!("{start} {word}"));
        } else {
            line.push(' ');
            line.push_str(word);
        }
    }
    lines
}

fn details(entry: &Entry, overload: &Overload) -> String {
    let returns = match entry.returns.as_deref() {
        None => "what it returns is not attested".to_owned(),
        Some("nothing") => "returns nothing".to_owned(),
        Some("log") => "returns nothing; what it has to say goes to the server's log".to_owned(),
        Some(other) => format!("returns `{other}`"),
    };
    let mut text = format!("`{}`: {returns}.", signature(entry, overload));
    if let Some(remarks) = &entry.remarks {
        let _ = write!(text, " {remarks}");
    }
    if entry.inferred {
        text.push_str(" What it does is inferred from its name.");
    }
    if overload
        .parameters
        .iter()
        .any(|parameter| parameter.presumed)
    {
        text.push_str(" Types are inferred from the parameters' names.");
    }
    let _ = write!(text, " Attested by {}.", listed(&entry.sources));
    text
}

fn signature(entry: &Entry, overload: &Overload) -> String {
    let mut text = entry.path.clone();
    for parameter in &overload.parameters {
        let _ = write!(text, " {parameter}");
    }
    text
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// The page about all commands.
pub fn page(catalogue: &Catalogue) -> String {
    let mut page = String::from(HEAD);
    page.push_str("\n## Types of parameters\n\n| type | is written as | known values |\n| --- | --- | --- |\n");
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
                "\n## {module}\n\n| command | what it does | returns | function | uses |\n"
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

The commands that the public sources know. This page is written by a test of `att-console` from `catalogue.json`, from
which completion and the documentation of the functions come, too. The truth on a given server is `help modules`.

A parameter in angle brackets must be given, one in square brackets may be left out; `…` stands for parameters that
nobody attests. A star marks what bots use most; the uses were counted by Townsharp, over a period not given. \"log\" means:
returns nothing, and writes to the server's log. Functions are those of `att_console::commands`; every other command is
written as `Command::new(\"module command\").arg(…)`. Where the parameters stand without a source for their types, the types
are inferred from the names.
";
