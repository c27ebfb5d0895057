//! The lines that begin with a colon: they are for the program, not for the server.

use crate::macros;
use crate::settings::nearest;
use std::path::PathBuf;
use std::time::Duration;

/// A directive in the help and in completions.
pub(super) struct Description {
    pub(super) name: &'static str,
    parameters: &'static str,
    effect: &'static str,
}

pub(super) const DIRECTIVES: [Description; 15] = [
    describe(":sub", "EVENT ...", "subscribe to events; * for all"),
    describe(
        ":unsub",
        "[EVENT ...]",
        "end subscriptions; all without a name",
    ),
    describe(
        ":filter",
        "[TEXT]",
        "show only events that contain the text; all without a text",
    ),
    describe(":pause", "", "hold the lines of events back"),
    describe(":resume", "", "show the events since :pause"),
    describe(":count", "", "the number of events of each name"),
    describe(
        ":watch",
        "[SECONDS COMMAND]",
        "repeat a command; without arguments, end all repetitions",
    ),
    describe(
        ":macro",
        "[NAME [ARGUMENT ...]]",
        "run a macro, or list all; NAME = COMMAND; wait 2; COMMAND {1} defines one, NAME - removes it",
    ),
    describe(
        ":record",
        "[[--anonymize] FILE]",
        "write all frames to a transcript, without names and ids on request; without a file, end it",
    ),
    describe(":players", "", "the online players"),
    describe(":status", "", "the state of the connection"),
    describe(
        ":reconnect",
        "",
        "connect now, without waiting for the next attempt",
    ),
    describe(
        ":help",
        "[COMMAND]",
        "this list, or the parameters of a command",
    ),
    describe(":clear", "", "clear the screen"),
    describe(":quit", "", "leave, as Ctrl-D does"),
];

const fn describe(
    name: &'static str,
    parameters: &'static str,
    effect: &'static str,
) -> Description {
    Description {
        name,
        parameters,
        effect,
    }
}

#[derive(Debug, PartialEq)]
pub(super) enum Directive {
    Sub(Vec<String>),
    Unsub(Vec<String>),
    Filter(Option<String>),
    Pause,
    Resume,
    Count,
    Watch { every: Duration, command: String },
    EndWatches,
    Macro(MacroDirective),
    Record { file: PathBuf, anonymize: bool },
    EndRecord,
    Players,
    Status,
    Reconnect,
    Help(Option<String>),
    Clear,
    Quit,
}

/// `:macro` with its arguments.
#[derive(Debug, PartialEq)]
pub(super) enum MacroDirective {
    List,
    Run {
        name: String,
        arguments: Vec<String>,
    },
    Define {
        name: String,
        steps: String,
    },
    Remove(String),
}

