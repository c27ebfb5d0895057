use super::change::{ChangeKind, Evidence, PlayerChange};
use super::changes::PlayerChanges;
use super::follow::{EVENTS, follow};
use super::online::Online;
use super::shared::{Shared, State};
use crate::console_state::console_state;
use alta_model::UserId;
use att_console::{Console, PlayerRef};
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use tokio_stream::wrappers::BroadcastStream;

/// The players on one console: one snapshot, for any number of readers.
///
/// Events change it. It is compared with `player list` when the console connects, after every gap, and at intervals, since servers
/// do not send every join and leave. A failed list changes nothing.
///
/// Clones, and other calls of [`of`](Self::of) with the same console, are handles to the same snapshot. Its task ends with the
/// console.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::players::{ChangeKind, Players};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::local()?;
/// let players = Players::of(&console);
/// let mut changes = players.changes();
/// while let Some(change) = changes.next_change().await {
///     match change.kind {
///         ChangeKind::Joined => println!("{} joined", change.player.name()),
///         ChangeKind::Left => println!("{} left, {} online", change.player.name(), players.online().len()),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Players {
    console: Console,
    shared: Arc<Shared>,
}

impl Players {
    /// The players on this console. The first call begins to follow them.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn of(console: &Console) -> Self {
        let shared = console_state(console, Shared::new, |shared| {
            let events = console.subscribe_to_any(EVENTS).start();
            follow(console.downgrade(), console.statuses(), events, shared)
        });
        Self {
            console: console.clone(),
            shared,
        }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// The newest snapshot. Only a reference count is incremented.
    pub fn online(&self) -> Arc<Online> {
        Arc::clone(&self.shared.lock().online)
    }

    /// Waits until the snapshot is [complete](Online::is_complete), and returns it; `None` if the console is closed before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn complete(&self) -> Option<Arc<Online>> {
        let mut states = self.shared.states();
        let ends = |state: &State| matches!(state, State::Complete | State::Closed);
        let state = *states.wait_for(ends).await.ok()?;
        (state == State::Complete).then(|| self.online())
    }

    /// Waits until a list has confirmed the snapshot, except for entries of the list that cannot be read: a server may never send a
    /// list without such an entry. It has no handle of the console. Returns false if the console is closed before.
    pub(crate) fn when_listed(&self) -> impl Future<Output = bool> + use<> {
        let mut states = self.shared.states();
        async move {
            let state = states.wait_for(|state| *state != State::Incomplete).await;
            state.is_ok_and(|state| *state != State::Closed)
        }
    }

    /// Requests a list now, unless one is requested or the last one failed. For a server that sends no joins and leaves, where a
    /// program needs them earlier than lists are requested otherwise. The changes follow as after any list.
    pub fn refresh(&self) {
        self.shared.refresh();
    }

    /// Makes a list due soon: a reply of the server contradicts the snapshot.
    pub(super) fn doubt(&self) {
        self.shared.doubt();
    }

    /// Makes a list due soon if the snapshot does not show a player to whom the program refers: the server may not send joins.
    pub(crate) fn expect(&self, player: &PlayerRef) {
        let online = self.online();
        if online.is_complete() && online.get(player).is_none() {
            self.doubt();
        }
    }

    /// Compares the snapshot with all players of a reply to another command. If another player than before is in only one of
    /// them, a list is due soon: the server may not send joins and leaves.
    pub(super) fn compare(&self, listed: &BTreeSet<UserId>) {
        let online: BTreeSet<_> = self.online().iter().map(|player| player.id()).collect();
        let differing = &online ^ listed;
        let is_new = !differing.is_empty() && self.shared.lock().differing != differing;
        self.shared.lock().differing = differing;
        if is_new {
            self.doubt();
        }
    }

    /// The changes from now on, as a stream. It begins with the players who are online, as [`ChangeKind::Found`].
    pub fn changes(&self) -> PlayerChanges {
        let (online, changes) = self.shared.subscribe();
        let found = online.iter().map(|player| PlayerChange {
            player: Arc::clone(player),
            kind: ChangeKind::Found,
            evidence: Evidence::List,
            at: online.as_of(),
        });
        PlayerChanges::new(found.collect(), changes.map(BroadcastStream::new))
    }
}

impl fmt::Debug for Players {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Players")
            .field("console", &self.console.label())
            .field("online", &self.online().len())
            .finish_non_exhaustive()
    }
}
