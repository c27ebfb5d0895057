//! `cargo xtask soak`: the soaks of both websockets, in release mode.

use crate::{Error, cargo};
use clap::ValueEnum;

/// The soaks.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Soak {
    /// Game-server consoles.
    Console,
    /// The main websocket.
    MainSocket,
}

impl Soak {
    fn package(self) -> &'static str {
        match self {
            Soak::Console => "att-console",
            Soak::MainSocket => "alta-ws",
        }
    }
}

/// Runs one of them, or both: for a minute each if `quick`, otherwise for ten.
pub(crate) fn run(soak: Option<Soak>, quick: bool) -> Result<(), Error> {
    let both = [Soak::Console, Soak::MainSocket];
    for soak in soak.map_or(both.to_vec(), |soak| vec![soak]) {
        let mut command = cargo();
        command.args(["bench", "-p", soak.package(), "--bench", "soak"]);
        if quick {
            command.args(["--", "--quick"]);
        }
        if !command.status()?.success() {
            return Err("a promise was broken, see above".into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// All sources of the crates in one string.
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
            // The page omits the number of the promise.
            let found = all.contains(&format!("fn {name}(")) || all.contains(&format!("_{name}("));
            assert!(found, "there is no test {name}");
        }
    }
}
