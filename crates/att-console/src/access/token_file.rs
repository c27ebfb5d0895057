use crate::access::small_file::read_small_file;
use crate::access::{Access, AccessError, ConsoleAccess, address, host_of};
use crate::error::{Error, ErrorKind};
use alta_dial::detached;
use alta_model::Secret;
use alta_socket::WithoutSecrets;
use futures_core::future::BoxFuture;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use std::{fmt, io};
use tokio::sync::Mutex;
use url::Url;

/// The interval at which the token file is read while the console waits. Container kits use the same.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The address of the console on the machine that a self-hosted server runs on.
const LOCAL_CONSOLE: &str = "ws://127.0.0.1:1760";

/// Tokens are a few hundred bytes; a larger file is not read into memory.
const LARGEST_TOKEN: u64 = 64 * 1024;

/// Access to a self-hosted server (TavernLib) with the `console_token.txt` that it writes.
///
/// The file is read at every attempt: it does not exist before the first start of the server, and changes when the server renews
/// its secret. A byte-order mark and white space around the token are removed. If the file is missing, is not a regular file, is
/// larger than 64 KiB, or contains a control character in the token, the console tries again later.
pub struct TokenFile {
    url: Url,
    path: PathBuf,
    /// A hash of the last content, to notice a change.
    seen: AtomicU64,
    /// Held by the thread that reads the file, so that a file system that hangs blocks only one thread.
    reading: Arc<Mutex<()>>,
}

impl TokenFile {
    /// Access to the console at `url`, with the token in the file at `path`.
    pub fn new(url: Url, path: impl Into<PathBuf>) -> Self {
        Self {
            url,
            path: path.into(),
            seen: AtomicU64::new(0),
            reading: Arc::default(),
        }
    }

    /// Access to the server on this machine (`ws://127.0.0.1:1760`), with the token file at its default path: in
    /// `%APPDATA%\TheModdingTavern` on Windows, elsewhere in the same folder of a Wine prefix (`WINEPREFIX`, or else `~/.wine`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoTokenFile`] if this machine has no such folder (no `APPDATA`, no home). The file can be missing yet.
    pub fn local() -> Result<Self, Error> {
        let url = address::parse(LOCAL_CONSOLE)?;
        let path = default_path(
            |name| std::env::var_os(name).map(PathBuf::from),
            |path| {
                std::fs::read_dir(path)
                    .map(|entries| {
                        entries
                            .filter_map(|entry| Some(entry.ok()?.path()))
                            .collect()
                    })
                    .unwrap_or_default()
            },
        );
        Self::found(url, path)
    }

    fn found(url: Url, path: Option<PathBuf>) -> Result<Self, Error> {
        let doing = "looking for the token file of the server on this machine";
        match path {
            Some(path) => Ok(Self::new(url, path)),
            None => Err(Error::new(ErrorKind::NoTokenFile, doing)),
        }
    }

    /// Replaces the address, for example for another port or for the local end of a tunnel.
    #[must_use]
    pub fn at(mut self, url: Url) -> Self {
        self.url = url;
        self
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The address of the console.
    pub fn url(&self) -> &Url {
        &self.url
    }

    async fn read(&self) -> Result<Secret, AccessError> {
        let failed = |message: String, source: Option<io::Error>| AccessError::Failed {
            message,
            source: source.map(Into::into),
            retry_after: None,
        };
        let shown = self.path.display();
        let token = match self.text().await {
            Ok(text) => Secret::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(AccessError::NotYet {
                    message: format!("the token file {shown} does not exist"),
                    retry_after: None,
                });
            }
            Err(error) => {
                return Err(failed(
                    format!("reading the token file {shown}"),
                    Some(error),
                ));
            }
        };
        if token.expose().is_empty() {
            return Err(AccessError::NotYet {
                message: format!("the token file {shown} is empty"),
                retry_after: None,
            });
        }
        token
            .check(format_args!("the token file {shown}"))
            .map_err(|error| failed(error.to_string(), None))?;
        Ok(token)
    }

    /// Reads the file in a thread of its own, so that a file system that hangs delays nothing else.
    async fn text(&self) -> io::Result<String> {
        let reading = Arc::clone(&self.reading).lock_owned().await;
        let path = self.path.clone();
        detached("token-file", move || {
            let _reading = reading;
            Ok(read_small_file(&path, LARGEST_TOKEN)?.0)
        })
        .await?
    }

