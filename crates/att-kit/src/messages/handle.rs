use super::message::{Message, Waiting};
use super::send::Recipient;
use crate::players::Players;
use att_console::{Argument, Console, PlayerRef};
use std::fmt;
use std::sync::Arc;

/// Sends messages to the players of one console.
///
/// ```no_run
/// use att_console::{Argument, Console, event::PlayerJoined};
/// use att_kit::messages::{Delivery, Messages};
/// use std::time::Duration;
///
/// # async fn run(console: Console) -> Result<(), att_console::Error> {
/// let messages = Messages::of(&console);
/// let all = messages.to_all("The gate opens now").max_age(Duration::from_secs(5)).await?;
/// if all == Delivery::Nobody {
///     println!("no player is online");
/// }
/// let mut joins = console.subscribe::<PlayerJoined>().await?;
/// while let Some(event) = joins.next_event().await {
///     let player = &event.data.user;
///     let welcome = Argument::typographic(format!("Welcome, {}!", player.username));
///     messages.to(player, welcome).when_visible().spawn();
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Messages {
    players: Players,
    waiting: Arc<Waiting>,
}

impl Messages {
    /// The messages of this console.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn of(console: &Console) -> Self {
        Self {
            players: Players::of(console),
            waiting: console.extension(Waiting::default),
        }
    }

    /// A message to one player: an id, a record, or a name. A name is looked up among those who are online, so a name such as
    /// `1234` is a name and not an id.
    ///
    /// The text is an argument: a string, which must contain no character that a command cannot contain, or
    /// [`Argument::typographic`] or [`Argument::replacing`], which replace these.
    pub fn to(&self, player: impl Into<PlayerRef>, text: impl Into<Argument>) -> Message {
        self.message(Recipient::Player(player.into()), text.into())
    }

    /// A message to everyone. That nobody is online is no error.
    pub fn to_all(&self, text: impl Into<Argument>) -> Message {
        self.message(Recipient::Everyone, text.into())
    }

    fn message(&self, to: Recipient, text: Argument) -> Message {
        Message::new(&self.players, Arc::clone(&self.waiting), to, text)
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("console", &self.players.console().label())
            .finish_non_exhaustive()
    }
}
