use super::entry::ListEntry;
use super::shared::Shared;
use alta_socket::TaskGuard;
use std::sync::Arc;

/// The state that the handles and the streams of one list share.
pub(super) struct Followed<T: ListEntry> {
    pub(super) shared: Arc<Shared<T>>,
    /// Ends the task when the last handle and the last stream are dropped.
    pub(super) _task: TaskGuard,
}
