use super::driver::Driver;
use super::shared::Shared;
use super::{Change, GroupView, ServerView, ViewConfig};
use crate::error::{Error, ErrorKind};
use crate::open_consoles::OpenConsoles;
use alta_model::{GroupId, ServerId, Timestamp, UserId};
use alta_socket::{Delivery, Missed, Subscriber, TaskGuard};
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The bot's groups, with their members, roles, servers and players. It is in memory: a look at it sends no request.
///
/// The events of the main websocket and the states of the bot's consoles keep it up to date. It is read over REST at the start,
/// after every gap and migration, and every 15 minutes. A part that could not be read is unknown and read again; it delays no
/// other part. Clones are handles to the same view; it ends when the last handle is dropped.
///
/// ```no_run
/// # async fn run(bot: alta_bot::Bot) -> Result<(), Box<dyn std::error::Error>> {
/// let view = bot.view(alta_bot::ViewConfig::default()).await?;
/// let mut changes = view.changes();
/// while let Some(change) = changes.next().await {
///     for server in view.servers().filter(|server| server.is_online) {
///         println!("{}: {} players ({change:?})", server.name, server.player_count());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct View {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    subscribe_timeout: Duration,
    task: TaskGuard,
}

/// The latest view of a bot, without keeping it alive.
#[derive(Default)]
pub(crate) struct Latest(Mutex<Weak<Inner>>);

impl Latest {
    pub(crate) fn set(&self, view: &View) {
        *self.lock() = Arc::downgrade(&view.inner);
    }

    pub(crate) fn get(&self) -> Option<View> {
        let inner = self.lock().upgrade()?;
        Some(View { inner })
    }

    fn lock(&self) -> MutexGuard<'_, Weak<Inner>> {
        // Each change is one step, so the state stays consistent after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View {
    /// Makes a view over these clients and consoles.
    pub(crate) async fn begin(
        (rest, socket): (alta_rest::Client, alta_ws::Client),
        me: UserId,
        consoles: &Arc<OpenConsoles>,
        config: ViewConfig,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::new(config.queue));
        let follower =
            Driver::begin((rest, socket), me, consoles, config, Arc::clone(&shared)).await?;
        let task = TaskGuard::spawn(|shutdown| follower.run(shutdown));
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                subscribe_timeout: config.subscribe_timeout,
                task,
            }),
        })
    }

    /// The group with this id, if the bot belongs to it.
    pub fn group(&self, group: GroupId) -> Option<Arc<GroupView>> {
        self.inner.shared.read().groups.get(&group).cloned()
    }

    /// All groups, ordered by id.
    pub fn groups(&self) -> Vec<Arc<GroupView>> {
        self.inner.shared.read().groups.values().cloned().collect()
    }

    /// The server with this id, in any of the groups.
    pub fn server(&self, server: ServerId) -> Option<Arc<ServerView>> {
        let known = self.inner.shared.read();
        let group = known.group_of.get(&server)?;
        known.groups.get(group)?.servers.get(&server).cloned()
    }

    /// The servers of all groups.
    pub fn servers(&self) -> impl Iterator<Item = Arc<ServerView>> + use<> {
        let groups = self.groups().into_iter();
        groups.flat_map(|group| group.servers.values().cloned().collect::<Vec<_>>())
    }

    /// The changes from now on, as a stream.
    pub fn changes(&self) -> Changes {
        let shared = &self.inner.shared;
        Changes {
            subscriber: shared.changes.subscribe(vec![()], shared.queue),
        }
    }

    /// Waits until every group, including those that are joined meanwhile, is [complete](GroupView::complete).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`] if the bot or the view is closed before. A group that cannot be read is tried again without end:
    /// wrap the future in a timeout to give up.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn complete(&self) -> Result<(), Error> {
        let mut changes = self.changes();
        loop {
            if self.groups().iter().all(|group| group.complete) {
                return Ok(());
            }
            if changes.next().await.is_none() {
                return Err(Error::new(ErrorKind::Closed, "reading the bot's groups"));
            }
        }
    }

    /// The timeout of a group's subscriptions.
    pub(crate) fn subscribe_timeout(&self) -> Duration {
        self.inner.subscribe_timeout
    }

    /// The time of the last successful reading over REST.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.inner.shared.read().read_at
    }

    /// Closes the view for every handle. Its last state stays readable; its streams of changes end.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the view still closes.
    pub async fn close(&self) {
        self.inner.task.close().await;
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.inner.shared.read();
        f.debug_struct("View")
            .field("groups", &known.groups.len())
            .field("servers", &known.group_of.len())
            .finish_non_exhaustive()
    }
}

/// The changes of a view as a stream; see [`View::changes`].
///
/// Items are `Ok(change)`, or `Err(missed)` if the reader was too slow: then compare the whole view. It ends when the bot or the
/// view is closed. The view is always at least as new as the latest item.
pub struct Changes {
    subscriber: Subscriber<(), Change>,
}

impl Changes {
    /// The next change; `None` when the bot or the view is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a change that was not returned is still in the queue.
    pub async fn next(&mut self) -> Option<Result<Change, Missed>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Changes {
    type Item = Result<Change, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let delivery = ready!(self.subscriber.poll_next(cx));
        Poll::Ready(delivery.map(Delivery::into_result))
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changes")
            .field("queued", &self.subscriber.queued())
            .finish_non_exhaustive()
    }
}
