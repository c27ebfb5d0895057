//! The commands that a role may run.

use super::relay::command::CommandFrame;

/// The commands that a role may run, by their first words. Without any, all.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Allowed(Vec<Vec<String>>);

impl Allowed {
    /// The `allowed_commands` of a role.
    pub(crate) fn new<'a>(commands: impl Iterator<Item = &'a str>) -> Self {
        let words = commands.map(|command| words(command).collect());
        Self(
            words
                .filter(|words: &Vec<String>| !words.is_empty())
                .collect(),
        )
    }

    /// Checks a frame; `None` for a frame that is no JSON object.
    pub(super) fn check(&self, frame: Option<&CommandFrame>) -> Result<(), &'static str> {
        if self.0.is_empty() {
            return Ok(());
        }
        let Some(frame) = frame else {
            return Err("your role may run some commands only, and this frame is no command");
        };
        let line = match &frame.line {
            // A server could read such a line as several commands, or as another one.
            Some(line) if !frame.is_ambiguous && !line.chars().any(char::is_control) => line,
            _ => return Err("your role may run some commands only, and this one is ambiguous"),
        };
        let typed: Vec<String> = words(line).collect();
        if self.0.iter().any(|allowed| typed.starts_with(allowed)) {
            Ok(())
        } else {
            Err("your role may not run this command")
        }
    }
}

fn words(line: &str) -> impl Iterator<Item = String> {
    let words = line.split(' ').filter(|word| !word.is_empty());
    words.map(str::to_lowercase)
}
