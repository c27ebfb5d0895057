use super::debt::Debt;
use super::error::{Moved, TeleportError, TeleportErrorKind};
use super::follow::{Published, Request, follow};
use crate::player_id::player_id;
use alta_model::{UserId, Vector3};
use att_console::{Console, PlayerRef};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// The requests that wait for the task. It takes them at once.
const QUEUE: usize = 64;

/// The players' homes on one console, and teleports to positions.
///
/// A server teleports players to places and to their home, but not to a position. [`teleport_to`](Self::teleport_to) changes the
/// home, teleports the player to it, and restores it.
///
/// A home that could not be restored is a [`Debt`]. It is restored when the console is connected again, when the player joins
/// again, and with growing pauses while the player is online; but not if the player has another home by then.
/// [`persist_at`](Self::persist_at) keeps the debts in a file, for the next start of the program.
///
/// Clones, and other calls of [`of`](Self::of) with the same console, are handles to the same homes. Their task ends with the
/// console.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::homes::Homes;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::local()?;
/// let homes = Homes::of(&console);
/// homes.persist_at("homes.json").await?;
/// if let Err(error) = homes.teleport_to("Ashwick", [-870.5, 150.2, 98.0]).await {
///     eprintln!("{error}");
/// }
/// for debt in &*homes.debts() {
///     println!("the home of {} may be wrong", debt.player);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Homes {
    console: Console,
    extension: Arc<Extension>,
}

/// The value that all handles of a console share. The task ends when this is dropped with the console.
struct Extension {
    requests: mpsc::Sender<Request>,
    debts: watch::Receiver<Published>,
}

impl Homes {
    /// The homes of the players on this console.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn of(console: &Console) -> Self {
        let extension = console.extension(|| {
            let (requests, requested) = mpsc::channel(QUEUE);
            let (published, debts) = watch::channel(Arc::default());
            let (weak, statuses) = (console.downgrade(), console.statuses());
            tokio::spawn(follow(weak, statuses, requested, published));
            Extension { requests, debts }
        });
        Self {
            console: console.clone(),
            extension,
        }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Teleports a player to a position, in meters, and restores the player's home. It returns when the home is restored, or
    /// when that has failed.
    ///
    /// The teleports of one player run one after the other, those of different players at the same time. A name is looked up
    /// on the server first.
    ///
    /// # Errors
    ///
    /// See [`TeleportErrorKind`]. [`TeleportError::moved`] says whether the player was still teleported, and
    /// [`TeleportError::owes_home`] whether the home may be wrong.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the teleport still happens, or not, and the home is restored: the work belongs to a task.
    pub async fn teleport_to(
        &self,
        player: impl Into<PlayerRef>,
        position: impl Into<Vector3>,
    ) -> Result<(), TeleportError> {
        let position = position.into();
        let player = player_id(&self.console, player.into())
            .await
            .map_err(|error| {
                let doing = "teleporting a player";
                TeleportError::new(TeleportErrorKind::Player(error), doing)
            })?;
        let (reply, outcome) = oneshot::channel();
        let request = Request::Teleport {
            console: self.console.clone(),
            player,
            position,
            reply,
        };
        // If the task has ended, the request is dropped, and so is its reply.
        let _ = self.extension.requests.send(request).await;
        outcome.await.unwrap_or_else(|_| {
            let doing = format!("teleporting player {player}");
            let owes_home = self.debts().iter().any(|debt| debt.player == player);
            Err(TeleportError::new(TeleportErrorKind::Closed, doing).with(Moved::No, owes_home))
        })
    }

    /// Keeps the debts in a file, as JSON. The debts that are in it are restored as soon as possible. The file is written
    /// before a home is changed: if it cannot be written, the home is not changed. A crash, a full disk or a loss of power leaves
    /// the old list or the new one.
    ///
    /// Each console needs a file of its own. Call this before the first teleport, and once. Beside the file are `NAME.lock`, which
    /// keeps other programs away from the file, and during a write `NAME.new`.
    ///
    /// # Errors
    ///
    /// If another program or console uses the file, also after 2 s; if it cannot be read or written or has another content, which
    /// is then not changed; or if the console has a file already, or is closed.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the file is still used, unless it had an error.
    pub async fn persist_at(&self, path: impl Into<PathBuf>) -> io::Result<()> {
        let (reply, done) = oneshot::channel();
        let request = Request::PersistAt(path.into(), reply);
        let _ = self.extension.requests.send(request).await;
        let done = done.await;
        done.unwrap_or_else(|_| Err(io::Error::other("the console is closed")))
    }

    /// The homes that may be wrong, also those of teleports at work, by player.
    pub fn debts(&self) -> Arc<[Debt]> {
        self.extension.debts.borrow().clone()
    }

    /// Waits until no home may be wrong; returns false if the console is closed before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn settled(&self) -> bool {
        let mut debts = self.extension.debts.clone();
        let settled = debts.wait_for(|debts| debts.is_empty());
        settled.await.is_ok()
    }

    /// Removes the debt of a player, and returns it: for a player who never returns, see [`Debt::age`]. `None` if there is none, or while a
    /// command for this player is in flight.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the debt may still be removed.
    pub async fn forgive(&self, player: UserId) -> Option<Debt> {
        let (reply, forgiven) = oneshot::channel();
        let request = Request::Forgive(player, reply);
        self.extension.requests.send(request).await.ok()?;
        forgiven.await.ok()?
    }
}

impl std::fmt::Debug for Homes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Homes")
            .field("console", &self.console.label())
            .field("debts", &self.debts().len())
            .finish_non_exhaustive()
    }
}
