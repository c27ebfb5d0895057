use serde::{Deserialize, Serialize};
use std::fmt;

/// A command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// The modules and the name, separated by spaces: `player message`; for the command of a module itself, the module
    /// alone: `time`.
    pub path: String,
    /// The effect, in one sentence; empty if no source gives it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Other paths to the same command: `player tp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The ways to call it; the server chooses by the text of the arguments. Empty if no source gives the parameters.
    pub overloads: Vec<Overload>,
    /// The result: `nothing`, `log` (it writes to the server's log instead), or the type. `None` if no source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// Further information.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    /// The danger of the command, and the reason why it has no function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// The number of calls in the one public count (Townsharp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u64>,
    /// True for the commands that bots use most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub most_used: bool,
    /// True if the description is inferred from the name alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// The public programs or texts that attest it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}

impl Entry {
    /// The first word of the path.
    pub fn module(&self) -> &str {
        self.path.split(' ').next().unwrap_or_default()
    }

    /// The path and the aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.path.as_str()).chain(self.aliases.iter().map(String::as_str))
    }
}

impl fmt::Display for Entry {
    /// A line for each overload: `player kick <players: PlayerList> [reason: string = No reason provided]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.overloads.is_empty() {
            return write!(f, "{} …", self.path);
        }
        for (at, overload) in self.overloads.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.path)?;
            for parameter in &overload.parameters {
                write!(f, " {parameter}")?;
            }
        }
        Ok(())
    }
}

/// One way to call a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Overload {
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// The function in [`commands`](crate::commands) that builds it: `player::message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

/// A parameter of a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The name of its type, see [`Catalogue::parameter_type`](super::Catalogue::parameter_type); empty if no source gives it.
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub r#type: String,
    /// True if the type is inferred from the name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// True if the server does not require it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// The default, if a source gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

impl fmt::Display for Parameter {
    /// `<players: PlayerList>`; an optional one in square brackets, with its default.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.optional { "[" } else { "<" })?;
        f.write_str(&self.name)?;
        if !self.r#type.is_empty() {
            write!(f, ": {}", self.r#type)?;
        }
        if let Some(default) = &self.default {
            write!(f, " = {default}")?;
        }
        f.write_str(if self.optional { "]" } else { ">" })
    }
}

/// The type of a parameter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ParameterType {
    /// Its name: the server's (`PlayerList`), or a common word (`string`).
    pub name: String,
    /// The way to write a value in a command.
    pub written: String,
    /// The known values; there can be more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}
