use crate::effect::Effect;
use alta_model::escaped;
use att_console::commands::Prefab;
use att_console::commands::spawn::MAX_COUNT;
use att_console::{Error, ErrorKind};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A line of an [`Order`](super::Order): a number of equal items.
#[derive(Clone, Debug)]
pub struct Line {
    item: Item,
    count: u32,
    progress: Progress,
    error: Option<Error>,
}

/// The known and possible effects of the commands of a line.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    spawned: u32,
    unclear: u32,
    refused: bool,
}

/// An item of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A prefab, by name or hash.
    Prefab(Prefab),
    /// The content of a save string.
    SaveString(String),
}

/// The state of a [`Line`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineState {
    /// All items were spawned.
    Done,
    /// Items were not sent. [`Order::run`](super::Order::run) sends them.
    NotSent,
    /// The server refused items, or they cannot be written as a command; see [`Line::error`]. They are not sent again.
    Failed,
    /// All items were sent, and some of them may not have been spawned. They are not sent again.
    MayHaveRun,
}

impl Line {
    pub(super) fn new(item: Item, count: u32) -> Self {
        Self {
            item,
            count,
            progress: Progress::default(),
            error: None,
        }
    }

    /// `None` if more items were sent than there are.
    pub(super) fn with_progress(item: Item, count: u32, progress: Progress) -> Option<Self> {
        let sent = progress.spawned.checked_add(progress.unclear)?;
        (sent <= count).then_some(Self {
            item,
            count,
            progress,
            error: None,
        })
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// The item.
    pub fn item(&self) -> &Item {
        &self.item
    }

    /// The number of items.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The number of items that were spawned.
    pub fn spawned(&self) -> u32 {
        self.progress.spawned
    }

    /// The number of items that may have been spawned: the server's reply was lost, or the order was dropped or the program
    /// killed before it.
    pub fn unclear(&self) -> u32 {
        self.progress.unclear
    }

    /// The state of the line.
    pub fn state(&self) -> LineState {
        if self.progress.refused {
            LineState::Failed
        } else if self.progress.spawned + self.progress.unclear < self.count {
            LineState::NotSent
        } else if self.progress.unclear > 0 {
            LineState::MayHaveRun
        } else {
            LineState::Done
        }
    }

    /// The error of the last command of this line, if it failed. It is not in the file of [`Orders`](super::Orders).
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// The number of items for the next command; `None` if nothing is left to send. Until [`ended`](Self::ended), these items
    /// count as unclear.
    pub(super) fn begin(&mut self) -> Option<u32> {
        if self.state() != LineState::NotSent {
            return None;
        }
        let left = self.count - self.progress.spawned - self.progress.unclear;
        let at_once = match self.item {
            Item::Prefab(_) => MAX_COUNT,
            Item::SaveString(_) => 1,
        };
        let sent = left.min(at_once);
        self.progress.unclear += sent;
        Some(sent)
    }

    /// The command for this many items has ended. Returns whether the next command can be sent.
    pub(super) fn ended(&mut self, sent: u32, result: Result<(), Error>) -> bool {
        let Err(error) = result else {
            self.progress.unclear -= sent;
            self.progress.spawned += sent;
            self.error = None;
            return true;
        };
        let is_read = !matches!(error.kind(), ErrorKind::Decode { .. });
        let is_argument = matches!(error.kind(), ErrorKind::Argument(_));
        let can_continue = match Effect::of(&error) {
            Effect::Refused => true,
            Effect::NotSent => is_argument,
            Effect::MayHaveRun => !is_read,
        };
        match Effect::of(&error) {
            // The server has run it; its result is not needed.
            Effect::MayHaveRun if !is_read => {
                self.progress.unclear -= sent;
                self.progress.spawned += sent;
            }
            Effect::MayHaveRun => {}
            Effect::NotSent | Effect::Refused => {
                self.progress.unclear -= sent;
                self.progress.refused = can_continue;
            }
        }
        self.error = Some(error);
        can_continue
    }

    /// Sends the refused items again.
    pub(super) fn retry(&mut self) {
        self.progress.refused = false;
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefab(Prefab::Name(name)) => write!(f, "{}", escaped(name)),
            Self::Prefab(Prefab::Hash(hash)) => write!(f, "prefab {hash}"),
            Self::Prefab(_) => f.write_str("prefab"),
            Self::SaveString(_) => f.write_str("save string"),
        }
    }
}

/// Writes the count, the item and the state: `5 Torch: spawned`.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { item, count, .. } = self;
        let Progress {
            spawned, unclear, ..
        } = self.progress;
        write!(f, "{count} {item}: ")?;
        match self.state() {
            LineState::Done => return f.write_str("spawned"),
            LineState::MayHaveRun if spawned == 0 => f.write_str("may have been spawned")?,
            LineState::NotSent if spawned + unclear == 0 => f.write_str("not sent")?,
            LineState::Failed if spawned + unclear == 0 => f.write_str("failed")?,
            _ => {
                write!(f, "{spawned} spawned")?;
                if unclear > 0 {
                    write!(f, ", {unclear} may have been spawned")?;
                }
            }
        }
        match self.error.as_ref().map(Error::kind) {
            Some(ErrorKind::Server { message, .. }) => write!(f, " ({})", escaped(message)),
            Some(kind) => write!(f, " ({kind})"),
            None => Ok(()),
        }
    }
}
