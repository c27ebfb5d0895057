//! The places of the token: the command line, the environment, the profile, and the default folders of servers.

use crate::failure::Failure;
use pytale::console::{Secret, TokenFile};
use std::path::{Path, PathBuf};

/// The variable with the path of the token file, as container images set it.
pub(crate) const FILE_VARIABLE: &str = "TAVERN_TOKEN_FILE";

/// The variable with the token itself.
pub(crate) const TOKEN_VARIABLE: &str = "TAVERN_TOKEN";

const FILE_NAME: &str = "console_token.txt";

/// The source of the token of a self-hosted server.
#[derive(Debug)]
pub(crate) enum TokenSource {
    /// The file is read at every connection.
    File(PathBuf),
    Value(Secret),
}

/// Returns the first source that is given. If none is, the token file in its default place, or else in the place of a container.
pub(crate) fn find(
    option: Option<&Path>,
    profile: Option<PathBuf>,
) -> Result<TokenSource, Failure> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(path) = option {
        return Ok(TokenSource::File(path.to_owned()));
    }
    if let Some(path) = profile {
        return Ok(TokenSource::File(path));
    }
    if let Some(path) = variable(FILE_VARIABLE) {
        return Ok(TokenSource::File(path.into()));
    }
    if let Some(token) = variable(TOKEN_VARIABLE) {
        let token = token.into_string().map_err(|_| {
            Failure::usage(format!(
                "the token in {TOKEN_VARIABLE} contains invalid characters"
            ))
        })?;
        return Ok(TokenSource::Value(Secret::new(Secret::trimmed(&token))));
    }
    let usual = TokenFile::local().ok().map(|file| file.path().to_owned());
    let mut places = usual.iter().cloned().chain(container_places());
    // A missing file in the default place can be there later, after the first start of the server.
    let found = places.find(|path| path.is_file()).or(usual);
    found.map(TokenSource::File).ok_or_else(|| {
        let places = "in a Wine prefix (WINEPREFIX, or ~/.wine), /data, /home/container, /srv/tavern and /app/data";
        Failure::usage(format!("no {FILE_NAME} was found {places}")).advice(format!(
            "name it with --token-file or {FILE_VARIABLE}; a server writes it at its first start"
        ))
    })
}

/// The folders in which container images and hosting panels keep the data of the server.
fn container_places() -> impl Iterator<Item = PathBuf> {
    const FOLDERS: [&str; 4] = ["/data", "/home/container", "/srv/tavern", "/app/data"];
    FOLDERS.into_iter().flat_map(|folder| {
        let folder = Path::new(folder);
        [
            folder.join("TheModdingTavern").join(FILE_NAME),
            folder.join(FILE_NAME),
        ]
    })
}
