use serde::{Deserialize, Serialize};
use std::fmt;

/// A command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// Modules and name as they are typed, with spaces between: `player message`; for a module's own command the
    /// module alone, `time`.
    pub path: String,
    /// What it does, in one sentence; empty where nobody says so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// Other paths to the same command: `player tp`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The ways to call it; the server chooses by the arguments' text. Empty if its parameters are not known.
    pub overloads: Vec<Overload>,
    /// What it returns: `nothing`, `log` (it writes to the server's log instead), or the type in words. `None` where
    /// nobody says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// What else is worth knowing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remarks: Option<String>,
    /// Why there is no ready-made command for it, and what to beware of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caution: Option<String>,
    /// How often it was called, in the one public count (Townsharp).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u64>,
    /// Whether it is one of those that bots use most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub most_used: bool,
    /// Whether the description is inferred from the name alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
    /// Which public programs or texts attest it.
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
    /// A line for each overload: `player kick <players: PlayerList> [reason: text = No reason provided]`.
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
    /// What it takes, in order.
    pub parameters: Vec<Parameter>,
    /// The function in [`commands`](crate::commands) that writes it: `player::message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builder: Option<String>,
}

/// What a command takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The name of its type, see [`Catalogue::type_named`](super::Catalogue::type_named); empty if it is not known.
    #[serde(rename = "type", default, skip_serializing_if = "String::is_empty")]
    pub r#type: String,
    /// Whether the type is inferred from the name.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub presumed: bool,
    /// Whether it may be left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// What it is when left out, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

impl fmt::Display for Parameter {
    /// `<players: PlayerList>`, or in square brackets, with the default, if it may be left out.
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

/// A type of parameters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ParameterType {
    /// Its name: the server's where it is known (`PlayerList`), a plain word for what every language has (`text`).
    pub name: String,
    /// How a value is written in a command.
    pub written: String,
    /// The values that are known, if they can be listed. There may be more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}
