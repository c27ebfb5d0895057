//! The folders of the program on each platform.

use crate::failure::Failure;
use directories::ProjectDirs;
use std::path::PathBuf;

/// The variable that names another configuration file.
pub(crate) const CONFIG_VARIABLE: &str = "TALE_CONFIG";

/// The path of the configuration file, which may not exist: the one in `TALE_CONFIG`, or else `config.toml` in the platform's
/// folder (`%APPDATA%\tale\config` on Windows, `~/.config/tale` on Linux, `~/Library/Application Support/tale` on macOS).
pub(crate) fn config_file() -> Result<PathBuf, Failure> {
    match std::env::var_os(CONFIG_VARIABLE) {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => Ok(folders()?.config_dir().join("config.toml")),
    }
}

/// The folder of histories and other data that the program writes, which may not exist. `TALE_DATA` names another one.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    match std::env::var_os("TALE_DATA") {
        Some(path) if !path.is_empty() => Ok(path.into()),
        _ => Ok(folders()?.data_local_dir().to_owned()),
    }
}

fn folders() -> Result<ProjectDirs, Failure> {
    ProjectDirs::from("", "", "tale").ok_or_else(|| {
        Failure::usage(
            "this user has no home folder, so there is no place for the configuration file",
        )
        .advice(format!("set {CONFIG_VARIABLE} to the path of a file"))
    })
}
