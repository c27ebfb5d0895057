mod migrations;

use super::{Row, Store, StoreError, StoreErrorKind};
use migrations::Schema;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, params};
use std::fmt;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// A store in a SQLite database, with a write-ahead log. Several processes may use it.
pub struct Sqlite {
    connection: Connection,
    path: PathBuf,
    /// Changes when another process writes.
    version: i64,
}

impl fmt::Debug for Sqlite {
    /// The name of the store in errors.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        name(&self.path).fmt(f)
    }
}

impl Sqlite {
    /// Opens the database, makes it if there is none, and brings its tables up to date. On Unix, only the owner can read the files.
    ///
    /// # Errors
    ///
    /// The file cannot be made, is locked, damaged, not a database of this library, or has newer tables.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let path = path.to_owned();
        make_private(&path).map_err(|error| io_failed(&path, error))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection =
            Connection::open_with_flags(&path, flags).map_err(|error| failed(&path, error))?;
        let mut store = Self {
            connection,
            path,
            version: 0,
        };
        store.prepare()?;
        Ok(store)
    }

    fn prepare(&mut self) -> Result<(), StoreError> {
        let prepared = migrations::migrate(&mut self.connection);
        match prepared.map_err(|error| failed(&self.path, error))? {
            Schema::Current => Ok(()),
            Schema::Newer => Err(StoreError::new(
                StoreErrorKind::NewerSchema,
                name(&self.path),
            )),
            Schema::Foreign => Err(StoreError::new(
                StoreErrorKind::NotADatabase,
                name(&self.path),
            )),
        }
    }
}

impl Store for Sqlite {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        let path = &self.path;
        let connection = &mut self.connection;
        let mut load = || {
            // One transaction, so that the version is the one of the rows.
            let transaction = connection.transaction()?;
            let rows = transaction
                .prepare("SELECT kind, key, json FROM rows ORDER BY kind, key")?
                .query_map([], |row| {
                    Ok(Row {
                        kind: row.get(0)?,
                        key: row.get(1)?,
                        json: Some(row.get(2)?),
                    })
                })?
                .collect::<Result<_, _>>()?;
            let version = data_version(&transaction)?;
            transaction.commit()?;
            Ok::<_, rusqlite::Error>((rows, version))
        };
        let (rows, version) = load().map_err(|error| failed(path, error))?;
        self.version = version;
        Ok(rows)
    }

    fn save(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let (path, known) = (&self.path, self.version);
        let connection = &mut self.connection;
        let mut save = || {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if data_version(&transaction)? != known {
                return Ok(false);
            }
            for row in rows {
                match &row.json {
                    Some(json) => transaction
                        .prepare_cached("INSERT OR REPLACE INTO rows VALUES (?1, ?2, ?3)")?
                        .execute(params![row.kind, row.key, json])?,
                    None => transaction
                        .prepare_cached("DELETE FROM rows WHERE kind = ?1 AND key = ?2")?
                        .execute(params![row.kind, row.key])?,
                };
            }
            transaction.commit()?;
            Ok::<_, rusqlite::Error>(true)
        };
        match save() {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::new(
                StoreErrorKind::ChangedElsewhere,
                name(path),
            )),
            Err(error) => Err(failed(path, error)),
        }
    }

    fn is_changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        let version = data_version(&self.connection);
        version
            .map(|version| version != self.version)
            .map_err(|error| failed(&self.path, error))
    }
}

fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

/// Makes the file if there is none. On Unix, only its owner can read it, and SQLite gives the same mode to the log.
fn make_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        let permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    drop(file);
    Ok(())
}

fn name(path: &Path) -> String {
    format!("the database {}", path.display())
}

fn io_failed(path: &Path, error: io::Error) -> StoreError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreErrorKind::Permission
        }
        io::ErrorKind::StorageFull => StoreErrorKind::Full,
        _ => StoreErrorKind::Io,
    };
    StoreError::new(kind, name(path)).because(error)
}

fn failed(path: &Path, error: rusqlite::Error) -> StoreError {
    let kind = match &error {
        // A table, a column or a type is not the one of this library.
        rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..) => {
            StoreErrorKind::Damaged
        }
        _ => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreErrorKind::Locked,
            // Unknown: for example, a table is missing.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::TypeMismatch | ErrorCode::Unknown) => {
                StoreErrorKind::Damaged
            }
            Some(ErrorCode::NotADatabase) => StoreErrorKind::NotADatabase,
            Some(ErrorCode::DiskFull) => StoreErrorKind::Full,
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                StoreErrorKind::Permission
            }
            _ => StoreErrorKind::Io,
        },
    };
    StoreError::new(kind, name(path)).because(error)
}

#[cfg(test)]
mod tests;
