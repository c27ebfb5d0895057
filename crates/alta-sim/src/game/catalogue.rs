//! Which commands a console has.

use super::commands::{Answered, Run};
use crate::json::Node;
use crate::recordings;

/// A parameter: name, type, and the default if it may be left out.
pub(crate) type Parameter = (&'static str, &'static str, Option<&'static str>);

/// A command.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    /// The words before the arguments; the last may be empty for a module's own command.
    pub(crate) path: &'static [&'static str],
    /// Other last words.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) parameters: &'static [Parameter],
    /// Whether more words may follow the parameters.
    pub(crate) tail: bool,
    pub(crate) returns: &'static str,
    pub(crate) run: fn(&mut Run<'_>) -> Result<Answered, Answered>,
}

/// A command that runs with exactly its parameters and has no other name.
pub(crate) const fn command(
    path: &'static [&'static str],
    parameters: &'static [Parameter],
    returns: &'static str,
    run: fn(&mut Run<'_>) -> Result<Answered, Answered>,
) -> Spec {
    Spec {
        path,
        aliases: &[],
        parameters,
        tail: false,
        returns,
        run,
    }
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Spec").field(&self.full_name()).finish()
    }
}

impl Spec {
    /// The words to be typed.
    pub(crate) fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.path.iter().copied().filter(|word| !word.is_empty())
    }

    fn name(&self) -> &'static str {
        self.path.last().copied().unwrap_or_default()
    }

    /// `module.command`, sub-modules separated by spaces.
    fn full_name(&self) -> String {
        let (name, modules) = self
            .path
            .split_last()
            .map_or(("", &[][..]), |(name, modules)| (*name, modules));
        format!("{}.{name}", modules.join(" "))
    }

    /// How many words of a line name this command, if they do.
    pub(crate) fn matches(&self, words: &[String]) -> Option<usize> {
        let length = self.words().count();
        let given = words.get(..length)?;
        let named = self
            .words()
            .zip(given)
            .enumerate()
            .all(|(at, (word, given))| {
                let alias = at + 1 == length
                    && !self.name().is_empty()
                    && self
                        .aliases
                        .iter()
                        .any(|alias| alias.eq_ignore_ascii_case(given));
                alias || word.eq_ignore_ascii_case(given)
            });
        named.then_some(length)
    }

    /// The `Command` of an answer.
    pub(crate) fn json(&self) -> Node {
        let template = recordings::console_data("player-kill-result", 0)
            .get("Command")
            .cloned()
            .unwrap_or(Node::Null);
        let parameter = template
            .get("Parameters")
            .and_then(|list| list.as_list().first())
            .cloned()
            .unwrap_or(Node::Null);
        let parameters: Vec<Node> = self
            .parameters
            .iter()
            .map(|(name, kind, default)| {
                let shown = default.map_or(Node::Null, Node::from);
                parameter
                    .clone()
                    .with("Type", *kind)
                    .with("HasDefault", default.is_some())
                    .with("Default", shown)
                    .with("Name", *name)
                    .with("FullName", *name)
            })
            .collect();
        let name = if self.name().is_empty() {
            Node::Null
        } else {
            self.name().into()
        };
        let aliases = std::iter::once(self.name())
            .chain(self.aliases.iter().copied())
            .filter(|alias| !alias.is_empty());
        let template = template
            .with("Parameters", parameters)
            .with("ReturnType", self.returns)
            .with("Aliases", aliases.map(Node::from).collect::<Vec<_>>())
            .with("FullName", self.full_name())
            .with("Name", name)
            .with(
                "Description",
                format!("Runs {}", self.words().collect::<Vec<_>>().join(" ")),
            );
        // Only commands of the game itself need a server.
        if self.path.first() == Some(&"websocket") {
            template.with("Requirements", Vec::new())
        } else {
            template
        }
    }
}

/// The tree that `help modules` answers with.
pub(crate) fn modules(specs: &[Spec]) -> Node {
    let all: Vec<&Spec> = specs.iter().collect();
    Node::List(level(&all, 0))
}

fn level(specs: &[&Spec], depth: usize) -> Vec<Node> {
    let mut names: Vec<&str> = specs
        .iter()
        .filter_map(|spec| spec.path.get(depth).filter(|_| spec.path.len() > depth + 1))
        .copied()
        .collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| {
            let inside: Vec<&Spec> = specs
                .iter()
                .copied()
                .filter(|spec| spec.path.len() > depth + 1 && spec.path[depth] == name)
                .collect();
            let commands: Vec<Node> = inside
                .iter()
                .filter(|spec| spec.path.len() == depth + 2)
                .map(|spec| {
                    let command = spec.json();
                    let member = |key: &str| command.get(key).cloned().unwrap_or(Node::Null);
                    Node::object([
                        ("Name", member("Name")),
                        ("Description", member("Description")),
                        ("Parameters", member("Parameters")),
                    ])
                })
                .collect();
            Node::object([
                ("Name", name.into()),
                ("Description", Node::Null),
                ("Submodules", level(&inside, depth + 1).into()),
                ("Commands", commands.into()),
            ])
        })
        .collect()
}
