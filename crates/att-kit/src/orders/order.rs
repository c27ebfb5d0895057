use super::line::{Item, Line, LineState};
use att_console::commands::{Prefab, spawn};
use att_console::{Console, Error, PlayerRef, Target};
use std::fmt;

/// An order of items, which are spawned beside a player.
///
/// [`run`](Self::run) sends one command after the other and records the end of each: the order is its own result. If it
/// stops, because the connection is lost or the future is dropped, another `run` continues with the items that were never
/// sent. An item that may have been spawned is never sent again.
///
/// A limit and a white list are checks of [`lines`](Self::lines) and [`pieces`](Self::pieces) before `run`.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::orders::Order;
///
/// # async fn run(console: Console) {
/// let mut order = Order::new("Ashwick").prefab("Torch", 5).save_string("42230,252,42230,", 1);
/// if let Err(error) = order.run(&console).await {
///     eprintln!("{error}; sent again later: {}", order.is_open());
/// }
/// println!("{order}"); // 5 Torch: spawned; 1 save string: not sent (the connection was lost (…); it was not sent)
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Order {
    player: PlayerRef,
    lines: Vec<Line>,
}

impl Order {
    /// An empty order for a player.
    pub fn new(player: impl Into<PlayerRef>) -> Self {
        Self {
            player: player.into(),
            lines: Vec::new(),
        }
    }

    /// Adds items by prefab: by name, as `spawn list` writes it, or by hash. More than [`MAX_COUNT`](spawn::MAX_COUNT) are
    /// spawned by several commands.
    #[must_use]
    pub fn prefab(self, prefab: impl Into<Prefab>, count: u32) -> Self {
        self.item(Item::Prefab(prefab.into()), count)
    }

    /// Adds the content of a save string, this number of times.
    #[must_use]
    pub fn save_string(self, save: impl Into<String>, count: u32) -> Self {
        self.item(Item::SaveString(save.into()), count)
    }

    /// Adds items.
    #[must_use]
    pub fn item(mut self, item: Item, count: u32) -> Self {
        self.lines.push(Line::new(item, count));
        self
    }

    /// The player.
    pub fn player(&self) -> &PlayerRef {
        &self.player
    }

    /// The lines, in the order in which they were added.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The number of items of all lines.
    pub fn pieces(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.count())).sum()
    }

    /// Returns whether items were not sent yet, which [`run`](Self::run) sends.
    pub fn is_open(&self) -> bool {
        self.has(LineState::NotSent)
    }

    /// Returns whether all items were spawned.
    pub fn is_done(&self) -> bool {
        self.lines
            .iter()
            .all(|line| line.state() == LineState::Done)
    }

    fn has(&self, state: LineState) -> bool {
        self.lines.iter().any(|line| line.state() == state)
    }

    /// Sends the items that were not sent yet, one command after the other. A refused line does not stop the order: the result
    /// of each line is in [`lines`](Self::lines).
    ///
    /// # Errors
    ///
    /// The error of the command that stopped the order: it was not sent, or may have run. The lines after it are not sent.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the items of the command in flight count as [unclear](Line::unclear); later ones are not sent.
    pub async fn run(&mut self, console: &Console) -> Result<(), Error> {
        let player = Target::from(self.player.clone());
        for line in &mut self.lines {
            while let Some(count) = line.begin() {
                let result = spawned(console, player.clone(), line.item(), count).await;
                let error = result.as_ref().err().cloned();
                if let (false, Some(error)) = (line.ended(count, result), error) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Lets the next [`run`](Self::run) send the refused items again, for example when the player has returned.
    pub fn retry_failed(&mut self) {
        self.lines.iter_mut().for_each(Line::retry);
    }
}

async fn spawned(console: &Console, player: Target, item: &Item, count: u32) -> Result<(), Error> {
    match item {
        Item::Prefab(prefab) => {
            let command = spawn::item(player, prefab.clone()).count(count);
            console.command(command).await?;
        }
        Item::SaveString(save) => {
            console.command(spawn::string(player, save)).await?;
        }
    }
    Ok(())
}

/// Writes the lines, with their states.
impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, line) in self.lines.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{line}")?;
        }
        Ok(())
    }
}
