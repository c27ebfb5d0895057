use crate::handle::calls::Calls;
use crate::handle::console::Console;
use std::fmt;
use std::sync::{Arc, Weak};

/// A handle that does not keep the console open; see [`Console::downgrade`].
#[derive(Clone)]
pub struct WeakConsole {
    calls: Weak<Calls>,
}

impl Console {
    /// Returns a handle that does not keep the console open, for a task that runs while other handles exist.
    pub fn downgrade(&self) -> WeakConsole {
        WeakConsole {
            calls: Arc::downgrade(&self.calls),
        }
    }
}

impl WeakConsole {
    /// Returns the console, or `None` after its last handle was dropped.
    pub fn upgrade(&self) -> Option<Console> {
        let calls = self.calls.upgrade()?;
        Some(Console { calls })
    }
}

impl fmt::Debug for WeakConsole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = self.upgrade().map(|console| console.label());
        f.debug_struct("WeakConsole")
            .field("label", &label)
            .finish_non_exhaustive()
    }
}
