//! The steps of a macro.

use super::wrong;
use crate::failure::Failure;
use crate::render::counted;
use crate::seconds::seconds;
use pytale::console::Command;
use pytale::model::{UserId, escaped};
use std::time::Duration;

/// The place of the id of the player that the first argument names.
const TARGET: &str = "{target}";

/// The most steps of a macro.
const MOST_STEPS: usize = 1_000;

#[derive(Debug, PartialEq)]
pub(crate) struct Macro {
    steps: Vec<Step>,
    /// The lines that the steps were read from.
    lines: Vec<String>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Wait(Duration),
    Command(Vec<Word>),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Word {
    /// A text of the macro, which is sent unchanged.
    Text(String),
    /// The place of an argument, counted from 0.
    Argument(usize),
    /// The id of the online player that the first argument names.
    Target,
}

impl Macro {
    /// Reads steps that are separated by semicolons, which can be inside of double quotes too.
    pub(crate) fn of_line(line: &str) -> Result<Self, Failure> {
        Self::of_lines(split(line, |letter| letter == ';'))
    }

    /// Reads one step from each line. Empty lines and comments are no steps.
    pub(super) fn of_lines<'l>(lines: impl IntoIterator<Item = &'l str>) -> Result<Self, Failure> {
        let lines = lines.into_iter().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let lines: Vec<String> = lines.map(str::to_owned).collect();
        if lines.is_empty() || lines.len() > MOST_STEPS {
            return Err(wrong(format!("a macro has 1 to {MOST_STEPS} steps")));
        }
        let steps = lines.iter().enumerate().map(|(number, line)| {
            let named = |problem| wrong(format!("step {}: {problem}", number + 1));
            step(line).map_err(named)
        });
        Ok(Self {
            steps: steps.collect::<Result<_, _>>()?,
            lines,
        })
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }

    fn words(&self) -> impl Iterator<Item = &Word> {
        self.steps.iter().flat_map(|step| match step {
            Step::Command(words) => words.as_slice(),
            Step::Wait(_) => &[],
        })
    }

    /// Returns whether the first argument must be an online player.
    pub(super) fn has_target(&self) -> bool {
        self.words().any(|word| *word == Word::Target)
    }

    /// Fails unless there is one argument for each place, and each can be written in a command. A target is not written.
    pub(super) fn check(&self, arguments: &[String]) -> Result<(), Failure> {
        let places = self.words().filter_map(|word| match word {
            Word::Argument(place) => Some(place + 1),
            Word::Target => Some(1),
            Word::Text(_) => None,
        });
        let needed = places.max().unwrap_or(0);
        let given = arguments.len();
        if needed != given {
            let failure = wrong(format!(
                "the macro needs {}, but {given} {} given",
                counted(needed, "argument"),
                if given == 1 { "is" } else { "are" }
            ));
            return Err(failure.advice("put an argument with spaces into double quotes"));
        }
        let mut written = self.words().filter_map(|word| match word {
            Word::Argument(place) => arguments.get(*place),
            Word::Target | Word::Text(_) => None,
        });
        match written.find(|argument| !can_be_written(argument)) {
            Some(argument) => Err(wrong(format!(
                "the argument {} has a character that a command cannot contain",
                escaped(argument)
            ))
            .advice("leave it out; a player can be named by the id, which `tale players` shows")),
            None => Ok(()),
        }
    }
}

fn step(line: &str) -> Result<Step, String> {
    if let Some(duration) = line.strip_prefix("wait ") {
        return Ok(Step::Wait(seconds(duration.trim())?));
    }
    let words = words(line).into_iter().map(word);
    Ok(Step::Command(words.collect::<Result<_, _>>()?))
}

fn word(word: &str) -> Result<Word, String> {
    if word == TARGET || word.trim_matches('"') == TARGET {
        return Ok(Word::Target);
    }
    let place = |text: &str| text.strip_prefix('{')?.strip_suffix('}')?.parse().ok();
    match place(word) {
        Some(0) => Err("arguments are counted from {1}".to_owned()),
        Some(number @ 1..=99) => Ok(Word::Argument(number - 1)),
        Some(_) => Err("a macro has at most 99 arguments".to_owned()),
        None if has_place(word) || word.contains(TARGET) => Err(format!(
            "in {}, the argument must be a word of its own, without quotes: it is quoted when it is sent",
            escaped(word)
        )),
        None => Ok(Word::Text(word.to_owned())),
    }
}

