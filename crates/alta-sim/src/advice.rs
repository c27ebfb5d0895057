//! The nearest name for a misspelled one.

/// Replaces the list of all names, in the error of an unknown field or value, by the nearest one. `field` is the word for a field.
pub(crate) fn explain(message: &str, field: &str) -> String {
    let message = message.trim_end();
    let Some((head, list)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let is_unknown = ["unknown field", "unknown variant", "unknown action"]
        .iter()
        .any(|kind| head.contains(kind));
    let Some(typed) = head.rsplit('`').nth(1).filter(|_| is_unknown) else {
        return message.to_owned();
    };
    let names: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let unknown = format!("unknown {field}");
    let head =
        head.replacen("unknown field", &unknown, 1)
            .replacen("unknown variant", "unknown value", 1);
    match nearest(typed, &names) {
        Some(near) => format!("{head}; did you mean `{near}`?"),
        None => format!("{head}; possible are {}", names.join(", ")),
    }
}

/// The most similar name.
pub(crate) fn nearest<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let distance =
        |name: &&str| strsim::damerau_levenshtein(&typed.to_lowercase(), &name.to_lowercase());
    let near = names.iter().map(|name| (distance(name), *name));
    near.filter(|(distance, name)| *distance <= 1 + name.chars().count() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
