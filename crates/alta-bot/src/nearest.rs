//! Suggestions for a mistyped name.

/// The largest number of suggestions.
const OFFERED: usize = 3;

/// The known names that resemble this one, nearest first.
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
