//! Every combination of a package's features, except those that build the same as another one.

use crate::{Error, cargo, metadata};
use cargo_metadata::Package;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

/// The features of each combination; one combination represents all that build the same.
pub(crate) fn of(package: &Package) -> Result<Vec<Vec<String>>, Error> {
    let manifest = package.manifest_path.as_std_path();
    let sources = sources(&manifest.with_file_name("src"))?;
    Ok(distinct(&package.features, &sources))
}

/// Checks the library with each combination. Those with the feature `apart` run in parallel to those without: a chain of crates
/// occupies only one core, and the crates of `apart` are built on one side only.
pub(crate) fn check(package: &str, apart: &str, combinations: &[Vec<String>]) -> Result<(), Error> {
    let (with, without): (Vec<_>, Vec<_>) = combinations
        .iter()
        .partition(|chosen| chosen.iter().any(|feature| feature == apart));
    let other_folder = metadata()?.target_directory.join("combinations");
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| check_each(package, &with, Some(other_folder.as_std_path())));
        let here = check_each(package, &without, None);
        here.and(beside.join().unwrap_or_else(|_| Err("a panic".into())))
    })
}

fn check_each(
    package: &str,
    combinations: &[&Vec<String>],
    folder: Option<&Path>,
) -> Result<(), Error> {
    let begun = Instant::now();
    for (index, combination) in combinations.iter().enumerate() {
        let features = combination.join(",");
        let mut command = cargo();
        if let Some(folder) = folder {
            command.env("CARGO_TARGET_DIR", folder);
        }
        // The incremental data of a combination takes gigabytes, and no other one can use it.
        command.env("CARGO_INCREMENTAL", "0");
        // Each dependency has a step for its own lints; here they would take most of the time.
        command.args(["clippy", "--quiet", "--no-deps", "-p", package, "--lib"]);
        command.args(["--no-default-features", "--features", &features]);
        // Code that is unused without a feature is an error too.
        command.args(["--", "-D", "warnings"]);
        let status = command.status()?;
        if !status.success() {
            return Err(format!("{package} with {features:?}: cargo ended with {status}").into());
        }
        if (index + 1) % 10 == 0 {
            let time = begun.elapsed().as_secs();
            println!("    {} of {} in {time} s", index + 1, combinations.len());
        }
    }
    Ok(())
}

type Features = BTreeMap<String, Vec<String>>;

fn distinct(features: &Features, sources: &str) -> Vec<Vec<String>> {
    let names: Vec<_> = features.keys().filter(|name| *name != "default").collect();
    let mut seen = BTreeSet::new();
    let mut combinations: Vec<Vec<String>> = (0..1_u32 << names.len())
        .map(|bits| {
            let chosen = names.iter().enumerate();
            let chosen = chosen.filter(|(place, _)| bits & (1 << place) != 0);
            chosen.map(|(_, name)| (*name).clone()).collect()
        })
        .collect();
    // The shortest list represents the others.
    combinations.sort_by_key(Vec::len);
    combinations.retain(|chosen| seen.insert(built(features, chosen, sources)));
    combinations
}

/// The effect of these features: dependencies, their features, and `cfg`s in the code of the package.
fn built(features: &Features, chosen: &[String], sources: &str) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut weak = Vec::new();
    let mut open: Vec<&str> = chosen.iter().map(String::as_str).collect();
    let mut named = BTreeSet::new();
    while let Some(name) = open.pop() {
        if let Some(dependency) = name.strip_prefix("dep:") {
            on.insert(dependency.to_owned());
        } else if let Some((dependency, feature)) = name.split_once("?/") {
            weak.push((dependency, feature));
        } else if let Some((dependency, feature)) = name.split_once('/') {
            on.insert(dependency.to_owned());
            on.insert(format!("{dependency}/{feature}"));
        } else if named.insert(name) {
            open.extend(features.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    let weak: Vec<_> = weak
        .into_iter()
        .filter(|(dependency, _)| on.contains(*dependency))
        .map(|(dependency, feature)| format!("{dependency}/{feature}"))
        .collect();
    on.extend(weak);
    let in_code = |name: &&str| sources.contains(&format!("feature = \"{name}\""));
    on.extend(
        named
            .into_iter()
            .filter(in_code)
            .map(|name| format!("own {name}")),
    );
    on
}

fn sources(folder: &Path) -> Result<String, Error> {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            text.push_str(&sources(&path)?);
        } else if path.file_name().is_none_or(|name| name != "features.rs") {
            // That file only refuses combinations, which builds no other code.
            text.push_str(&std::fs::read_to_string(&path)?);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(list: &[(&str, &[&str])]) -> Features {
        let list = list.iter();
        list.map(|(name, on)| {
            (
                (*name).to_owned(),
                on.iter().map(ToString::to_string).collect(),
            )
        })
        .collect()
    }

    fn said(features: &Features, sources: &str) -> Vec<String> {
        let all = distinct(features, sources);
        all.iter().map(|chosen| chosen.join("+")).collect()
    }

    #[test]
    fn equal_builds_are_built_once() {
        let list = features(&[
            ("a", &["dep:x"]),
            ("both", &["a", "b"]),
            ("b", &["dep:y"]),
            ("tls", &["x?/tls"]),
            ("nothing", &[]),
        ]);
        assert_eq!(said(&list, ""), ["", "a", "b", "both", "a+tls", "both+tls"]);
        let named = said(&list, "#[cfg(feature = \"nothing\")]");
        assert_eq!(named.len(), 12);
    }

    #[test]
    fn the_facade_is_built_in_every_combination_of_its_parts() {
        let metadata = metadata().unwrap();
        let packages = metadata.workspace_packages();
        let find = |name: &str| {
            *packages
                .iter()
                .find(|package| *package.name == name)
                .unwrap()
        };
        let combinations = of(find("pytale")).unwrap();
        for wanted in [
            vec![],
            vec!["rest"],
            vec!["console", "rest"],
            vec!["console", "ws"],
            vec!["platform-roots", "rest", "ws"],
            vec!["bot", "metrics"],
            vec!["kit"],
            vec!["kit", "metrics"],
        ] {
            let there = combinations.iter().any(|chosen| *chosen == wanted);
            assert!(there, "{wanted:?} is not in {combinations:?}");
        }
        // Thirteen sets of parts, each without the simulator, with it, and with its program; four choices of TLS except without any
        // part; metrics with the five sets that have handlers.
        assert_eq!(combinations.len(), (1 + 12 * 4) * 3 + 5 * 4 * 3);
        assert_eq!(of(find("alta-bot")).unwrap().len(), 8);
    }

    #[test]
    fn a_feature_without_effect_is_refused_with_a_reason() {
        for (feature, reason) in [("metrics", "`bot`"), ("hyper", "`console`")] {
            let mut command = cargo();
            command.args(["check", "--quiet", "-p", "pytale", "--lib"]);
            command.args(["--no-default-features", "--features", feature]);
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && said.contains(reason), "{said}");
        }
    }

    #[test]
    fn a_failure_on_either_side_is_returned() {
        // Cargo refuses it before it builds anything.
        let wrong = [vec!["nonsense".to_owned()]];
        for apart in ["nonsense", "hyper"] {
            let message = check("pytale", apart, &wrong).unwrap_err().to_string();
            assert!(message.starts_with("pytale with \"nonsense\""), "{message}");
        }
    }
}
