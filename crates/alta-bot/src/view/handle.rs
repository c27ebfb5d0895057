use super::follow::Follower;
use super::shared::Shared;
use super::{Change, GroupView, ServerView, ViewConfig};
use crate::consoles::Consoles;
use crate::error::{Error, ErrorKind};
use alta_model::{GroupId, ServerId, Timestamp, UserId};
use alta_socket::{Delivery, Missed, Subscriber, TaskGuard};
use futures_core::Stream;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The bot's groups, their members, roles and servers, and who plays there: read at any time, without asking anybody.
///
/// It is kept by the main websocket's events and by what the bot's consoles tell of their servers, and read over REST at the
/// beginning, after every gap and migration, and every quarter of an hour. What could not be read is unknown and read again
/// by itself; it holds up nothing else. Clones are handles to the same view; when the last is dropped, it is not kept any more.
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
    patience: Duration,
    task: TaskGuard,
}

/// The view that a bot has begun last. It isn't kept for that.
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
        // It is changed in one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl View {
    /// Begins to keep a view, by these clients and what these consoles tell.
    pub(crate) async fn begin(
        (rest, socket): (alta_rest::Client, alta_ws::Client),
        me: UserId,
        consoles: &Arc<Consoles>,
        config: ViewConfig,
    ) -> Result<Self, Error> {
        let shared = Arc::new(Shared::new(config.queue));
        let follower =
            Follower::begin((rest, socket), me, consoles, config, Arc::clone(&shared)).await?;
        let task = TaskGuard::spawn(|shutdown| follower.run(shutdown));
        Ok(Self {
            inner: Arc::new(Inner {
                shared,
                patience: config.patience,
                task,
            }),
        })
    }

    /// A group.
    pub fn group(&self, group: GroupId) -> Option<Arc<GroupView>> {
        self.inner.shared.read().groups.get(&group).cloned()
    }

    /// All groups, by their ids.
    pub fn groups(&self) -> Vec<Arc<GroupView>> {
        self.inner.shared.read().groups.values().cloned().collect()
    }

    /// A server of any of the groups.
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

    /// What changes from now on, as a stream.
    pub fn changes(&self) -> Changes {
        let shared = &self.inner.shared;
        Changes {
            subscriber: shared.changes.subscribe(vec![()], shared.queue),
        }
    }

    /// Waits until every group that is known now or becomes known meanwhile is [complete](GroupView::complete).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Closed`] if the bot or the view is closed before. A group that cannot be read is tried again until
    /// then; wrap this in a time-out to give up earlier.
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

    /// How long to wait for what the service may never give.
    pub(crate) fn patience(&self) -> Duration {
        self.inner.patience
    }

    /// When something was last read over REST.
    pub fn read_at(&self) -> Option<Timestamp> {
        self.inner.shared.read().read_at
    }

    /// Stops keeping the view, for every handle. What is known stays readable; streams of changes end.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the closing goes on.
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
/// Items are `Ok(change)`, or `Err(missed)` for a reader that was too slow: then look at the whole view. It ends when the
/// bot or the view is closed. The view is always at least as new as the change that was read.
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
