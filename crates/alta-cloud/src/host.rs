use crate::net::Env;
use crate::state::Cloud;
use crate::store::StoreError;
use jiff::Timestamp;
use std::sync::Arc;

/// The program around the service. It owns the state and the game servers.
pub trait Host: Send + Sync + 'static {
    /// Everything that the connections share.
    fn env(&self) -> &Env;

    /// Works on the state under its lock. Afterwards delivers the events that the work has added, and wakes all
    /// waiters for a change.
    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T;

    /// The same for a request of a client, which may change what is stored. A host with a store keeps the state in a
    /// [`SharedCloud`](crate::store::SharedCloud): it stores the changes before it delivers their events and before this returns,
    /// without the lock of the state.
    ///
    /// # Errors
    ///
    /// The changes could not be stored. They are undone, and no event was sent.
    fn change<T: Send>(
        &self,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        async { Ok(self.with_cloud(work)) }
    }

    /// Starts a game server on request of a client.
    fn start_server(self: &Arc<Self>, server: u64);

    /// The text of a console's file, `/output/{user}/{file}`. `authorization` is the header of the request.
    ///
    /// # Errors
    ///
    /// The request has no token of a console, or one of another user.
    fn file(&self, authorization: Option<&str>, user: &str, file: &str) -> Result<String, NoFile>;
}

/// The reason why a client gets no file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoFile {
    /// The request has no token of a console.
    Unauthorized,
    /// The file belongs to another user.
    Forbidden,
}
