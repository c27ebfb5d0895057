use crate::access::{Access, AccessError, ConsoleAccess};
use alta_socket::shown;
use futures_core::future::BoxFuture;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

/// How often a token file is looked at while the console waits. Container kits poll it every 2 s.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The console's address on the machine a self-hosted server runs on.
const LOCAL_CONSOLE: &str = "ws://127.0.0.1:1760";

/// Tokens are a few hundred bytes; a file of another kind is not read into memory.
const LARGEST_TOKEN: u64 = 64 * 1024;

/// Access to a self-hosted server (TavernLib) by the `console_token.txt` that it writes.
///
/// The file is read at every attempt, since it does not exist before the server's first start and changes when its secret
/// is made anew. A byte-order mark and white space around the token are taken off.
pub struct TokenFile {
    url: Url,
    path: PathBuf,
    /// A hash of what was read last, to notice another content.
    seen: AtomicU64,
}

impl TokenFile {
    /// The console at `url`, by the token in the file at `path`.
    pub fn new(url: Url, path: impl Into<PathBuf>) -> Self {
        Self {
            url,
            path: path.into(),
            seen: AtomicU64::new(0),
        }
    }

    /// The console of a server on this machine (`ws://127.0.0.1:1760`), by the token file in its default place:
    /// `%APPDATA%\TheModdingTavern` on Windows, the same folder of a Wine prefix elsewhere.
    ///
    /// The prefix is that of `WINEPREFIX`, else `~/.wine`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] if this machine has no such place (no `APPDATA`, no home). The file itself need not
    /// exist yet.
    pub fn local() -> io::Result<Self> {
        let url = Url::parse(LOCAL_CONSOLE).map_err(io::Error::other)?;
        let place = default_place(
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
        let place = place.ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::NotFound,
                "neither APPDATA nor a Wine prefix leads to a folder of TavernLib; name the token file",
            )
        })?;
        Ok(Self::new(url, place))
    }

    /// The file that is read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The console's address.
    pub fn url(&self) -> &Url {
        &self.url
    }

    async fn read(&self) -> Result<String, AccessError> {
        let failed = |message: String, source: Option<io::Error>| AccessError::Failed {
            message,
            source: source.map(Into::into),
        };
        let shown = self.path.display();
        let size = match tokio::fs::metadata(&self.path).await {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(AccessError::NotYet {
                    message: format!("the token file {shown} does not exist"),
                    retry_after: None,
                });
            }
            Err(error) => {
                return Err(failed(
                    format!("looking at the token file {shown}"),
                    Some(error),
                ));
            }
        };
        if size > LARGEST_TOKEN {
            return Err(failed(
                format!("{shown} is too large for a token file"),
                None,
            ));
        }
        let text = tokio::fs::read(&self.path)
            .await
            .map_err(|error| failed(format!("reading the token file {shown}"), Some(error)))?;
        let text = String::from_utf8(text)
            .map_err(|_| failed(format!("the token file {shown} is not text"), None))?;
        let token = text.trim_start_matches('\u{feff}').trim();
        if token.is_empty() {
            return Err(AccessError::NotYet {
                message: format!("the token file {shown} is empty"),
                retry_after: None,
            });
        }
        Ok(token.to_owned())
    }

    async fn until_changed(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if let Ok(token) = self.read().await
                && fingerprint(&token) != self.seen.load(Ordering::Relaxed)
            {
                return;
            }
        }
    }
}

impl fmt::Debug for TokenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenFile")
            .field("url", &shown(&self.url))
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl Access for TokenFile {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(async {
            let token = self.read().await?;
            self.seen.store(fingerprint(&token), Ordering::Relaxed);
            let mut access = ConsoleAccess::new(self.url.clone(), token).may_change();
            access.web_server = web_server_of(&self.url);
            Ok(access)
        })
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.until_changed())
    }
}

/// The file server of a self-hosted server is one port above its console.
fn web_server_of(console: &Url) -> Option<Url> {
    let host = console.host_str()?;
    let port = console.port()?.checked_add(1)?;
    Url::parse(&format!("http://{host}:{port}/")).ok()
}

fn fingerprint(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}

fn default_place(
    variable: impl Fn(&str) -> Option<PathBuf>,
    list: impl Fn(&Path) -> Vec<PathBuf>,
) -> Option<PathBuf> {
    let in_app_data = |folder: PathBuf| folder.join("TheModdingTavern").join("console_token.txt");
    if let Some(folder) = variable("APPDATA") {
        return Some(in_app_data(folder));
    }
    let prefix = variable("WINEPREFIX").or_else(|| Some(variable("HOME")?.join(".wine")))?;
    let users = list(&prefix.join("drive_c").join("users"));
    let roaming = |user: PathBuf| user.join("AppData").join("Roaming");
    let mut places: Vec<_> = users
        .into_iter()
        .filter(|user| user.file_name().is_some_and(|name| name != "Public"))
        .map(|user| in_app_data(roaming(user)))
        .collect();
    places.sort();
    let with_folder = places.iter().position(|place| {
        place
            .parent()
            .is_some_and(|folder| !list(folder).is_empty())
    });
    (!places.is_empty()).then(|| places.swap_remove(with_folder.unwrap_or(0)))
}
