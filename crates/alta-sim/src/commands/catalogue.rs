//! Commands as JSON, as consoles write them in replies.

use super::command::Spec;
use crate::samples;
use alta_cloud::wire::json::Node;

impl Spec {
    /// The `Command` of a reply.
    pub(crate) fn json(&self) -> Node {
        let template = samples::console_data("player-kill-result", 0)
            .get("Command")
            .cloned()
            .unwrap_or(Node::Null);
        let parameter = template
            .get("Parameters")
            .and_then(|list| list.as_array().first())
            .cloned()
            .unwrap_or(Node::Null);
        let parameters: Vec<Node> = self
            .parameters
            .iter()
            .map(|(name, kind, default)| {
                let default_value = default.map_or(Node::Null, Node::from);
                parameter
                    .clone()
                    .with("Type", *kind)
                    .with("HasDefault", default.is_some())
                    .with("Default", default_value)
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
        // Only commands of the game itself require a server.
        if self.path.first() == Some(&"websocket") {
            template.with("Requirements", Vec::new())
        } else {
            template
        }
    }
}

/// The tree of modules, as `help modules` writes it.
pub(crate) fn modules(specs: &[Spec]) -> Node {
    let all: Vec<&Spec> = specs.iter().collect();
    Node::Array(level(&all, 0))
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
