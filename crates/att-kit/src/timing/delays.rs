use super::agenda::{Input, Session};
use super::follow::{Shared, Work, follow};
use super::scope::{DelayEnd, Scope};
use crate::console_state::console_state;
use crate::handler_fn::Outcome;
use crate::players::Players;
use alta_model::Timestamp;
use att_console::Console;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;

/// Delayed work on one console: it runs unless the player leaves, the session ends or the console is closed before.
///
/// Clones, and other calls of [`of`](Self::of) with the same console, use the same list of delays. A delay that waits does not
/// keep the console open. A reconnect ends the delays of the previous connection.
///
/// ```no_run
/// use att_console::{Console, commands::player, event::PlayerJoined};
/// use att_kit::timing::Delays;
/// use std::time::Duration;
///
/// # async fn run(console: Console) -> Result<(), att_console::Error> {
/// let delays = Delays::of(&console);
/// let mut joins = console.subscribe::<PlayerJoined>().await?;
/// while let Some(event) = joins.next_event().await {
///     let id = event.data.user.id;
///     delays.after(id, Duration::from_secs(600), move |console| async move {
///         console.command(player::message(id, "You have played for ten minutes")).await
///     });
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Delays {
    players: Players,
    shared: Arc<Shared>,
    name: Option<Arc<str>>,
}

impl Delays {
    /// The delays of this console.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn of(console: &Console) -> Self {
        let players = Players::of(console);
        let shared = console_state(console, Shared::default, |shared| {
            follow(
                console.downgrade(),
                console.statuses(),
                players.changes(),
                shared,
            )
        });
        Self {
            players,
            shared,
            name: None,
        }
    }

    /// A handle whose delays have a name. A second delay with the same name and the same scope replaces the first one, also if
    /// its work runs already. Without a name, delays are independent.
    ///
    /// The name is the same for all handles of a console, in all parts of the program.
    #[must_use]
    pub fn named(&self, name: impl Into<Arc<str>>) -> Self {
        Self {
            name: Some(name.into()),
            ..self.clone()
        }
    }

    /// Runs `work` after this time, in a task of its own, unless the scope has ended. The scope is a player (an id or a record),
    /// [`Scope::Session`] or [`Scope::Console`]. When the scope ends while the work runs, the work is dropped where it waits.
    ///
    /// Without a connection, the delay of a player or of a session ends at once with [`DelayEnd::SessionEnded`]. An error that
    /// the work returns is logged as a warning. A console has at most 4,096 delays.
    ///
    /// The returned handle can be dropped.
    pub fn after<F, Fut>(&self, scope: impl Into<Scope>, after: Duration, work: F) -> Delay
    where
        F: FnOnce(Console) -> Fut + Send + 'static,
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        let session = Session::of(&self.players.console().status());
        let scope = scope.into();
        if let Scope::Player(player) = scope {
            self.players.expect(&player.into());
        }
        // The function itself may panic, so it is called where panics are caught.
        let work: Work =
            Box::new(move |console| Box::pin(async move { work(console).await.result() }));
        let added = self.shared.add(work, |id| Input::Add {
            id,
            scope,
            name: self.name.clone(),
            after,
            at: Timestamp::now(),
            session,
        });
        Delay {
            id: added.0,
            end: added.1,
            shared: Arc::downgrade(&self.shared),
        }
    }
}

impl fmt::Debug for Delays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delays")
            .field("console", &self.players.console().label())
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Work that [`Delays`] run later. Dropping it changes nothing.
pub struct Delay {
    id: u64,
    end: watch::Receiver<Option<DelayEnd>>,
    shared: Weak<Shared>,
}

impl Delay {
    /// Cancels it. Work that has not begun does not begin; work that runs is dropped where it waits.
    pub fn cancel(&self) {
        if let Some(shared) = self.shared.upgrade() {
            shared.push(Input::Cancel(self.id));
        }
    }

    /// Waits until it has run or is canceled, and returns its end.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ended(&mut self) -> DelayEnd {
        let end = self.end.wait_for(Option::is_some).await;
        // The console and all its handles are gone.
        end.ok().and_then(|end| *end).unwrap_or(DelayEnd::Closed)
    }
}

impl fmt::Debug for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delay")
            .field("end", &*self.end.borrow())
            .finish_non_exhaustive()
    }
}