/// Parses a line with a colon at its beginning. The error names the correct use.
pub(super) fn parse(line: &str) -> Result<Directive, String> {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let words = || {
        rest.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let text = || (!rest.is_empty()).then(|| rest.to_owned());
    match name {
        ":sub" if rest.is_empty() => Err(usage(":sub")),
        ":sub" => Ok(Directive::Sub(words())),
        ":unsub" => Ok(Directive::Unsub(words())),
        ":filter" => Ok(Directive::Filter(text())),
        ":pause" => Ok(Directive::Pause),
        ":resume" => Ok(Directive::Resume),
        ":count" => Ok(Directive::Count),
        ":watch" if rest.is_empty() => Ok(Directive::EndWatches),
        ":watch" => watch(rest),
        ":macro" => Ok(Directive::Macro(macro_directive(rest))),
        ":record" if rest.is_empty() => Ok(Directive::EndRecord),
        ":record" => record(rest),
        ":players" => Ok(Directive::Players),
        ":status" => Ok(Directive::Status),
        ":reconnect" => Ok(Directive::Reconnect),
        ":help" => Ok(Directive::Help(text())),
        ":clear" => Ok(Directive::Clear),
        ":quit" => Ok(Directive::Quit),
        _ => Err(
            match nearest(name, DIRECTIVES.iter().map(|known| known.name)) {
                Some(near) => format!("there is no {name}; did you mean {near}?"),
                None => format!("there is no {name}; :help lists the directives"),
            },
        ),
    }
}

fn macro_directive(rest: &str) -> MacroDirective {
    let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (name, rest) = (name.to_owned(), rest.trim());
    if name.is_empty() {
        return MacroDirective::List;
    }
    match rest.strip_prefix('=') {
        Some(steps) => MacroDirective::Define {
            name,
            steps: steps.to_owned(),
        },
        None if rest == "-" => MacroDirective::Remove(name),
        None => MacroDirective::Run {
            name,
            arguments: macros::arguments(rest),
        },
    }
}

fn record(rest: &str) -> Result<Directive, String> {
    let (option, file) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (file, anonymize) = match option {
        "--anonymize" => (file.trim(), true),
        _ => (rest, false),
    };
    if file.is_empty() || file.starts_with("--") {
        return Err(usage(":record"));
    }
    let file = PathBuf::from(file);
    Ok(Directive::Record { file, anonymize })
}

fn watch(rest: &str) -> Result<Directive, String> {
    let parsed = rest
        .split_once(char::is_whitespace)
        .and_then(|(seconds, command)| {
            let every = crate::seconds::seconds(seconds).ok()?;
            let command = command.trim().to_owned();
            (!command.is_empty()).then_some(Directive::Watch { every, command })
        });
    parsed.ok_or_else(|| usage(":watch"))
}

fn usage(name: &str) -> String {
    let known = DIRECTIVES.iter().find(|known| known.name == name);
    known.map_or_else(String::new, |known| {
        format!("use: {} {}", known.name, known.parameters)
    })
}

/// The position of the command that is the argument of a directive.
pub(super) fn command_in(line: &str) -> Option<usize> {
    let rest = line.strip_prefix(":watch ")?.trim_start();
    let (_, command) = rest.split_once(char::is_whitespace)?;
    Some(line.len() - command.trim_start().len())
}

/// The parameters of a directive whose name is complete.
pub(super) fn hint(line: &str) -> Option<String> {
    let known = DIRECTIVES
        .iter()
        .find(|known| known.name == line.trim_end())?;
    let gap = if line.ends_with(' ') { "" } else { " " };
    (!known.parameters.is_empty()).then(|| format!("{gap}{}", known.parameters))
}

pub(super) fn help() -> String {
    let width = DIRECTIVES
        .iter()
        .map(|known| known.name.len() + known.parameters.len() + 1)
        .max()
        .unwrap_or(0);
    let lines = DIRECTIVES.iter().map(|known| {
        let call = format!("{} {}", known.name, known.parameters);
        format!("{call:width$}  {}", known.effect)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directive_of_the_help_is_parsed() {
        for known in &DIRECTIVES {
            let line = match known.name {
                ":sub" => ":sub PlayerJoined".to_owned(),
                name => name.to_owned(),
            };
            assert!(parse(&line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_wrong_line_names_the_correct_use() {
        for (line, said) in [
            (":sbu x", "did you mean :sub?"),
            (":sub", "use: :sub EVENT ..."),
            (":watch often player list", "use: :watch [SECONDS COMMAND]"),
            (":watch 5", "use: :watch [SECONDS COMMAND]"),
            (":record --anonymize", "use: :record [[--anonymize] FILE]"),
            (":record --anonymise x", "use: :record [[--anonymize] FILE]"),
            (":xyzzy", ":help lists"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn a_file_of_a_transcript_can_have_spaces_and_an_option_before_it() {
        for (line, name, anonymized) in [
            (":record a b.jsonl", "a b.jsonl", false),
            (":record --anonymize  a b.jsonl", "a b.jsonl", true),
        ] {
            let file = PathBuf::from(name);
            let anonymize = anonymized;
            assert_eq!(parse(line), Ok(Directive::Record { file, anonymize }));
        }
        assert_eq!(parse(":record"), Ok(Directive::EndRecord));
    }

    #[test]
    fn the_lines_of_the_documentation_are_parsed() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tale.md");
        let page = std::fs::read_to_string(page).unwrap();
        let whole = page.lines().filter(|line| line.starts_with(':'));
        // Every second part is between two backticks.
        let codes = page
            .lines()
            .flat_map(|line| line.split('`').skip(1).step_by(2));
        let codes = codes.filter(|code| code.starts_with(':') && code.len() > 1);
        let mut count = 0;
        for line in whole.chain(codes) {
            let parsed = parse(line);
            assert!(parsed.is_ok(), "{line}: {parsed:?}");
            if let Ok(Directive::Macro(MacroDirective::Define { steps, .. })) = parsed {
                macros::Macro::of_line(&steps).unwrap();
            }
            count += 1;
        }
        assert!(count > 8, "{count}");
    }

    #[test]
    fn the_command_of_a_watch_is_found() {
        assert_eq!(command_in(":watch 5 player li"), Some(9));
        assert_eq!(command_in(":watch 5"), None);
        assert_eq!(command_in("player list"), None);
    }
}
