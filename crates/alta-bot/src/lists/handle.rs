use super::changes::ListChanges;
use super::entry::ListEntry;
use super::follow::{Follow, Source};
use super::followed::Followed;
use super::machine::{Entries, Machine};
use super::own_change::OwnChange;
use super::shared::Shared;
use crate::bot::Bot;
use crate::clock::now;
use crate::error::{Error, ErrorKind};
use alta_socket::TaskGuard;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A list of the cloud that is kept up to date: [`Bans`](crate::Bans), [`Invitations`](crate::Invitations),
/// [`SentInvitations`](crate::SentInvitations) or [`JoinRequests`](crate::JoinRequests).
///
/// The events of the main websocket change it. It is read over REST at the start, after every gap and migration, after an own
/// change whose event does not arrive, and every 15 minutes. A reading that fails, or whose reply is no list, changes nothing and
/// is tried again.
///
/// Clones are handles to the same list. It is followed until the last handle and the last stream are dropped, or the bot is
/// closed.
pub struct FollowedList<T: ListEntry> {
    inner: Arc<Followed<T>>,
}

impl<T: ListEntry + DeserializeOwned> FollowedList<T> {
    /// The list of this source. If the bot follows it already, this is another handle to it.
    pub(super) async fn begin(bot: &Bot, source: Source<T>) -> Result<Self, Error> {
        let registry = &bot.inner.lists;
        let is_followed = |list: &Followed<T>| !list.shared.has_ended();
        if let Some(inner) = registry.get(&source.added, is_followed) {
            return Ok(Self { inner });
        }
        let name = source.added.clone();
        // Subscribes, then reads, so that no change between the two is missed.
        let socket = bot.socket()?;
        let topics = vec![source.added.clone(), source.removed.clone()];
        let events = socket.subscribe(topics).await.map_err(|error| {
            Error::new(ErrorKind::Socket, format!("following {name}")).caused_by(error)
        })?;
        let listed = source.read().await?;
        let seed = name.to_string().bytes().fold(0, |seed: u64, byte| {
            seed.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let shared = Arc::new(Shared::new(Machine::new(listed, seed, now())));
        let follow = Follow {
            source,
            events,
            statuses: socket.statuses(),
            redactor: socket.redactor().clone(),
            shared: Arc::clone(&shared),
        };
        let inner = Arc::new(Followed {
            shared,
            _task: TaskGuard::spawn(|shutdown| follow.run(shutdown)),
        });
        // Another call may have begun to follow it meanwhile: then its list is used, and this one ends.
        let inner = registry.get_or_insert(name, inner, is_followed);
        Ok(Self { inner })
    }
}

impl<T: ListEntry> FollowedList<T> {
    /// The entries by id, as they are now. It costs a reference count; the map never changes.
    pub fn entries(&self) -> Arc<BTreeMap<T::Key, Arc<T>>> {
        let shared = &self.inner.shared;
        shared.read(|machine| Arc::<Entries<T>>::clone(machine.entries()))
    }

    /// The entry with this id, if the list contains it.
    pub fn get(&self, id: T::Key) -> Option<Arc<T>> {
        let shared = &self.inner.shared;
        shared.read(|machine| machine.entries().get(&id).cloned())
    }

    /// Returns whether the list contains an entry with this id.
    pub fn contains(&self, id: T::Key) -> bool {
        let shared = &self.inner.shared;
        shared.read(|machine| machine.entries().contains_key(&id))
    }

    /// Returns whether no change can be missing: the bot is open, the events arrive, none were missed since the list was read,
    /// and every entry of it could be decoded.
    pub fn is_current(&self) -> bool {
        let shared = &self.inner.shared;
        !shared.has_ended() && shared.read(Machine::is_current)
    }

    /// The list and its changes from now on, as one stream. It begins with the present entries, as
    /// [`Found`](crate::ListChangeKind::Found). Its queue is bounded, see [`ListChanges`].
    pub fn changes(&self) -> ListChanges<T> {
        let shared = &self.inner.shared;
        let (found, queue) =
            shared.subscribe(|machine| machine.entries().values().cloned().collect());
        ListChanges::new(found, queue, Arc::clone(&self.inner))
    }

    /// A request of this list begins, which adds an entry or removes it.
    pub(super) fn own_change(&self, id: T::Key, adds: bool) -> OwnChange<'_, T> {
        OwnChange::begin(&self.inner.shared, id, adds)
    }
}

impl<T: ListEntry> Clone for FollowedList<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T: ListEntry> fmt::Debug for FollowedList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedList")
            .field("entries", &self.entries().len())
            .field("is_current", &self.is_current())
            .finish_non_exhaustive()
    }
}
