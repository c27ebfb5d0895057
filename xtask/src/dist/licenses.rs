//! The license texts of a release: ours, and those of the crates that a program contains.

use super::Program;
use super::platform::Platform;
use crate::{Error, cargo, root};
use cargo_metadata::{Metadata, MetadataCommand, Package};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const OURS: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

const THIRD_PARTY: &str = "LICENSES-THIRD-PARTY.txt";

/// The first words of the names of license files, in lower case.
const NAMES: [&str; 6] = [
    "copying",
    "copyright",
    "licence",
    "license",
    "notice",
    "unlicense",
];

const RULE: &str =
    "\n--------------------------------------------------------------------------------\n";

/// Writes the texts into the folder of an archive or a wheel.
pub(crate) fn write(program: &Program, platform: &Platform, folder: &Path) -> Result<(), Error> {
    for text in OURS {
        std::fs::copy(root().join(text), folder.join(text))?;
    }
    let metadata = metadata()?;
    let text = third_party(program, &contained(&metadata, program, platform)?)?;
    std::fs::write(folder.join(THIRD_PARTY), text)?;
    Ok(())
}

/// The metadata of all crates, wherever they come from.
fn metadata() -> Result<Metadata, Error> {
    Ok(MetadataCommand::new()
        .current_dir(root())
        .other_options(vec!["--locked".to_owned()])
        .exec()?)
}

/// Fails unless the folder has our texts, whole, and those of the crates.
pub(crate) fn check(folder: &Path) -> Result<(), Error> {
    for text in OURS {
        if std::fs::read(folder.join(text))? != std::fs::read(root().join(text))? {
            return Err(format!("{text} in {} is not ours", folder.display()).into());
        }
    }
    let text = std::fs::read_to_string(folder.join(THIRD_PARTY))?;
    if text.contains("\ntokio ") {
        Ok(())
    } else {
        Err(format!("{THIRD_PARTY} in {} does not name tokio", folder.display()).into())
    }
}

/// The third-party crates that a program contains. Those that only tests or builds use are no part of it.
fn contained<'a>(
    metadata: &'a Metadata,
    program: &Program,
    platform: &Platform,
) -> Result<Vec<&'a Package>, Error> {
    let output = cargo()
        .args(["tree", "--locked", "--edges", "normal", "--prefix", "none"])
        .args(["--format", "{p}", "--package", program.package])
        .args(["--target", &platform.target])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let tree = String::from_utf8(output.stdout)?;
    // A line is `bytes v1.2.3`; crates of the workspace and macros have more words.
    let names: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, rest)| (name, rest.split(' ').next().unwrap_or(rest)))
        .collect();
    let packages = metadata.packages.iter().filter(|package| {
        let version = package.version.to_string();
        package.source.is_some() && names.contains(&(package.name.as_str(), version.as_str()))
    });
    Ok(packages.collect())
}

/// A list of the crates with their licenses and sources, and then each text once.
fn third_party(program: &Program, packages: &[&Package]) -> Result<String, Error> {
    let mut list = format!(
        "The program {} contains the crates of this list, the standard library of Rust (MIT OR Apache-2.0,\n\
         https://github.com/rust-lang/rust) and, on Linux, musl (MIT, https://musl.libc.org). The texts follow the list.\n\n",
        program.name
    );
    let mut texts = BTreeMap::<String, Vec<String>>::new();
    for package in packages {
        let title = format!("{} {}", package.name, package.version);
        let license = package
            .license
            .as_deref()
            .unwrap_or("the license in its file");
        let source = package
            .repository
            .clone()
            .unwrap_or_else(|| format!("https://crates.io/crates/{}", package.name));
        writeln!(list, "{title}  {license}  {source}")?;
        for file in files(package)? {
            let text = String::from_utf8_lossy(&std::fs::read(file)?).replace('\r', "");
            texts.entry(text).or_default().push(title.clone());
        }
    }
    for (text, titles) in texts {
        write!(
            list,
            "{RULE}{}:\n\n{}\n",
            titles.join(", "),
            text.trim_end()
        )?;
    }
    Ok(list)
}

fn files(package: &Package) -> Result<Vec<PathBuf>, Error> {
    let folder = package
        .manifest_path
        .parent()
        .ok_or("a crate without a folder")?;
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if entry.file_type()?.is_file() && NAMES.iter().any(|first| name.starts_with(first)) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::super::PROGRAMS;
    use super::*;

    #[test]
    fn crates_of_the_program_are_named_with_their_texts() {
        let platform = Platform::new("x86_64-unknown-linux-musl".to_owned());
        let metadata = metadata().unwrap();
        let packages = contained(&metadata, &PROGRAMS[0], &platform).unwrap();
        let text = third_party(&PROGRAMS[0], &packages).unwrap();
        assert!(text.contains("\ntokio "), "{text}");
        assert!(text.contains("Permission is hereby granted"));
        // A crate of tests, and one of another platform.
        assert!(!text.contains("\nwiremock ") && !text.contains("\nwindows-sys "));
    }
}
