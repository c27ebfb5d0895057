//! The name of a project: a package name that Cargo and every platform accept.

use crate::failure::Failure;

/// The names in an error are at most this long.
const MOST_CHARACTERS: usize = 64;

/// Keywords cannot be the name of a crate.
#[rustfmt::skip]
const KEYWORDS: [&str; 52] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut",
    "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield", "_",
];

/// Names with another meaning: for Rust, for Cargo's target folder, of a dependency of the project, of a device of Windows.
#[rustfmt::skip]
const RESERVED: [&str; 32] = [
    "alloc", "core", "proc_macro", "std", "test", "build", "deps", "examples", "incremental", "tokio", "tracing_subscriber",
    "support", "bot", "aux", "con", "nul", "prn",
    // Cargo cannot write two packages with the same name and version into one lock file.
    "alta_auth", "alta_bot", "alta_cloud", "alta_dial", "alta_http", "alta_model", "alta_rest", "alta_sim", "alta_socket",
    "alta_ws", "att_console", "att_kit", "pytale", "pytale_cli", "xtask",
];

/// The failure names the nearest valid name.
pub(super) fn check(name: &str) -> Result<(), Failure> {
    let Some(problem) = problem(name) else {
        return Ok(());
    };
    let shown: String = name.chars().take(MOST_CHARACTERS).collect();
    let shown = pytale::model::escaped(&shown).to_string();
    Err(Failure::usage(format!(
        "\"{shown}\" cannot be the name of a project: {problem}"
    ))
    .advice(format!("`tale new {}`", nearest(name))))
}

fn problem(name: &str) -> Option<&'static str> {
    let allowed = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || "-_".contains(it);
    if name.is_empty() {
        Some("it is empty")
    } else if !name.chars().all(allowed) {
        Some("it may contain only lowercase letters from a to z, digits, - and _")
    } else if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        Some("it must begin with a letter")
    } else if name.len() > MOST_CHARACTERS {
        Some("it is longer than 64 characters")
    } else if is_taken(name) {
        Some("the name has another meaning in Rust, in a project or on Windows")
    } else {
        None
    }
}

fn is_taken(name: &str) -> bool {
    let name = name.replace('-', "_");
    KEYWORDS.contains(&&*name) || RESERVED.contains(&&*name) || is_port(&name)
}

/// Returns whether Windows has a device with this name, `com1` to `com9` or `lpt1` to `lpt9`.
fn is_port(name: &str) -> bool {
    let number = name.strip_prefix("com").or(name.strip_prefix("lpt"));
    number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
}

/// A valid name that is similar.
fn nearest(name: &str) -> String {
    let mut near = String::new();
    for character in name.chars() {
        let character = character.to_ascii_lowercase();
        let allowed = character.is_ascii_alphanumeric() || character == '_';
        if allowed {
            near.push(character);
        } else if !near.ends_with('-') {
            near.push('-');
        }
    }
    near.truncate(MOST_CHARACTERS - "bot-".len());
    let near = near.trim_matches(['-', '_']);
    if near.is_empty() {
        return "my-bot".to_owned();
    }
    if !near.starts_with(|first: char| first.is_ascii_lowercase()) || is_taken(near) {
        return format!("my-{near}");
    }
    near.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_name_is_named_with_the_nearest_valid_one() {
        for (name, near) in [
            ("", "my-bot"),
            ("Harbor Bot", "harbor-bot"),
            ("../harbor", "harbor"),
            ("C:\\bots\\harbor", "c-bots-harbor"),
            ("7days", "my-7days"),
            ("-bee-", "bee"),
            ("tokio", "my-tokio"),
            ("tracing-subscriber", "my-tracing-subscriber"),
            ("self", "my-self"),
            ("nul", "my-nul"),
            ("lpt7", "my-lpt7"),
            ("alta-sim", "my-alta-sim"),
            ("héro", "h-ro"),
            ("_", "my-bot"),
            ("\u{1b}[31mred", "my-31mred"),
        ] {
            let said = check(name).unwrap_err().to_string();
            assert!(!said.contains('\u{1b}'), "{said:?}");
            assert!(said.ends_with(&format!("`tale new {near}`")), "{said}");
            check(near).unwrap();
        }
        let long = "a".repeat(1_000);
        assert!(check(&long).unwrap_err().to_string().len() < 300);
        check(&nearest(&long)).unwrap();
        check("harbor_bot-2").unwrap();
    }
}
