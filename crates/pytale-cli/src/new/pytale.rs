//! The dependency on the library in the manifest of a project.

use crate::failure::Failure;
use std::path::Path;

/// The published library of this version, or the one in a checkout.
pub(super) fn dependency(checkout: Option<&Path>) -> Result<String, Failure> {
    let Some(checkout) = checkout else {
        return Ok(format!(
            "version = \"{}.{}\"",
            env!("CARGO_PKG_VERSION_MAJOR"),
            env!("CARGO_PKG_VERSION_MINOR")
        ));
    };
    let wrong = |problem: &str| {
        Failure::usage(format!("--pytale {}: {problem}", checkout.display()))
            .advice("name the folder of a checkout of pytale, which has crates/pytale/Cargo.toml")
    };
    let folder = checkout.join("crates").join("pytale");
    if !folder.join("Cargo.toml").is_file() {
        return Err(wrong("there is no crates/pytale/Cargo.toml"));
    }
    let folder = std::path::absolute(folder)
        .map_err(|error| Failure::io("finding the current folder", &error))?;
    let Some(folder) = folder.to_str() else {
        return Err(wrong("the path contains invalid characters"));
    };
    // A string of JSON is a string of TOML.
    Ok(format!("path = {}", serde_json::json!(folder)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_published_version_is_the_one_of_this_program() {
        assert_eq!(dependency(None).unwrap(), "version = \"0.1\"");
    }

    #[test]
    fn a_folder_without_the_library_is_wrong_use() {
        let folder = tempfile::tempdir().unwrap();
        let said = dependency(Some(folder.path())).unwrap_err().to_string();
        assert!(said.contains("crates/pytale/Cargo.toml"), "{said}");
        // Windows does not permit double quotes, and separates folders with the backslash.
        let name = if cfg!(windows) {
            "a 'b'"
        } else {
            "a \"b\"'\\c"
        };
        let checkout = folder.path().join(name);
        let library = checkout.join("crates").join("pytale");
        std::fs::create_dir_all(&library).unwrap();
        std::fs::write(library.join("Cargo.toml"), "").unwrap();
        let table: toml::Table = dependency(Some(&checkout)).unwrap().parse().unwrap();
        assert_eq!(table["path"].as_str(), library.to_str());
    }
}
