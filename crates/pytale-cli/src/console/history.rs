//! The file with the lines that were typed: one for each server.

use crate::settings::data_folder;
use std::path::PathBuf;

/// The path of the history of a server; its folder exists. `None` if there is no place for it.
pub(super) fn file_of(server: &str) -> Option<PathBuf> {
    let folder = data_folder().ok()?.join("history");
    std::fs::create_dir_all(&folder).ok()?;
    let name: String = server
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .collect();
    Some(folder.join(format!("{name}.txt")))
}
