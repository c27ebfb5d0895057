//! The main socket's soak, in release mode.

use crate::{Error, cargo};

/// Runs it: a minute if `quick`, otherwise ten and more.
pub(crate) fn run(quick: bool) -> Result<(), Error> {
    let mut command = cargo();
    command.args(["bench", "-p", "alta-ws", "--bench", "soak"]);
    if quick {
        command.args(["--", "--quick"]);
    }
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a promise was broken, see above".into())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// All sources of the crates in one text.
    fn sources(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn every_test_that_the_page_of_promises_names_exists() {
        let page = std::fs::read_to_string(crate::root().join("docs/reliability.md")).unwrap();
        let mut all = String::new();
        sources(&crate::root().join("crates"), &mut all);
        let is_a_test = |name: &&str| {
            name.matches('_').count() >= 3
                && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())
        };
        let names: Vec<&str> = page
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(is_a_test)
            .collect();
        assert!(
            names.len() > 50,
            "the page names its tests between back-ticks"
        );
        for name in names {
            // The page leaves the number of the promise out.
            let found = all.contains(&format!("fn {name}(")) || all.contains(&format!("_{name}("));
            assert!(found, "there is no test {name}");
        }
    }
}
