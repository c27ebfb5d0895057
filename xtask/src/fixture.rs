//! The files of `fixtures/`.

use crate::{Error, root};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// A fixture: its name, `rest/user-by-id`, and its content.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) recording: Value,
}

/// The folders that hold fixtures.
const KINDS: [&str; 3] = ["console", "main-ws", "rest"];

/// Reads every fixture of `fixtures/`, in the order of their names.
pub(crate) fn load() -> Result<Vec<Fixture>, Error> {
    let folder = root().join("fixtures");
    let mut fixtures = Vec::new();
    let mut paths = Vec::new();
    for kind in KINDS {
        paths.extend(json_files(&folder.join(kind))?);
    }
    for path in paths {
        let name = path
            .strip_prefix(&folder)?
            .with_extension("")
            .to_string_lossy()
            .replace('\\', "/");
        let recording = serde_json::from_slice(&fs::read(&path)?)
            .map_err(|error| format!("{name}: {error}"))?;
        fixtures.push(Fixture { name, recording });
    }
    Ok(fixtures)
}

/// The JSON files of a folder and its folders, in the order of their names.
pub(crate) fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            files.extend(json_files(&path)?);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(files)
}
