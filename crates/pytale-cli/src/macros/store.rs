//! The files of macros: one for each, in the data folder.

use super::step::Macro;
use super::wrong;
use crate::failure::Failure;
use crate::settings::{data_folder, nearest};
use std::fs;
use std::io::ErrorKind;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The most bytes of a macro.
const MOST: u64 = 1 << 20;

/// The end of the name of a file.
const END: &str = ".txt";

/// The names of all macros, in order.
pub(crate) fn names() -> Vec<String> {
    let Ok(entries) = folder().map(fs::read_dir) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let name = name.strip_suffix(END)?.to_owned();
            is_name(&name).then_some(name)
        })
        .collect();
    names.sort_unstable();
    names
}

/// All macros with their steps in one line. For a file that cannot be read, the reason.
pub(crate) fn list() -> Result<Vec<(String, String)>, Failure> {
    folder()?;
    let with_steps = |name: String| {
        let steps = match load(&name) {
            Ok(found) => pytale::model::escaped(found.lines().join("; ")).to_string(),
            Err(failure) => failure.to_string(),
        };
        (name, steps)
    };
    Ok(names().into_iter().map(with_steps).collect())
}

pub(crate) fn load(name: &str) -> Result<Macro, Failure> {
    let path = path_of(name)?;
    if path.try_exists().is_ok_and(|exists| !exists) {
        return Err(unknown(name));
    }
    load_file(&path)
}

/// Reads the steps of a file.
pub(super) fn load_file(path: &Path) -> Result<Macro, Failure> {
    let failed = |error| Failure::io(format!("reading the macro {}", path.display()), &error);
    let file = fs::File::open(path).map_err(failed)?;
    let mut text = String::new();
    // A device can be without an end.
    let length = file.take(MOST + 1).read_to_string(&mut text);
    if length.map_err(failed)? as u64 > MOST {
        let most = MOST >> 20;
        return Err(wrong(format!("{}: more than {most} MiB", path.display())));
    }
    Macro::of_lines(text.lines()).map_err(|failure| failure.of(&path.display().to_string()))
}

/// Writes a macro in place of the one with the same name.
pub(crate) fn save(name: &str, steps: &Macro) -> Result<(), Failure> {
    let path = path_of(name)?;
    let write = || {
        fs::create_dir_all(folder_of(&path))?;
        // A full disk must not damage the old macro.
        let new = path.with_extension("new");
        let written = fs::write(&new, steps.lines().join("\n") + "\n");
        let renamed = written.and_then(|()| fs::rename(&new, &path));
        if renamed.is_err() {
            let _ = fs::remove_file(&new);
        }
        renamed
    };
    write().map_err(|error| Failure::io(format!("writing the macro {}", path.display()), &error))
}

pub(crate) fn remove(name: &str) -> Result<(), Failure> {
    let path = path_of(name)?;
    fs::remove_file(&path).map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            return unknown(name);
        }
        Failure::io(format!("removing the macro {}", path.display()), &error)
    })
}

fn unknown(name: &str) -> Failure {
    let failure = wrong(format!("there is no macro {name}"));
    let names = names();
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => failure.advice(format!("did you mean {near}?")),
        None if names.is_empty() => failure.advice(super::HOW_TO_DEFINE),
        None => failure.advice("`:macro` in `tale console` and `tale macro` list them"),
    }
}

fn folder() -> Result<PathBuf, Failure> {
    Ok(data_folder()?.join("macros"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

/// The file of a macro. The name is checked, since it becomes the name of a file.
fn path_of(name: &str) -> Result<PathBuf, Failure> {
    if !is_name(name) {
        let name = pytale::model::escaped(name);
        return Err(wrong(format!("{name} is no name of a macro"))
            .advice("use at most 64 letters of the English alphabet, digits, - and _"));
    }
    Ok(folder()?.join(format!("{name}{END}")))
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(allowed)
}
