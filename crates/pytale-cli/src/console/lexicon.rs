//! The words that a line can contain: those of the server's own commands, its players, prefabs and events.

use super::directive::{self, DIRECTIVES};
use super::line::Typed;
use crate::macros;
use pytale::console::catalogue::{Catalogue, Entry, known as known_commands};
use pytale::console::{Command, EventName, PlayerRef};
use pytale::kit::players::Players;
use pytale::model::escaped;
use std::sync::{Arc, PoisonError, RwLock};

/// A completion of the last word.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    /// The text in the list of completions.
    pub(super) shown: String,
    /// The text that replaces the word.
    pub(super) word: String,
}

impl Candidate {
    fn word(word: impl Into<String>) -> Self {
        let word = word.into();
        Self {
            shown: word.clone(),
            word,
        }
    }
}

/// The known words. The session updates them, the editor reads them.
pub(super) struct Lexicon {
    players: Players,
    known: RwLock<Known>,
}

#[derive(Clone)]
struct Known {
    catalogue: Arc<Catalogue>,
    prefabs: Arc<[String]>,
    events: Arc<[String]>,
}

impl Lexicon {
    pub(super) fn new(players: Players) -> Self {
        let events = EventName::known().map(|name| name.as_str().to_owned());
        Self {
            players,
            known: RwLock::new(Known {
                catalogue: Arc::new(known_commands().clone()),
                prefabs: Arc::default(),
                events: events.collect(),
            }),
        }
    }

    /// The commands of the server itself, mods included.
    pub(super) fn set_catalogue(&self, catalogue: Catalogue) {
        self.change(|known| known.catalogue = Arc::new(catalogue));
    }

    pub(super) fn set_prefabs(&self, prefabs: Arc<[String]>) {
        self.change(|known| known.prefabs = prefabs);
    }

    fn change(&self, change: impl FnOnce(&mut Known)) {
        // Each change is one assignment, so a poisoned lock guards a valid value.
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner));
    }

    fn known(&self) -> Known {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        self.known().catalogue
    }

    /// The completions of the last word of a line, and the position where the word begins.
    pub(super) fn complete(&self, line: &str) -> (usize, Vec<Candidate>) {
        let known = self.known();
        let (offset, line) = match directive::command_in(line) {
            // The argument of a directive is a command: `:watch 5 player list`.
            Some(offset) => (offset, &line[offset..]),
            None if line.starts_with(':') => return complete_directive(line, &known),
            None => (0, line),
        };
        let typed = Typed::of(line);
        let mut found: Vec<Candidate> = known
            .catalogue
            .complete(line)
            .into_iter()
            .map(|completion| Candidate::word(completion.word))
            .collect();
        for parameter in known.catalogue.expected(line) {
            found.extend(self.values(&parameter.r#type, &parameter.name, typed.last, &known));
        }
        found.dedup();
        (offset + typed.start, found)
    }

    /// The values of a parameter that only the server knows.
    fn values(&self, kind: &str, name: &str, typed: &str, known: &Known) -> Vec<Candidate> {
        match kind.trim_end_matches("...") {
            "Player" | "PlayerList" | "UserInfoAccess" => self.players_like(typed),
            "Prefab" => words_like(&known.prefabs, typed),
            "string"
                if name.eq_ignore_ascii_case("eventType") || name.eq_ignore_ascii_case("event") =>
            {
                words_like(&known.events, typed)
            }
            _ => Vec::new(),
        }
    }

    /// Online players by the beginning of their name. A name that no argument can contain is replaced by the player's id.
    fn players_like(&self, typed: &str) -> Vec<Candidate> {
        let typed = typed.trim_start_matches('"');
        let online = self.players.online();
        let like = online.iter().filter(|player| begins(player.name(), typed));
        like.map(|player| {
            let by_name = Command::new("").arg(PlayerRef::from(player.name()));
            let written = by_name.to_string();
            let word = match written.trim_start() {
                broken if broken.starts_with('<') => player.id().to_string(),
                // Control characters would reach the terminal as a part of the line.
                hidden if escaped(hidden).to_string() != hidden => player.id().to_string(),
                name => name.to_owned(),
            };
            Candidate {
                shown: player.name().to_owned(),
                word,
            }
        })
        .collect()
    }

    /// The parameters that are still missing at the end of a line: ` <message: string> [duration: float = 10]`.
    pub(super) fn hint(&self, line: &str) -> Option<String> {
        let known = self.known();
        let line = match directive::command_in(line) {
            Some(offset) => &line[offset..],
            None if line.starts_with(':') => return directive::hint(line),
            None => line,
        };
        let entry = known.catalogue.command_of_line(line)?;
        let arguments = arguments_typed(entry, line)?;
        let missing = entry
            .overloads
            .iter()
            .filter_map(|overload| overload.parameters.get(arguments..));
        // The shortest overload that can take all arguments: the others are alternatives.
        let missing = missing.min_by_key(|parameters| parameters.len())?;
        let shown: Vec<String> = missing.iter().map(ToString::to_string).collect();
        let gap = if line.ends_with(char::is_whitespace) {
            ""
        } else {
            " "
        };
        (!shown.is_empty()).then(|| format!("{gap}{}", shown.join(" ")))
    }
}

fn complete_directive(line: &str, known: &Known) -> (usize, Vec<Candidate>) {
    let typed = Typed::of(line);
    let words: Vec<Candidate> = match typed.complete.first() {
        None => DIRECTIVES
            .iter()
            .map(|directive| Candidate::word(directive.name))
            .collect(),
        Some(&(":sub" | ":unsub")) => known.events.iter().map(Candidate::word).collect(),
        Some(&":macro") if typed.complete.len() == 1 => {
            macros::names().into_iter().map(Candidate::word).collect()
        }
        Some(_) => Vec::new(),
    };
    let matching = words
        .into_iter()
        .filter(|candidate| begins(&candidate.word, typed.last));
    (typed.start, matching.collect())
}

/// The number of arguments behind the command's path, including the one that is being typed.
fn arguments_typed(entry: &Entry, line: &str) -> Option<usize> {
    let typed = Typed::of(line);
    let words = typed.complete.len() + usize::from(!typed.last.is_empty());
    let lengths = entry.names().filter_map(|name| {
        let path: Vec<&str> = name
            .split([' ', '.'])
            .filter(|word| !word.is_empty())
            .collect();
        let line: Vec<&str> = line.split_whitespace().collect();
        let same = line.len() >= path.len()
            && path
                .iter()
                .zip(&line)
                .all(|(one, other)| one.eq_ignore_ascii_case(other));
        same.then_some(path.len())
    });
    words.checked_sub(lengths.max()?)
}

fn words_like(words: &[String], typed: &str) -> Vec<Candidate> {
    words
        .iter()
        .filter(|word| begins(word, typed))
        .map(Candidate::word)
        .collect()
}

fn begins(word: &str, beginning: &str) -> bool {
    word.get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}
