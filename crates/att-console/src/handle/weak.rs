use crate::commands::command::Command;
use crate::handle::calls::WeakCalls;
use crate::handle::console::Console;
use crate::handle::run::Run;
use std::fmt;
use std::sync::Arc;

/// A handle that does not keep the console open; see [`Console::downgrade`].
#[derive(Clone)]
pub struct WeakConsole {
    calls: WeakCalls,
}

impl Console {
    /// Returns a handle that does not keep the console open, for a task that runs while other handles exist.
    pub fn downgrade(&self) -> WeakConsole {
        WeakConsole {
            calls: WeakCalls {
                calls: Arc::downgrade(&self.calls),
                shared: Arc::clone(&self.calls.shared),
            },
        }
    }
}

impl WeakConsole {
    /// Returns the console, or `None` after its last handle was dropped.
    pub fn upgrade(&self) -> Option<Console> {
        let calls = self.calls.calls.upgrade()?;
        Some(Console { calls })
    }

    /// Runs a command as [`Console::command`] does, but does not keep the console open: when the last handle is dropped, the
    /// command ends with an error.
    ///
    /// # Errors
    ///
    /// Those of [`Console::command`]; [`ErrorKind::Closed`](crate::ErrorKind::Closed) after the last handle was dropped.
    ///
    /// # Cancel safety
    ///
    /// That of [`Console::command`].
    pub fn command<T>(&self, command: impl Into<Command<T>>) -> Run<'_, T> {
        Run::weak(&self.calls, command.into())
    }
}

impl fmt::Debug for WeakConsole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakConsole")
            .field("label", &self.calls.shared.label.get())
            .finish_non_exhaustive()
    }
}
