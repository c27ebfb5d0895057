//! The texts of help, made from the declarations.

use super::allowed::{Allowed, any_allows};
use super::call::Call;
use super::commands::{BotCommands, Command, HELP};
use super::cursor::Cursor;
use crate::handler_fn::HandlerError;
use att_console::nearest;

impl Command {
    /// The name and the parameters, as a line: `heal <player> [amount=10]`.
    pub(super) fn usage(&self, prefix: &[String]) -> String {
        let words = prefix.iter().chain(&self.name).cloned();
        let parameters = self.declared.facts.parameters.iter();
        let parameters = parameters.map(ToString::to_string);
        words.chain(parameters).collect::<Vec<_>>().join(" ")
    }

    fn in_a_line(&self, prefix: &[String]) -> String {
        let (usage, about) = (self.usage(prefix), &self.declared.facts.about);
        if about.is_empty() {
            usage
        } else {
            format!("{usage}: {about}")
        }
    }

    fn in_full(&self, prefix: &[String]) -> String {
        let mut lines = vec![self.in_a_line(prefix)];
        for spec in &self.declared.facts.parameters {
            lines.push(format!("{spec} is {}", spec.kind));
        }
        lines.join("\n")
    }

    /// Returns whether the caller may run it.
    pub(super) async fn allows(&self, call: &Call) -> Result<bool, HandlerError> {
        let rules = &self.declared.facts.allowed;
        if rules.is_empty() {
            return Allowed::console().allows(&call.caller, &call.console).await;
        }
        any_allows(rules, &call.caller, &call.console).await
    }
}

impl BotCommands {
    /// The usage of every command, a line each, in alphabetic order.
    pub fn usage(&self) -> Vec<String> {
        let commands = self.inner.commands.iter();
        let mut lines: Vec<_> = commands
            .map(|command| command.usage(&self.inner.prefix))
            .collect();
        lines.sort();
        lines
    }

    /// The reply to `help` and the words after it: the commands that the caller may run, or one of them.
    pub(super) async fn help(
        &self,
        call: &Call,
        mut cursor: Cursor,
        prefix: &[String],
    ) -> Result<String, HandlerError> {
        if let Some(command) = self.named(&mut cursor)
            && command.allows(call).await?
        {
            return Ok(command.in_full(prefix));
        }
        let mut lines = Vec::new();
        for command in &self.inner.commands {
            if command.allows(call).await? {
                lines.push(command.in_a_line(prefix));
            }
        }
        lines.sort();
        if lines.is_empty() {
            return Ok("there is no command that you may run".to_owned());
        }
        Ok(lines.join("\n"))
    }

    /// The names nearest to the next word.
    pub(super) fn nearest(&self, typed: &str) -> Vec<String> {
        let titles: Vec<_> = self.inner.commands.iter().map(Command::title).collect();
        let known = titles.iter().map(String::as_str).chain([HELP]);
        let near = nearest(typed, known).into_iter();
        near.map(str::to_owned).collect()
    }
}
