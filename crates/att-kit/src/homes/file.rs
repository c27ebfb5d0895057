//! The file of the debts: JSON, replaced as a whole.

use super::debt::{Debt, MAX_DEBTS};
use att_console::read_small_file;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The version of the format.
const VERSION: u32 = 1;

/// [`MAX_DEBTS`] debts are a quarter of this.
const LARGEST: u64 = 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Content<D> {
    version: u32,
    debts: D,
}

/// Reads the debts, and writes them again: a file that cannot be written is an error now, not at the first teleport. A missing
/// file has no debts. Blocks.
pub(super) fn open(path: &Path) -> io::Result<Vec<Debt>> {
    let debts = match read_small_file(path, LARGEST) {
        Ok((text, _)) => parse(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    write(path, &debts)?;
    Ok(debts)
}

fn parse(text: &str) -> io::Result<Vec<Debt>> {
    let content: Content<Vec<Debt>> = serde_json::from_str(text)?;
    if content.version != VERSION {
        let version = content.version;
        return Err(invalid(format!("version {version} is not known")));
    }
    if content.debts.len() > MAX_DEBTS {
        let count = content.debts.len();
        return Err(invalid(format!("{count} debts are more than {MAX_DEBTS}")));
    }
    Ok(content.debts)
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

/// Replaces the file: after a crash it has either the old or the new debts. Blocks.
pub(super) fn write(path: &Path, debts: &[Debt]) -> io::Result<()> {
    let content = Content {
        version: VERSION,
        debts,
    };
    let text = serde_json::to_string(&content)?;
    let new = beside(path);
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    // Otherwise the new name can reach the disk before the content does.
    file.sync_all()?;
    std::fs::rename(&new, path)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alta_model::{Timestamp, UserId, Vector3};

    fn folder(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("pytale-homes-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn debts_are_read_as_they_were_written() {
        let folder = folder("read");
        let path = folder.join("homes.json");
        let debt = |player, home| Debt {
            player: UserId::new(player),
            home,
            set_to: Vector3::new(0.1, -2e-9, 1e7),
            since: Timestamp::from_unix_seconds(1_800_000_000).unwrap(),
        };
        let debts = [
            debt(7, None),
            debt(-8, Some(Vector3::new(1.0 / 3.0, 2.0, -0.0))),
        ];
        assert_eq!(open(&path).unwrap(), []);
        write(&path, &debts).unwrap();
        assert_eq!(open(&path).unwrap(), debts);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(
            text.starts_with(r#"{"version":1,"debts":[{"player":7,"home":null,"#),
            "{text}"
        );
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_used_is_an_error_and_stays_as_it_is() {
        let folder = folder("bad");
        let path = folder.join("homes.json");
        for text in [
            "",
            "[]",
            "{\"version\": 2, \"debts\": []}",
            "{\"version\": 1, \"debts\": [{\"player\": 7}]}",
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(open(&path).is_err(), "{text}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        assert!(open(&folder).is_err(), "a folder");
        assert!(open(&folder.join("missing").join("homes.json")).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
