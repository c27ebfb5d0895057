use rusqlite::{Connection, TransactionBehavior};
use std::time::Duration;

/// The migrations. The version of a database is the number of those that it has.
const MIGRATIONS: [&str; 2] = [
    "CREATE TABLE rows (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        json TEXT NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID;",
    // Servers have the end of their last run.
    "UPDATE rows
        SET json = json_set(json, '$.last_online', json_extract(json, '$.created_at'))
        WHERE kind = 'server';",
];

/// Marks a database of this library (`alta` in ASCII).
const APPLICATION: i64 = 0x616c_7461;

/// The longest wait for another process that writes.
const BUSY: Duration = Duration::from_secs(1);

/// The tables of a database.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Schema {
    /// Those of this version of the library.
    Current,
    /// Those of a newer version.
    Newer,
    /// Those of another program.
    Foreign,
}

/// Prepares a connection, and brings the tables of the database up to date: all missing migrations, or none of them if one
/// fails. A database of another program or of a newer version is not changed.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<Schema> {
    connection.busy_timeout(BUSY)?;
    // The next lines change the file.
    if let Err(schema) = missing(connection)? {
        return Ok(schema);
    }
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated meanwhile.
    let missing = match missing(&transaction)? {
        Ok(missing) => missing,
        Err(schema) => return Ok(schema),
    };
    for migration in missing {
        transaction.execute_batch(migration)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "user_version", MIGRATIONS.len())?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
    }
    transaction.commit()?;
    Ok(Schema::Current)
}

/// The migrations that a database lacks, or the schema that excludes them.
fn missing(connection: &Connection) -> rusqlite::Result<Result<&'static [&'static str], Schema>> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (version, application) = (number("user_version")?, number("application_id")?);
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection.query_row(count, [], |row| row.get(0))?;
    let is_new = version == 0 && application == 0 && tables == 0;
    if !is_new && application != APPLICATION {
        return Ok(Err(Schema::Foreign));
    }
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    Ok(MIGRATIONS.get(version..).ok_or(Schema::Newer))
}

#[cfg(test)]
mod tests;
