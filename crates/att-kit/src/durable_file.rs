//! A file for what must survive a crash: a list as JSON, replaced as a whole, and used by one program at a time.

use att_console::read_small_file;
use fs4::{FileExt, TryLockError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[cfg(test)]
mod tests;

/// The version of the format.
const VERSION: u32 = 1;

/// The most bytes of a file.
const LARGEST: u64 = 16 * 1024 * 1024;

/// The time for the program before this one, or for the task of a closed console, to release the file.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

const LOCK_RETRY: Duration = Duration::from_millis(20);

/// The file is locked while this exists, by a file beside it with the ending `.lock`. The system releases the lock when the program
/// is killed.
#[derive(Debug)]
pub(crate) struct DurableFile<T> {
    path: PathBuf,
    /// The name of the list, such as `debts`.
    list: &'static str,
    _lock: File,
    items: PhantomData<fn(T) -> T>,
}

#[derive(Deserialize)]
struct Content {
    version: u32,
    #[serde(flatten)]
    lists: HashMap<String, Value>,
}

impl<T: Serialize + DeserializeOwned + Send + 'static> DurableFile<T> {
    /// Locks the file, reads the list, and writes it again: a file that cannot be written is an error now, not later. A missing
    /// file has an empty list. A file that cannot be used stays as it is.
    ///
    /// Cancel safe.
    pub(crate) async fn open(path: PathBuf, list: &'static str) -> io::Result<(Self, Vec<T>)> {
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            let path = path.clone();
            let opening = move || {
                let opened = Self::try_open(&path, list);
                opened.map_err(|error| context(&error, &path.display().to_string()))
            };
            let opened = tokio::task::spawn_blocking(opening);
            match opened.await.map_err(io::Error::other)? {
                Err(error)
                    if error.kind() == io::ErrorKind::ResourceBusy && Instant::now() < deadline =>
                {
                    sleep(LOCK_RETRY).await;
                }
                opened => return opened,
            }
        }
    }

    fn try_open(path: &Path, list: &'static str) -> io::Result<(Self, Vec<T>)> {
        let path = real(path)?;
        let lock = beside(&path, "lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(lock)?;
        // The method of the same name in `std` is newer than the minimum supported version of Rust.
        match FileExt::try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let reason = "another program or console uses it";
                return Err(io::Error::new(io::ErrorKind::ResourceBusy, reason));
            }
            Err(TryLockError::Error(error)) => return Err(context(&error, "it cannot be locked")),
        }
        let items = match read_small_file(&path, LARGEST) {
            Ok((text, _)) => parse(&text, list).map_err(|reason| {
                let reason =
                    format!("{reason}; it is not changed: rename it to start without its {list}");
                io::Error::new(io::ErrorKind::InvalidData, reason)
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let file = Self {
            path,
            list,
            _lock: lock,
            items: PhantomData,
        };
        file.write(&items)?;
        Ok((file, items))
    }

    /// Replaces the file: after a crash it has either the old or the new list. Blocks.
    pub(crate) fn write<'a>(&self, items: impl IntoIterator<Item = &'a T>) -> io::Result<()> {
        let items: Vec<&T> = items.into_iter().collect();
        let (list, items) = (self.list, serde_json::to_string(&items)?);
        let text = format!(r#"{{"version":{VERSION},"{list}":{items}}}"#);
        if text.len() as u64 > LARGEST {
            let reason = format!("the file would be larger than {LARGEST} bytes");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        let new = beside(&self.path, "new");
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        // Otherwise the new name can reach the disk before the content does.
        file.sync_all()?;
        std::fs::rename(&new, &self.path)?;
        sync_folder(&self.path)
    }
}

fn parse<T: DeserializeOwned>(text: &str, list: &str) -> Result<Vec<T>, String> {
    let damaged = |error: serde_json::Error| format!("it is damaged: {error}");
    let mut content: Content = serde_json::from_str(text).map_err(damaged)?;
    if content.version != VERSION {
        let version = content.version;
        return Err(format!(
            "its version {version} is not known: another version of this library has written it"
        ));
    }
    let items = content.lists.remove(list);
    let items = items.ok_or_else(|| format!("it has no {list}"))?;
    serde_json::from_value(items).map_err(damaged)
}

/// The path without links: two paths to a file have one lock, and a link is not replaced by a file.
fn real(path: &Path) -> io::Result<PathBuf> {
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        real => return real,
    }
    let name = path.file_name();
    let name = name.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it has no name"))?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new(".")).canonicalize();
    let folder = folder.map_err(|error| context(&error, "the folder cannot be opened"))?;
    Ok(folder.join(name))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Writes the name of the file to the disk: without it, the old file can return after a loss of power.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    match File::open(folder)?.sync_all() {
        // Some file systems cannot.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn context(error: &io::Error, context: &str) -> io::Error {
    io::Error::new(error.kind(), format!("{context}: {error}"))
}
