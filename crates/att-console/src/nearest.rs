use strsim::levenshtein;

/// Returns the known names that are most similar to a mistyped one, ignoring case: at most three, the most similar one first.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let typed = typed.to_ascii_lowercase();
    let mut near: Vec<_> = known
        .into_iter()
        .map(|name| (levenshtein(&typed, &name.to_ascii_lowercase()), name))
        .filter(|(distance, name)| *distance <= name.len() / 3)
        .collect();
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().map(|(_, name)| name).take(3).collect()
}
