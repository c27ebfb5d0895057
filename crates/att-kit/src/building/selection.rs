use super::guard::Guard;
use att_console::Console;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The selection of a console, for one task at a time.
///
/// The game's `select` commands work on one selected entity, so two tasks that use them at the same time move each other's
/// entities. [`lock`](Self::lock) waits until no other task of the program has the guard, and returns it.
///
/// Clones, and other calls of [`of`](Self::of) with the same console, lead to the same lock. Two consoles, even of the same server,
/// have a lock each. It is not documented if a server keeps a selection for each connection or for each account: builders report
/// that tools of one account disturb each other. Therefore a program opens one console for a server, and a guard selects its entity
/// again before every operation on it.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::building::{Direction, Selection};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let console = Console::local()?;
/// let mut guard = Selection::of(&console).lock().await;
/// for entity in guard.find("Ashwick", 5.0).await? {
///     guard.select(entity.identifier).await?;
///     guard.move_by(Direction::Up, 1.0).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Selection {
    console: Console,
    turn: Arc<Mutex<()>>,
}

/// The value that all handles of a console share.
#[derive(Default)]
struct Extension(Arc<Mutex<()>>);

impl Selection {
    /// The selection of this console.
    pub fn of(console: &Console) -> Self {
        Self {
            console: console.clone(),
            turn: Arc::clone(&console.extension(Extension::default).0),
        }
    }

    /// Waits for the guard, in the order of the calls, and returns it. The next task gets it when the guard is dropped. A task
    /// that has the guard and waits for it again waits forever.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the place in the order is lost.
    pub async fn lock(&self) -> Guard {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        Guard::new(self.console.clone(), turn)
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }
}

impl fmt::Debug for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Selection")
            .field("console", &self.console.label())
            .field("is_locked", &self.turn.try_lock().is_err())
            .finish()
    }
}
