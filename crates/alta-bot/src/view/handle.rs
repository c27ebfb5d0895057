use super::follow::Follower;
use super::{Change, GroupView, ServerView, ViewConfig};
use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use alta_model::{GroupId, ServerId, Timestamp};
use alta_socket::{Delivery, Footprint, Hub, Missed, QueueConfig, Subscriber, TaskGuard};
use futures_core::Stream;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
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
    fn set(&self, view: &Arc<Inner>) {
        *self.lock() = Arc::downgrade(view);
    }

    fn get(&self) -> Option<Arc<Inner>> {
        self.lock().upgrade()
    }

    fn lock(&self) -> MutexGuard<'_, Weak<Inner>> {
        // It is changed in one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the task writes and everybody reads.
pub(super) struct Shared {
    known: RwLock<Known>,
    changes: Hub<(), Change>,
    queue: QueueConfig,
}

#[derive(Default)]
struct Known {
    groups: BTreeMap<GroupId, Arc<GroupView>>,
    group_of: HashMap<ServerId, GroupId>,
    read_at: Option<Timestamp>,
}

impl Bot {
    /// Begins to keep a view of the bot's groups. When this returns, the groups, their roles and the bot's own membership
    /// are there; members and servers follow: see [`View::complete`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] for a bot without a bot's credentials, [`ErrorKind::Config`] if one of the times is zero,
    /// [`heartbeat_timeout`](ViewConfig::heartbeat_timeout) too short for the main websocket's ping, or the bot's user id not known, [`ErrorKind::Socket`] if its events cannot be subscribed to, [`ErrorKind::Rest`] if
    /// its groups cannot be listed.
    pub async fn view(&self, config: ViewConfig) -> Result<View, Error> {
        let problems = config.problems(self.socket()?.config().ping);
        if !problems.is_empty() {
            let doing = "following the bot's groups";
            return Err(Error::new(ErrorKind::Config { problems }, doing));
        }
        let shared = Arc::new(Shared {
            known: RwLock::default(),
            changes: Hub::default(),
            queue: config.queue,
        });
        let follower = Follower::begin(self, config, Arc::clone(&shared)).await?;
        let task = TaskGuard::spawn(|shutdown| follower.run(shutdown));
        let inner = Arc::new(Inner {
            shared,
            patience: config.patience,
            task,
        });
        self.inner.view.set(&inner);
        Ok(View { inner })
    }

    /// The view that was begun last, by [`view`](Self::view) or a managed bot, if it is still kept: for handlers.
    ///
    /// ```no_run
    /// # use alta_bot::{Builder, Membership, UserId};
    /// # fn f(builder: Builder, owner: UserId) {
    /// builder.managed().on_server_offline(move |bot, server| async move {
    ///     let Some(view) = bot.current_view() else { return };
    ///     let Some(group) = view.group(server.group) else { return };
    ///     if let Membership::Known(owner) = group.member(owner) {
    ///         println!("{} is down, and {} wants to know", server.name, owner.username);
    ///     }
    /// });
    /// # }
    /// ```
    pub fn current_view(&self) -> Option<View> {
        let inner = self.inner.view.get()?;
        Some(View { inner })
    }
}

impl View {
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

impl Shared {
    /// Shows a group's new state, then tells of the changes: who hears of them finds them there.
    pub(super) fn show(&self, group: GroupId, view: Option<Arc<GroupView>>, changes: &[Change]) {
        {
            let mut known = self.write();
            let known = &mut *known;
            for change in changes {
                match *change {
                    Change::ServerAdded(_, server) => {
                        known.group_of.insert(server, group);
                    }
                    // Perhaps another group has it by now.
                    Change::ServerRemoved(_, server)
                        if known.group_of.get(&server) == Some(&group) =>
                    {
                        known.group_of.remove(&server);
                    }
                    _ => {}
                }
            }
            if let Some(view) = view {
                known.groups.insert(group, view);
            } else {
                known.groups.remove(&group);
                known.group_of.retain(|_, of| *of != group);
            }
        }
        for change in changes {
            self.changes.publish(&(), change);
        }
    }

    pub(super) fn group_of(&self, server: ServerId) -> Option<GroupId> {
        self.read().group_of.get(&server).copied()
    }

    pub(super) fn read_now(&self) {
        self.write().read_at = Some(Timestamp::now());
    }

    pub(super) fn end(&self) {
        self.changes.end();
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        // Nothing that could panic happens under the lock.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Footprint for Change {
    fn footprint(&self) -> usize {
        size_of::<Self>()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::samples::{GROUP, SERVER, group, view};
    use serde_json::json;

    #[test]
    fn a_server_that_has_moved_is_found_in_its_new_group_though_the_old_one_loses_it_later() {
        let shared = Shared {
            known: RwLock::default(),
            changes: Hub::default(),
            queue: QueueConfig::default(),
        };
        let new = GroupId::new(2_000_000_032);
        let with_it = |id| Some(Arc::new(group(id, 2, [view(id, SERVER, true, json!({}))])));
        shared.show(GROUP, with_it(GROUP), &[Change::ServerAdded(GROUP, SERVER)]);
        shared.show(new, with_it(new), &[Change::ServerAdded(new, SERVER)]);
        let without = Some(Arc::new(group(GROUP, 2, [])));
        shared.show(GROUP, without, &[Change::ServerRemoved(GROUP, SERVER)]);
        assert_eq!(shared.read().group_of.get(&SERVER), Some(&new));
        shared.show(new, None, &[Change::GroupLeft(new)]);
        assert!(shared.read().group_of.is_empty());
    }
}
