use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The scopes that exist. Every client requests all of them.
pub const SCOPES: [&str; 13] = [
    "ws.group",
    "ws.group_members",
    "ws.group_servers",
    "ws.group_bans",
    "ws.group_invites",
    "group.info",
    "group.join",
    "group.leave",
    "group.view",
    "group.members",
    "group.invite",
    "server.view",
    "server.console",
];

/// A set of scopes. As text: the names, separated by spaces.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Scopes(u16);

/// A text contains a scope that does not exist.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownScope(String);

impl fmt::Display for UnknownScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no scope {:?}", self.0)
    }
}

impl std::error::Error for UnknownScope {}

impl Scopes {
    /// No scope.
    pub const NONE: Self = Self(0);
    /// All scopes.
    pub const ALL: Self = Self((1 << SCOPES.len()) - 1);

    /// Returns whether all of `others` are in this set.
    pub fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Returns whether the scope with this name is in this set.
    pub fn has(self, name: &str) -> bool {
        self.names().any(|scope| scope == name)
    }

    /// The names, in the order of [`SCOPES`].
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let scopes = SCOPES.into_iter().enumerate();
        scopes
            .filter(move |(nth, _)| self.0 & (1 << nth) != 0)
            .map(|(_, name)| name)
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split_ascii_whitespace()
            .try_fold(Self::NONE, |scopes, name| {
                let nth = SCOPES.iter().position(|scope| *scope == name);
                let nth = nth.ok_or_else(|| UnknownScope(name.to_owned()))?;
                Ok(Self(scopes.0 | 1 << nth))
            })
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, name) in self.names().enumerate() {
            let space = if nth == 0 { "" } else { " " };
            write!(f, "{space}{name}")?;
        }
        Ok(())
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_scopes_is_parsed_and_written() {
        assert_eq!(SCOPES.join(" ").parse(), Ok(Scopes::ALL));
        assert_eq!(Scopes::ALL.to_string(), SCOPES.join(" "));
        assert_eq!("".parse(), Ok(Scopes::NONE));
        let two: Scopes = " server.console  group.info ".parse().unwrap();
        assert_eq!(two.to_string(), "group.info server.console");
        assert!(Scopes::ALL.contains(two) && !two.contains(Scopes::ALL));
        assert!(two.has("group.info") && !two.has("group.join"));
        let unknown = "group.info group.own".parse::<Scopes>().unwrap_err();
        assert_eq!(unknown.to_string(), "there is no scope \"group.own\"");
    }
}
