use super::{Catalogue, Entry, Overload, Parameter, known, words};
use alta_model::console::result::{Module, ModuleCommand, ModuleParameter};
use serde_json::Value;

impl Catalogue {
    /// The commands that a server lists in its reply to [`help::modules`](crate::commands::help::modules).
    ///
    /// Names, parameters and defaults are the server's own. Missing descriptions, results and remarks come from [`known()`], if
    /// it has a command with that path.
    pub fn from_modules(modules: impl IntoIterator<Item = Module>) -> Self {
        let mut catalogue = Self {
            types: known().types.clone(),
            commands: Vec::new(),
        };
        for module in modules {
            catalogue.add_module("", module);
        }
        catalogue
    }

    fn add_module(&mut self, parent: &str, module: Module) {
        let path = below(parent, &module.name);
        for command in module.commands {
            self.add_command(&path, command);
        }
        for submodule in module.submodules {
            self.add_module(&path, submodule);
        }
    }

    fn add_command(&mut self, module: &str, command: ModuleCommand) {
        let path = below(module, command.name.as_deref().unwrap_or_default());
        if path.is_empty() {
            return;
        }
        let overload = Overload {
            parameters: command.parameters.into_iter().map(parameter).collect(),
            function: None,
        };
        let known = |entry: &&mut Entry| entry.path.eq_ignore_ascii_case(&path);
        if let Some(entry) = self.commands.iter_mut().find(known) {
            entry.overloads.push(overload);
            return;
        }
        let aliases = command.aliases.iter().map(|alias| below(module, alias));
        // Servers list the name itself among its aliases.
        let aliases = aliases.filter(|alias| !alias.eq_ignore_ascii_case(&path));
        let said = Entry {
            aliases: aliases.collect(),
            description: command.description.unwrap_or_default(),
            overloads: vec![overload],
            path,
            ..Entry::default()
        };
        self.commands.push(completed(said));
    }
}

/// Adds the information of the public sources to a command.
fn completed(mut said: Entry) -> Entry {
    let Some(known) = known().get(&said.path) else {
        return said;
    };
    let known = known.clone();
    if said.description.is_empty() {
        said.description = known.description;
        said.inferred = known.inferred;
    }
    if said.aliases.is_empty() && known.path.eq_ignore_ascii_case(&said.path) {
        said.aliases = known.aliases;
    }
    Entry {
        returns: known.returns,
        remarks: known.remarks,
        caution: known.caution,
        uses: known.uses,
        most_used: known.most_used,
        sources: known.sources,
        ..said
    }
}

/// The path of a command or module in a module, also if its name contains the module's path already.
fn below(module: &str, name: &str) -> String {
    let inside: Vec<&str> = words(name).collect();
    let outside: Vec<&str> = words(module).collect();
    let repeated = inside.len() >= outside.len()
        && outside
            .iter()
            .zip(&inside)
            .all(|(one, other)| one.eq_ignore_ascii_case(other));
    if repeated && inside.len() > outside.len() {
        inside.join(" ")
    } else {
        [outside, inside].concat().join(" ")
    }
}

fn parameter(said: ModuleParameter) -> Parameter {
    let default = said.default.map(|value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    });
    Parameter {
        name: said.name,
        r#type: plain(&said.r#type),
        inferred: false,
        optional: said.has_default.unwrap_or(default.is_some()),
        default,
    }
}

/// The name of a .NET type in the catalogue: `System.String` is `string`, `UnityEngine.Vector3` is `Vector3`,
/// `System.UInt32[]` is `integer...`.
fn plain(name: &str) -> String {
    if let Some(one) = name.strip_suffix("[]") {
        return format!("{}...", plain(one));
    }
    let last = name.rsplit(['.', '+']).next().unwrap_or(name);
    match last {
        "String" => "string",
        "Boolean" => "bool",
        "Int16" | "Int32" | "Int64" | "UInt32" => "integer",
        "Single" | "Double" => "float",
        "StatDefinition" => "Stat",
        "StatApplicationType" => "StatApplication",
        "SpawnAreaIdentifier" => "SpawnArea",
        "NetworkPrefab" => "Prefab",
        "IPlayer" => "Player",
        // The arguments of a generic type have dots, too: the name is kept as it is.
        _ if name.contains(['[', '`']) => name,
        other => other,
    }
    .to_owned()
}
