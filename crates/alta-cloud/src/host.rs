use crate::net::Env;
use crate::rest::{Call, Reply};
use crate::state::Cloud;
use jiff::Timestamp;
use std::sync::Arc;

/// The program around the service. It owns the state and the game servers.
pub trait Host: Send + Sync + 'static {
    /// Everything that the connections share.
    fn env(&self) -> &Env;

    /// Works on the state under its lock. Afterwards delivers the events that the work has added, and wakes all
    /// waiters for a change.
    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T;

    /// Starts a game server on request of a client.
    fn start_server(self: &Arc<Self>, server: u64);

    /// Replies to the download of a console's file, `/output/{user}/{file}`.
    fn download(&self, call: &Call<'_>, user: &str, file: &str) -> Reply;
}
