//! Names of files, and invented names of people, places and things.

/// `ListJoinedGroups` or `GET /shop/items` as `list-joined-groups`, `get-shop-items`.
pub(super) fn kebab(text: &str) -> String {
    let mut name = String::new();
    let mut was_lower = false;
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            if letter.is_ascii_uppercase() && was_lower {
                name.push('-');
            }
            name.push(letter.to_ascii_lowercase());
        } else if !name.ends_with('-') && !name.is_empty() {
            name.push('-');
        }
        was_lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    name.trim_end_matches('-').to_owned()
}

/// The invented name of this number.
pub(super) fn invented(number: usize) -> String {
    const FIRST: [&str; 8] = [
        "Alder", "Bracken", "Clover", "Dock", "Elder", "Foxglove", "Gorse", "Hazel",
    ];
    let first = FIRST[number % FIRST.len()];
    match number / FIRST.len() {
        0 => first.to_owned(),
        round => format!("{first}_{round}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_small_letters_and_strokes() {
        assert_eq!(kebab("ListJoinedGroups"), "list-joined-groups");
        assert_eq!(kebab("GET /shop/items"), "get-shop-items");
    }

    #[test]
    fn invented_names_do_not_repeat() {
        let names: std::collections::BTreeSet<String> = (0..100).map(invented).collect();
        assert_eq!(names.len(), 100);
    }
}
