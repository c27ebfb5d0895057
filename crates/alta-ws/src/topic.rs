use crate::error::{Error, ErrorKind};
use alta_model::escaped;
use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// The topic of one subscription: the name of an event and the id of a group or a user.
///
/// Event names are not case sensitive (py-tale README); they are kept, sent and compared in lower case. Clones share
/// the string.
///
/// ```
/// use alta_ws::Topic;
///
/// let topic: Topic = "subscription/Group-Server-Status/2000000031".parse()?;
/// assert_eq!(topic.event(), "group-server-status");
/// assert_eq!(topic.key(), "2000000031");
/// assert_eq!(topic.to_string(), "subscription/group-server-status/2000000031");
/// # Ok::<(), alta_ws::Error>(())
/// ```
#[derive(Clone)]
pub struct Topic {
    /// `event/key`, the event in lower case: one string, so that a lookup in a set allocates nothing.
    name: Arc<str>,
    slash: usize,
}

impl Topic {
    /// The topic of this event for this key.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Topic`] if one of them is empty or contains a slash, white space or a control character.
    pub fn new(event: &str, key: impl fmt::Display) -> Result<Self, Error> {
        let key = key.to_string();
        for (what, part) in [("event", event), ("key", &key)] {
            let wrong = |reason: String| {
                let doing = format!("naming a topic {:?}", format!("{event}/{key}"));
                Error::new(ErrorKind::Topic { reason }, doing)
            };
            if part.is_empty() {
                return Err(wrong(format!("its {what} is empty")));
            }
            let odd = |c: &char| *c == '/' || c.is_whitespace() || c.is_control();
            if let Some(odd) = part.chars().find(odd) {
                return Err(wrong(format!("its {what} contains {odd:?}")));
            }
        }
        Ok(Self::joined(event, &key))
    }

    /// The topic of an event that this crate knows, for an id.
    pub(crate) fn known(event: &'static str, id: i64) -> Self {
        Self::joined(event, &id.to_string())
    }

    fn joined(event: &str, key: &str) -> Self {
        let mut name = String::new();
        write_name(&mut name, event, key);
        Self::from_name(&name)
    }

    /// The topic with this [`name`](Self::name).
    pub(crate) fn from_name(name: &str) -> Self {
        Self {
            slash: name.find('/').unwrap_or(name.len()),
            name: name.into(),
        }
    }

    /// The topic of a frame that may be any event. No other topic equals it: names contain no spaces.
    pub(crate) fn any() -> Self {
        Self::from_name("an event of any topic")
    }

    /// The event's name, in lower case.
    pub fn event(&self) -> &str {
        &self.name[..self.slash]
    }

    /// The id of the group or user, as the string that the server sends.
    pub fn key(&self) -> &str {
        self.name.get(self.slash + 1..).unwrap_or_default()
    }

    /// Event and key as the server writes them in a list: `group-server-status/2000000031`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Writes the name of a topic; a set of [`Topic`]s can be searched by it.
pub(crate) fn write_name(name: &mut String, event: &str, key: &str) {
    name.clear();
    name.reserve(event.len() + 1 + key.len());
    name.push_str(event);
    name.make_ascii_lowercase();
    name.push('/');
    name.push_str(key);
}

impl FromStr for Topic {
    type Err = Error;

    /// Reads the path of py-tale's `main_sub`: exactly three parts, `subscription/{event}/{key}`.
    fn from_str(path: &str) -> Result<Self, Error> {
        let wrong = |reason| {
            let doing = format!("reading {path:?} as a topic");
            Error::new(ErrorKind::Topic { reason }, doing)
        };
        let parts: Vec<_> = path.split('/').collect();
        let [first, event, key] = parts[..] else {
            let reason = format!(
                "it has {} parts, not the three of subscription/{{event}}/{{key}}",
                parts.len()
            );
            return Err(wrong(reason));
        };
        if !first.eq_ignore_ascii_case("subscription") {
            let reason = format!("it begins with {first:?}, not with subscription");
            return Err(wrong(reason));
        }
        Self::new(event, key)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "subscription/{}", escaped(&self.name))
    }
}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({})", escaped(&self.name))
    }
}

impl PartialEq for Topic {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Topic {}

impl PartialOrd for Topic {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Topic {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(&other.name)
    }
}

impl Hash for Topic {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The same hash as `str`, for lookups by `str`.
        self.name.hash(state);
    }
}

impl Borrow<str> for Topic {
    fn borrow(&self) -> &str {
        &self.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn reason(path: &str) -> String {
        match path.parse::<Topic>().unwrap_err().kind() {
            ErrorKind::Topic { reason } => reason.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_path_has_exactly_three_parts() {
        let topic: Topic = "subscription/group-server-status/123".parse().unwrap();
        assert_eq!((topic.event(), topic.key()), ("group-server-status", "123"));
        assert_eq!(topic.to_string(), "subscription/group-server-status/123");
        assert!(reason("group-server-status/123").contains("2 parts"));
        assert!(reason("subscription/a/1/").contains("4 parts"));
        assert!(reason("subscriptions/a/1").contains("\"subscriptions\""));
        assert!(reason("subscription//1").contains("event is empty"));
        assert!(reason("subscription/a/ 1").contains("key contains ' '"));
    }

    #[test]
    fn event_names_are_not_case_sensitive() {
        let set = HashSet::from([Topic::new("Group-Update", 7).unwrap()]);
        assert!(set.contains("group-update/7"));
        let mut name = String::from("left over");
        write_name(&mut name, "GROUP-UPDATE", "7");
        assert!(set.contains(name.as_str()));
        assert_eq!(Topic::from_name(&name), Topic::known("group-update", 7));
    }
}
