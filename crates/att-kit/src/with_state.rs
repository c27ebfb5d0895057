use std::future::Future;
use std::sync::Arc;

/// A handler that receives the program's own state before its other arguments: a method of that state, for example.
///
/// ```
/// use att_console::{Console, Event};
/// use att_kit::event::{PlayerJoined, PlayerLeft};
/// use att_kit::{Handlers, with_state};
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// #[derive(Default)]
/// struct Counts {
///     joins: AtomicU64,
///     leaves: AtomicU64,
/// }
///
/// impl Counts {
///     async fn joined(self: Arc<Self>, _: Console, _: Event<PlayerJoined>) {
///         self.joins.fetch_add(1, Ordering::Relaxed);
///     }
///
///     async fn left(self: Arc<Self>, _: Console, _: Event<PlayerLeft>) {
///         self.leaves.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let counts = Arc::new(Counts::default());
/// let handlers = Handlers::new()
///     .on::<PlayerJoined>(with_state(&counts, Counts::joined))
///     .on::<PlayerLeft>(with_state(&counts, Counts::left));
/// # let _ = handlers;
/// ```
pub fn with_state<T, S, A, H, Fut>(
    state: &Arc<T>,
    handler: H,
) -> impl Fn(S, A) -> Fut + Send + Sync + 'static + use<T, S, A, H, Fut>
where
    T: Send + Sync + 'static,
    S: 'static,
    A: 'static,
    H: Fn(Arc<T>, S, A) -> Fut + Send + Sync + 'static,
    Fut: Future + Send + 'static,
{
    let state = Arc::clone(state);
    move |source, event| handler(Arc::clone(&state), source, event)
}
