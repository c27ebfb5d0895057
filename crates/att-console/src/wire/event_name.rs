use crate::nearest::nearest;
use alta_model::console::event::{EVENT_NAMES, canonical_event_name};
use alta_model::escaped;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The name of a console event. Two names are equal if they differ only in case, as on servers (py-tale's README subscribes to
/// `playerkilled`). Known names are displayed and sent in their canonical spelling.
#[derive(Clone)]
pub struct EventName(Repr);

#[derive(Clone)]
enum Repr {
    /// An index into `EVENT_NAMES`: a known name needs no allocation, and its hash is cheap.
    Known(usize),
    Other(Arc<str>),
}

impl EventName {
    /// The name as it is sent to the server.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Known(index) => EVENT_NAMES[*index],
            Repr::Other(name) => name,
        }
    }

    /// Returns whether a command can contain it: ASCII letters, digits, `_`, `-`, `.` and `:`. Every known name qualifies.
    pub(crate) fn is_sendable(&self) -> bool {
        let name = self.as_str();
        let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
        !name.is_empty() && name.bytes().all(usual)
    }

    /// Returns whether it is an event of an unmodified server.
    pub fn is_known(&self) -> bool {
        matches!(self.0, Repr::Known(_))
    }

    /// The 23 events of an unmodified server.
    pub fn known() -> impl Iterator<Item = Self> {
        (0..EVENT_NAMES.len()).map(|index| Self(Repr::Known(index)))
    }

    /// The known names that are most similar, at most three, the most similar one first: a hint for a mistyped name.
    ///
    /// ```
    /// use att_console::EventName;
    ///
    /// assert_eq!(EventName::from("PlayerJoind").suggestions()[0], "PlayerJoined");
    /// assert!(EventName::from("DoorOpened").suggestions().is_empty());
    /// ```
    pub fn suggestions(&self) -> Vec<&'static str> {
        nearest(self.as_str(), EVENT_NAMES)
    }
}

impl PartialOrd for EventName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for EventName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl From<&str> for EventName {
    fn from(name: &str) -> Self {
        // The canonical spelling is by far the most frequent, so it is compared first, without folding case.
        let canonical = EVENT_NAMES
            .iter()
            .position(|known| *known == name)
            .or_else(|| {
                let canonical = canonical_event_name(name)?;
                EVENT_NAMES.iter().position(|known| *known == canonical)
            });
        Self(match canonical {
            Some(index) => Repr::Known(index),
            None => Repr::Other(name.into()),
        })
    }
}

impl From<String> for EventName {
    fn from(name: String) -> Self {
        name.as_str().into()
    }
}

impl From<&EventName> for EventName {
    fn from(name: &EventName) -> Self {
        name.clone()
    }
}

impl PartialEq for EventName {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Known(one), Repr::Known(other)) => one == other,
            (Repr::Other(one), Repr::Other(other)) => one.eq_ignore_ascii_case(other),
            _ => false,
        }
    }
}

impl Eq for EventName {}

impl Hash for EventName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::Known(index) => index.hash(state),
            Repr::Other(name) => {
                for byte in name.bytes() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
            }
        }
    }
}

impl fmt::Display for EventName {
    /// The name, [`escaped`]: a server can use any string as the name of an unknown event.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&escaped(self.as_str()), f)
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_compared_in_any_case_and_known_names_are_sent_canonically() {
        let typed = EventName::from("playerKILLED");
        assert_eq!(typed, EventName::from("PlayerKilled"));
        assert_eq!(typed.as_str(), "PlayerKilled");
        let modded: HashSet<_> = [EventName::from("DoorOpened"), "dooropened".into()].into();
        assert_eq!(modded.len(), 1);
        assert_ne!(EventName::from("DoorOpened"), EventName::from("DoorShut"));
    }

    #[test]
    fn a_mistyped_name_has_the_most_similar_known_names_as_suggestions() {
        assert_eq!(
            EventName::from("PlayerJoind").suggestions()[0],
            "PlayerJoined"
        );
        assert_eq!(
            EventName::from("playermovechunk").suggestions()[0],
            "PlayerMovedChunk"
        );
        assert!(EventName::from("Zzz").suggestions().is_empty());
    }
}
