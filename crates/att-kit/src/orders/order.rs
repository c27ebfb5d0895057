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
/// After a crash of the program, the order is gone; [`Orders`](super::Orders) keeps it in a file.
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

/// One command of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// The place of the line.
    line: usize,
    /// The number of items.
    count: u32,
}

impl Order {
    /// An empty order for a player.
    pub fn new(player: impl Into<PlayerRef>) -> Self {
        Self {
            player: player.into(),
            lines: Vec::new(),
        }
    }

    pub(super) fn with_lines(player: PlayerRef, lines: Vec<Line>) -> Self {
        Self { player, lines }
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
        while let Some(step) = self.begin() {
            let result = self.send(console, step).await;
            self.ended(step, result)?;
        }
        Ok(())
    }

    /// The next command. Until [`ended`](Self::ended), its items count as unclear. `None` if nothing is left to send.
    pub(super) fn begin(&mut self) -> Option<Step> {
        let mut lines = self.lines.iter_mut().enumerate();
        lines.find_map(|(line, it)| it.begin().map(|count| Step { line, count }))
    }

    pub(super) async fn send(&self, console: &Console, step: Step) -> Result<(), Error> {
        let Some(line) = self.lines.get(step.line) else {
            return Ok(());
        };
        let player = Target::from(self.player.clone());
        match line.item() {
            Item::Prefab(prefab) => {
                let command = spawn::item(player, prefab.clone()).count(step.count);
                console.command(command).await?;
            }
            Item::SaveString(save) => {
                console.command(spawn::string(player, save)).await?;
            }
        }
        Ok(())
    }

    /// Records the end of a command. Fails if it stops the order.
    pub(super) fn ended(&mut self, step: Step, result: Result<(), Error>) -> Result<(), Error> {
        let error = result.as_ref().err().cloned();
        let Some(line) = self.lines.get_mut(step.line) else {
            return Ok(());
        };
        match (line.ended(step.count, result), error) {
            (false, Some(error)) => Err(error),
            _ => Ok(()),
        }
    }

    /// Lets the next [`run`](Self::run) send the refused items again, for example when the player has returned.
    pub fn retry_failed(&mut self) {
        self.lines.iter_mut().for_each(Line::retry);
    }
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
