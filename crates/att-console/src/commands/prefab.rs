use crate::commands::argument::Argument;
use alta_model::PrefabHash;
use alta_model::console::result::PrefabEntry;

/// A prefab, by hash or by name. A hash is always safe.
///
/// A name is sent without its spaces, as consoles expect it; a name of digits is a hash.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Prefab {
    /// By hash.
    Hash(PrefabHash),
    /// By name.
    Name(String),
}

impl From<PrefabHash> for Prefab {
    fn from(hash: PrefabHash) -> Self {
        Self::Hash(hash)
    }
}

impl From<&PrefabEntry> for Prefab {
    fn from(entry: &PrefabEntry) -> Self {
        Self::Hash(entry.hash)
    }
}

impl From<&str> for Prefab {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Prefab {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<Prefab> for Argument {
    fn from(prefab: Prefab) -> Self {
        match prefab {
            Prefab::Hash(hash) => hash.into(),
            Prefab::Name(name) => Self::word("prefab", &name.replace(' ', "")),
        }
    }
}