/// Returns whether the text contains a place such as `{1}`.
fn has_place(text: &str) -> bool {
    text.split('{').skip(1).any(|rest| {
        let digits = rest.split_once('}').map(|(digits, _)| digits);
        digits.is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
    })
}

/// The command with its arguments. An argument that cannot be written makes the command fail before it is sent.
pub(super) fn command(words: &[Word], arguments: &[String], target: Option<UserId>) -> Command {
    let mut words = words.iter();
    let first = match words.next() {
        Some(Word::Text(text)) => text.as_str(),
        _ => "",
    };
    words.fold(Command::new(first), |command, word| match (word, target) {
        (Word::Text(text), _) => command.raw_arg(text),
        (Word::Target, Some(target)) => command.raw_arg(target.to_string()),
        (Word::Target, None) => command.arg(arguments.first().map_or("", String::as_str)),
        (Word::Argument(place), _) => command.arg(arguments.get(*place).map_or("", String::as_str)),
    })
}

/// Returns whether the text can be an argument: a command with another one is written as `<…>`, with the reason.
pub(crate) fn can_be_written(text: &str) -> bool {
    let command = Command::new("").arg(text).to_string();
    !command.trim_start().starts_with('<')
}

/// The arguments of a line: words, or strings in double quotes.
pub(crate) fn arguments(line: &str) -> Vec<String> {
    let unquoted = |word: &str| word.replace('"', "");
    words(line).into_iter().map(unquoted).collect()
}

fn words(line: &str) -> Vec<&str> {
    let mut words = split(line, char::is_whitespace);
    words.retain(|word| !word.is_empty());
    words
}

/// Splits a line at characters outside of double quotes.
fn split(line: &str, is_end: impl Fn(char) -> bool) -> Vec<&str> {
    let mut quoted = false;
    line.split(|letter| {
        quoted ^= letter == '"';
        !quoted && is_end(letter)
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_of(definition: &str, given: &[&str]) -> String {
        let found = Macro::of_line(definition).unwrap();
        let given: Vec<String> = given.iter().map(|&argument| argument.to_owned()).collect();
        found.check(&given).unwrap();
        let Some(Step::Command(words)) = found.steps.last() else {
            panic!("no command");
        };
        command(words, &given, Some(UserId::new(7))).to_string()
    }

    #[test]
    fn an_argument_is_one_argument_whatever_it_contains() {
        let definition = r#"wait 0.5; player message {1} "Restart; soon" 10"#;
        for (given, line) in [
            ("Ashwick", r#"player message "Ashwick" "Restart; soon" 10"#),
            (
                "a b; player kick *",
                r#"player message "a b; player kick *" "Restart; soon" 10"#,
            ),
            ("", r#"player message "" "Restart; soon" 10"#),
        ] {
            assert_eq!(line_of(definition, &[given]), line);
        }
        let found = Macro::of_line(definition).unwrap();
        let refused = found
            .check(&["x\" * \"".to_owned()])
            .unwrap_err()
            .to_string();
        assert!(refused.contains("a command cannot contain"), "{refused}");
    }

    #[test]
    fn a_target_is_sent_as_an_id() {
        for definition in ["player kick {target}", "player kick \"{target}\""] {
            assert_eq!(line_of(definition, &["*"]), "player kick 7");
        }
        let found = Macro::of_line("player message {target} {2}").unwrap();
        assert!(found.has_target() && found.check(&["one".to_owned()]).is_err());
    }

    #[test]
    fn a_wrong_definition_names_the_step() {
        for (definition, said) in [
            ("", "1 to 1000 steps"),
            ("player list; wait often", "step 2: must be a number"),
            ("player kick {0}", "counted from {1}"),
            ("player kick \"{1}\"", "a word of its own"),
            ("player kick x{1}", "a word of its own"),
            ("player kick \"the {target}\"", "a word of its own"),
        ] {
            let error = Macro::of_line(definition).unwrap_err().to_string();
            assert!(error.contains(said), "{definition}: {error}");
        }
        let found = Macro::of_line("player kick {2}").unwrap();
        let error = found.check(&["one".to_owned()]).unwrap_err().to_string();
        assert!(
            error.contains("needs 2 arguments, but 1 is given"),
            "{error}"
        );
    }

    #[test]
    fn the_arguments_of_a_line_can_be_quoted() {
        assert_eq!(arguments(r#" "Elder Toad"  7 """#), ["Elder Toad", "7", ""]);
    }
}
