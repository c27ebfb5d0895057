//! Recognizes the console's own commands among those that the server reports as executed.

use crate::wire::frame::{Frame, Kind};
use alta_model::console::command_words;
use alta_model::console::event::{CommandExecuted, ConsoleEvent as _};
use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// The maximum number of remembered commands: as many as can be in flight by default. The oldest is removed first.
const LIMIT: usize = 1_024;

/// The event of a command can arrive this time after its reply.
const GRACE: Duration = Duration::from_secs(10);

/// The commands that were sent on one connection, until their events arrive. An event contains the line of the command,
/// but neither its sender nor its id. If two bots send the same line at the same time, two equal events arrive; each
/// bot counts one of them as its own.
#[derive(Debug, Default)]
pub(super) struct OwnCommands {
    sent: VecDeque<Sent>,
}

#[derive(Debug)]
struct Sent {
    id: u32,
    words: u64,
    replied: Option<Instant>,
}

impl OwnCommands {
    pub(super) fn sent(&mut self, id: u32, line: &str) {
        if self.sent.len() == LIMIT {
            self.sent.pop_front();
        }
        self.sent.push_back(Sent {
            id,
            words: hash(line),
            replied: None,
        });
    }

    /// The command was canceled.
    pub(super) fn not_sent(&mut self, id: u32) {
        self.sent.retain(|sent| sent.id != id);
    }

    pub(super) fn replied(&mut self, id: u32, now: Instant) {
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.id == id) {
            sent.replied = Some(now);
        }
    }

    /// Returns whether an event is the execution of one of them, and removes that command.
    pub(super) fn take_executed(&mut self, event: &Frame, now: Instant) -> bool {
        matches!(&event.kind, Kind::Event(name) if name.as_str() == CommandExecuted::NAME)
            && event
                .decode::<CommandExecuted>()
                .is_ok_and(|executed| self.take(&executed.command, now))
    }

    /// Returns whether an executed command is one of them, and removes it.
    fn take(&mut self, line: &str, now: Instant) -> bool {
        let is_over = |sent: &Sent| sent.replied.is_some_and(|replied| now > replied + GRACE);
        self.sent.retain(|sent| !is_over(sent));
        let words = hash(line);
        let found = self.sent.iter().position(|sent| sent.words == words);
        found.is_some_and(|at| self.sent.remove(at).is_some())
    }
}

/// A hash of the words in lower case, since servers change the spelling of a line.
fn hash(line: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    for word in command_words(line) {
        word.to_ascii_lowercase().hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_own_once_in_any_spelling_of_its_line() {
        let now = Instant::now();
        let mut own = OwnCommands::default();
        own.sent(1, r#"player message 7 "It is noon""#);
        own.sent(2, "player list");
        own.sent(3, "player list");
        assert!(!own.take("player kick 7", now), "another sender's");
        assert!(own.take(r#"Player message  "7" 'It is noon'"#, now));
        assert!(own.take("player list", now) && own.take("player list", now));
        assert!(!own.take("player list", now), "the third is another bot's");
    }

    #[test]
    fn a_command_that_was_canceled_or_ended_long_ago_is_not_own() {
        let now = Instant::now();
        let mut own = OwnCommands::default();
        own.sent(1, "player list");
        own.not_sent(1);
        assert!(!own.take("player list", now));
        own.sent(2, "player list");
        own.sent(3, "player list");
        own.replied(2, now);
        let later = now + GRACE + Duration::from_secs(1);
        assert!(
            own.take("player list", later),
            "the command without a reply"
        );
        assert!(!own.take("player list", later));
        for id in 0..3_000 {
            own.sent(id, "player list");
        }
        assert_eq!(own.sent.len(), LIMIT);
    }
}
