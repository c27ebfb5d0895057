//! Hints for somebody who mistyped a name.

use att_console::EventName;

/// How many names are offered.
const OFFERED: usize = 3;

/// The known names nearest to this one, nearest first, as far as they resemble it.
pub(crate) fn names<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let typed = typed.to_ascii_lowercase();
    let mut near: Vec<_> = known
        .into_iter()
        .map(|name| {
            (
                strsim::levenshtein(&typed, &name.to_ascii_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter()
        .map(|(_, name)| name.to_owned())
        .take(OFFERED)
        .collect()
}

/// Warns of names that resemble one that stock servers have: a server that is not connected cannot say that it lacks an
/// event. Others may be mods'.
pub(crate) fn hint_at(typed: &[EventName]) {
    for name in typed.iter().filter(|name| !name.is_known()) {
        let nearest = name.suggestions().join(", ");
        if nearest.is_empty() {
            tracing::debug!(event = %name, "no stock server has this event");
        } else {
            tracing::warn!(event = %name, nearest, "no stock server has this event");
        }
    }
}

/// The end of a message about a name that is unknown.
pub(crate) fn did_you_mean(suggestions: &[String]) -> String {
    if suggestions.is_empty() {
        String::new()
    } else {
        format!(
            "; did you mean {}?",
            alta_model::escaped(suggestions.join(", "))
        )
    }
}
