//! Checks that each package has everything for its page on the registry, and no file that needs the workspace.

use crate::{Error, cargo, metadata};
use cargo_metadata::{Package, TargetKind};
use std::collections::BTreeSet;

/// Files that a reader of the package looks for.
const REQUIRED: [&str; 3] = ["README.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Folders that need the whole workspace: the fixtures, unpublished crates.
const EXCLUDED: [&str; 4] = ["benches/", "fuzz/", "proptest-regressions/", "tests/"];

/// The registry accepts at most five.
const MOST_KEYWORDS: usize = 5;

/// Fails with a list of the problems.
pub(crate) fn check() -> Result<(), Error> {
    let metadata = metadata()?;
    let mut problems = Vec::new();
    for package in metadata.workspace_packages() {
        // An empty list says that it is never published.
        if package.publish.as_ref().is_some_and(Vec::is_empty) {
            continue;
        }
        let found = [about(package), contents(package)?].concat();
        problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{}: {problem}", package.name)),
        );
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n").into())
    }
}

/// Problems of the manifest.
fn about(package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    if package.description.is_none() {
        problems.push("no description".to_owned());
    }
    if package.categories.is_empty() {
        problems.push("no categories".to_owned());
    }
    if !(1..=MOST_KEYWORDS).contains(&package.keywords.len()) {
        problems.push(format!("not 1 to {MOST_KEYWORDS} keywords"));
    }
    let is_library = package
        .targets
        .iter()
        .any(|target| target.is_kind(TargetKind::Lib));
    if is_library && package.metadata["docs"]["rs"]["all-features"] != true {
        problems.push("no `all-features = true` in [package.metadata.docs.rs]".to_owned());
    }
    problems
}

/// Problems of the files, which cargo lists.
fn contents(package: &Package) -> Result<Vec<String>, Error> {
    let output = cargo()
        .args([
            "package",
            "--list",
            "--allow-dirty",
            "--package",
            &package.name,
        ])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let list = String::from_utf8(output.stdout)?.replace('\\', "/");
    let files: BTreeSet<&str> = list.lines().collect();
    Ok(problems_of(&files))
}

fn problems_of(files: &BTreeSet<&str>) -> Vec<String> {
    let missing = REQUIRED
        .iter()
        .filter(|name| !files.contains(**name))
        .map(|name| format!("the package has no {name}"));
    let needless = EXCLUDED
        .iter()
        .filter(|folder| files.iter().any(|file| file.starts_with(**folder)))
        .map(|folder| format!("the package contains {folder}; add `exclude.workspace = true`"));
    missing.chain(needless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_complete() {
        check().unwrap();
    }

    #[test]
    fn missing_and_superfluous_files_are_named() {
        let files = BTreeSet::from(["README.md", "LICENSE-MIT", "src/lib.rs", "tests/all.rs"]);
        assert_eq!(
            problems_of(&files),
            [
                "the package has no LICENSE-APACHE",
                "the package contains tests/; add `exclude.workspace = true`"
            ]
        );
    }
}
