//! The actions of the timeline.

use crate::action::{Action, Reference, Span};
use crate::advice::{explain, nearest};
use crate::setup::{Problem, Step};
use serde::Deserialize;

/// The fields that name a thing which exists at the start or is added by an action before.
const KINDS: [(&str, &[&str]); 2] = [
    ("server", &["add-server", "add-self-hosted"]),
    ("group", &["add-group"]),
];

/// The servers and the groups that exist at a time.
#[derive(Default)]
pub(super) struct Known([Vec<(Option<u64>, String)>; 2]);

impl Known {
    /// `kind`: `server` or `group`.
    pub(super) fn add(&mut self, kind: &str, id: Option<u64>, name: &str) {
        for ((known, _), things) in KINDS.iter().zip(&mut self.0) {
            if *known == kind {
                things.push((id, name.to_owned()));
            }
        }
    }

    /// Reads one entry. Things that it adds are known afterwards.
    pub(super) fn read(
        &mut self,
        nth: usize,
        mut entry: toml::Table,
    ) -> Result<(Span, Action), Problem> {
        let at = |key: &str| vec![Step::from("timeline"), nth.into(), key.into()];
        let Some(time) = entry.remove("at") else {
            let path = vec!["timeline".into(), nth.into()];
            return Err(Problem::new(path, "the key `at` is missing"));
        };
        let time = Span::deserialize(time)
            .map_err(|error| Problem::new(at("at"), error.message().trim_end()))?;
        self.check(nth, &entry)?;
        let text = |key: &str| entry.get(key).and_then(toml::Value::as_str);
        let added = (
            text("do").unwrap_or_default(),
            text("name").unwrap_or_default(),
        );
        for ((kind, adding), things) in KINDS.iter().zip(&mut self.0) {
            if adding.contains(&added.0) {
                things.push((None, added.1.to_owned()));
            }
            if matches!(added.0, "rename-group" | "configure") && !added.1.is_empty() {
                let renames = if added.0 == "configure" {
                    "server"
                } else {
                    "group"
                };
                things.extend((renames == *kind).then(|| (None, added.1.to_owned())));
            }
        }
        let read = <Action as Deserialize>::deserialize(toml::Value::Table(entry));
        let action = read.map_err(|error| {
            let message = error.message();
            let key = key_of(message).unwrap_or("do");
            Problem::new(at(key), explain(message, "key"))
        })?;
        Ok((time, action))
    }

    fn check(&self, nth: usize, entry: &toml::Table) -> Result<(), Problem> {
        for ((kind, _), things) in KINDS.iter().zip(&self.0) {
            let wanted = entry.get(*kind).cloned();
            let Some(Ok(wanted)) = wanted.map(Reference::deserialize) else {
                continue;
            };
            let exists = match &wanted {
                // The ids of things without one in the file are not known here.
                Reference::Id(id) => things
                    .iter()
                    .any(|(known, _)| known.is_none_or(|known| known == *id)),
                Reference::Name(_) => things.iter().any(|(_, name)| wanted.is(0, name)),
            };
            if !exists {
                let names: Vec<&str> = things.iter().map(|(_, name)| name.as_str()).collect();
                let typed = wanted.to_string();
                let advice = match nearest(typed.trim_matches('"'), &names) {
                    Some(near) => format!("did you mean {near:?}?"),
                    None if names.is_empty() => "there is none".to_owned(),
                    None => format!("there is {}", names.join(", ")),
                };
                let path = vec!["timeline".into(), nth.into(), (*kind).into()];
                let reason = format!("there is no {kind} {wanted}; {advice}");
                return Err(Problem::new(path, reason));
            }
        }
        Ok(())
    }
}

/// The key in the error of an action, such as `player` in "leave: `player`: …".
fn key_of(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('`')?;
    let (path, rest) = rest.split_once('`')?;
    rest.starts_with(':').then_some(())?;
    path.split(['.', '[']).next()
}
