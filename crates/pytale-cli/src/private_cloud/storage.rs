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

/// The number of attempts at a change while a running service writes.
const ATTEMPTS: u32 = 4;

/// Changes the state. The change is stored when this returns. If a running service has written since the state was read, the change
/// begins again with the new state.
pub(super) fn change<T>(
    shared: &SharedCloud,
    work: impl Fn(&mut Cloud, Timestamp) -> T,
) -> Result<T, Failure> {
    let mut attempts = ATTEMPTS;
    loop {
        attempts -= 1;
        match shared.prepare(Timestamp::now(), &work) {
            Ok(changed) => return Ok(changed),
            Err(error) if attempts > 0 && error.kind() == StoreErrorKind::ChangedElsewhere => {}
            Err(error) => return Err(failed(&error)),
        }
    }
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