    async fn until_changed(&self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            if let Ok(token) = self.read().await
                && fingerprint(token.expose()) != self.seen.load(Ordering::Relaxed)
            {
                return;
            }
        }
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("url", &WithoutSecrets(&self.url))
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Access for TokenFile {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(async {
            let token = self.read().await?;
            self.seen
                .store(fingerprint(token.expose()), Ordering::Relaxed);
            Ok(ConsoleAccess::self_hosted(self.url.clone(), token).may_change())
        })
    }

    fn name(&self) -> Option<String> {
        Some(host_of(&self.url)).filter(|host| !host.is_empty())
    }

    fn address(&self) -> Option<Url> {
        Some(self.url.clone())
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.until_changed())
    }
}

fn fingerprint(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

fn default_path(
    variable: impl Fn(&str) -> Option<PathBuf>,
    list: impl Fn(&Path) -> Vec<PathBuf>,
) -> Option<PathBuf> {
    let in_app_data = |folder: PathBuf| folder.join("TheModdingTavern").join("console_token.txt");
    let roaming = |user: PathBuf| user.join("AppData").join("Roaming");
    let windows = variable("APPDATA").or_else(|| variable("USERPROFILE").map(roaming));
    if let Some(folder) = windows {
        return Some(in_app_data(folder));
    }
    let prefix = variable("WINEPREFIX").or_else(|| Some(variable("HOME")?.join(".wine")))?;
    let users = list(&prefix.join("drive_c").join("users"));
    let mut paths: Vec<_> = users
        .into_iter()
        .filter(|user| user.file_name().is_some_and(|name| name != "Public"))
        .map(|user| in_app_data(roaming(user)))
        .collect();
    paths.sort();
    let with_folder = paths
        .iter()
        .position(|path| path.parent().is_some_and(|folder| !list(folder).is_empty()));
    (!paths.is_empty()).then(|| paths.swap_remove(with_folder.unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_default_path_the_error_names_the_constructor_to_use() {
        let url: Url = LOCAL_CONSOLE.parse().unwrap();
        let nowhere = default_path(|_| None, |_| Vec::new());
        let error = TokenFile::found(url, nowhere).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NoTokenFile);
        assert!(error.to_string().contains("TokenFile::new"), "{error}");
    }

    /// The default path with these environment variables and these files.
    fn path(variables: &[(&str, &str)], files: &[&str]) -> Option<String> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| PathBuf::from(value))
        };
        let list = |folder: &Path| -> Vec<PathBuf> {
            let inside = files.iter().filter_map(|file| {
                let rest = Path::new(file).strip_prefix(folder).ok()?;
                Some(folder.join(rest.components().next()?))
            });
            inside.collect()
        };
        let found = default_path(variable, list)?;
        Some(found.to_str().unwrap().replace('\\', "/"))
    }

    #[test]
    fn on_windows_the_file_is_in_the_roaming_application_data() {
        let found = path(&[("APPDATA", "C:/Users/a/AppData/Roaming")], &[]).unwrap();
        assert_eq!(
            found,
            "C:/Users/a/AppData/Roaming/TheModdingTavern/console_token.txt"
        );
        assert_eq!(path(&[("USERPROFILE", "C:/Users/a")], &[]), Some(found));
    }

    #[test]
    fn elsewhere_the_file_is_in_the_wine_prefix_of_the_user_with_tavernlib() {
        let wine = "/home/a/.wine/drive_c/users";
        let files = [
            format!("{wine}/Public/x"),
            format!("{wine}/a/AppData/Roaming/Other/x"),
            format!("{wine}/steamuser/AppData/Roaming/TheModdingTavern/server_secret.key"),
        ];
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let home = [("HOME", "/home/a")];
        assert_eq!(
            path(&home, &files),
            Some(format!(
                "{wine}/steamuser/AppData/Roaming/TheModdingTavern/console_token.txt"
            ))
        );
        assert_eq!(
            path(&home, &files[..2]),
            Some(format!(
                "{wine}/a/AppData/Roaming/TheModdingTavern/console_token.txt"
            )),
            "TavernLib may be installed later"
        );
        let other = [("WINEPREFIX", "/srv/town"), ("HOME", "/home/a")];
        assert_eq!(
            path(&other, &["/srv/town/drive_c/users/b/x"]),
            Some(
                "/srv/town/drive_c/users/b/AppData/Roaming/TheModdingTavern/console_token.txt"
                    .to_owned()
            )
        );
        assert_eq!(
            path(&other, &files),
            None,
            "only the prefix of the variable is searched"
        );
        assert_eq!(path(&home, &files[..1]), None);
        assert_eq!(path(&[], &files), None);
    }
}
