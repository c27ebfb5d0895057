//! The state of the service, in a SQLite database beside the configuration.

#[cfg(test)]
mod tests;

use super::config::Config;
use super::setup;
use crate::failure::{Failure, Status};
use alta_cloud::state::{Cloud, Config as CloudConfig};
use alta_cloud::store::{SharedCloud, Sqlite, StoreError, StoreErrorKind};
use jiff::Timestamp;

/// Opens the database, and makes the groups, roles and servers of the state those of the configuration.
pub(super) fn open(config: &Config, settings: CloudConfig) -> Result<SharedCloud, Failure> {
    let store = Sqlite::open(&config.database()).map_err(|error| failed(&error))?;
    let shared = SharedCloud::open(settings, Box::new(store), Timestamp::now());
    let shared = shared.map_err(|error| failed(&error))?;
    change(&shared, |cloud, now| setup::apply(cloud, config, now))?;
    Ok(shared)
}

/// Changes the state without a running service. The change is stored when this returns.
pub(super) fn change<T>(
    shared: &SharedCloud,
    work: impl FnOnce(&mut Cloud, Timestamp) -> T,
) -> Result<T, Failure> {
    let changed = shared.prepare(Timestamp::now(), work);
    changed.map_err(|error| failed(&error))
}

fn failed(error: &StoreError) -> Failure {
    let mut message = error.to_string();
    let source = std::error::Error::source(error);
    if let Some(source) = source.map(ToString::to_string)
        && !message.contains(&source)
    {
        message = format!("{message}: {source}");
    }
    let failure = Failure::new(Status::Io, message);
    match error.kind() {
        StoreErrorKind::Locked => {
            failure.advice("another program holds the database; try again when it has ended")
        }
        StoreErrorKind::ChangedElsewhere => failure.advice("try again"),
        StoreErrorKind::Damaged | StoreErrorKind::NotADatabase => {
            failure.advice("restore a copy, or move the file away and add the accounts again")
        }
        StoreErrorKind::Full => failure.advice("free some space on the disk"),
        _ => failure,
    }
}
