use super::entities::Entity;
use super::log::LogLine;
use super::map::Map;
use super::player::Player;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A message that a command has shown to a player.
#[derive(Clone, Debug)]
pub(crate) struct ShownMessage {
    pub(crate) player: u64,
    pub(crate) text: String,
    pub(crate) duration: f64,
    pub(crate) at: Timestamp,
    pub(crate) joined_at: Timestamp,
}

/// Where the entity is kept that the `select` commands change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Selections {
    /// In each connection.
    PerConnection,
    /// All connections have this one.
    Shared(Option<u64>),
}

/// The game of one server.
#[derive(Clone, Debug)]
pub(crate) struct GameServer {
    pub(crate) players: BTreeMap<u64, Player>,
    pub(crate) messages: Vec<ShownMessage>,
    /// `true` if commands wait, as they do while a server loads its world.
    pub(crate) stalled: bool,
    /// `true` if only the `websocket` commands are registered.
    pub(crate) booting: bool,
    /// `true` if enums are written as numbers.
    pub(crate) numeric_enums: bool,
    /// The homes of players, who may be offline.
    pub(crate) homes: BTreeMap<u64, [f64; 3]>,
    /// The money of players, who may be offline.
    pub(crate) balances: BTreeMap<u64, i64>,
    /// The chunks of the world.
    pub(crate) map: Map,
    pub(crate) entities: BTreeMap<u64, Entity>,
    last_entity: u64,
    pub(crate) selections: Selections,
    pub(crate) settings: BTreeMap<String, serde_json::Value>,
    /// Console events in addition to those of an unmodified server.
    pub(crate) extra_events: Vec<String>,
    /// Stock console events that the server lacks.
    pub(crate) missing_events: Vec<String>,
    /// Commands, by the words with which their lines begin, and what they write to the log.
    pub(crate) scripted_log: Vec<(String, LogLine)>,
    /// The level and the experience of players, who may be offline, on paths of skills.
    pub(crate) progress: BTreeMap<(u64, &'static str), (i64, i64)>,
    pub(crate) damage_multiplier: f64,
    /// Hours since midnight in the game.
    pub(crate) hour: f64,
}

/// The id before the first thing of a game.
const LAST_ENTITY: u64 = 51_233;

/// The most messages to players that a server remembers.
const MESSAGE_LIMIT: usize = 10_000;

impl GameServer {
    pub(super) fn new() -> Self {
        Self {
            players: BTreeMap::new(),
            messages: Vec::new(),
            stalled: false,
            booting: false,
            numeric_enums: false,
            homes: BTreeMap::new(),
            balances: BTreeMap::new(),
            map: Map::default(),
            entities: BTreeMap::new(),
            last_entity: LAST_ENTITY,
            selections: Selections::PerConnection,
            settings: default_settings(),
            extra_events: Vec::new(),
            missing_events: Vec::new(),
            scripted_log: Vec::new(),
            progress: BTreeMap::new(),
            damage_multiplier: 1.0,
            hour: 8.0,
        }
    }

    /// The lines that a test has set for a command.
    pub(crate) fn logged_for(&self, command: &str) -> Vec<LogLine> {
        if self.scripted_log.is_empty() {
            return Vec::new();
        }
        let command = command.to_lowercase();
        let scripted = self.scripted_log.iter();
        let its = scripted.filter(|(words, _)| command.starts_with(words));
        its.map(|(_, line)| line.clone()).collect()
    }

    pub(crate) fn remember(&mut self, message: ShownMessage) {
        if self.messages.len() >= MESSAGE_LIMIT {
            self.messages.drain(..MESSAGE_LIMIT / 2);
        }
        self.messages.push(message);
    }

    /// Ends the game: its players and things are gone, and a new game gives the same ids to other things.
    pub(super) fn end(&mut self) {
        self.players.clear();
        self.entities.clear();
        self.last_entity = LAST_ENTITY;
        if let Selections::Shared(selection) = &mut self.selections {
            *selection = None;
        }
    }

    /// An id for a new thing in the game.
    pub(crate) fn entity_id(&mut self) -> u64 {
        self.last_entity += 1;
        self.last_entity
    }
}

/// Some settings of a server with their defaults, as Townsharp lists them.
fn default_settings() -> BTreeMap<String, serde_json::Value> {
    [
        ("IsAutoSaving", true.into()),
        ("MinutesBetweenAutoSaving", 5.0.into()),
        ("DropAllOnDeath", false.into()),
        ("RespawnTimeSeconds", 4.0.into()),
        ("TimeSpeedMultiplier", 1.0.into()),
        ("IsPVPEnabled", false.into()),
        ("PVPMultiplier", 0.1.into()),
        ("HungerTick", 0.0005.into()),
        ("PlayerLimit", (-1).into()),
        ("EmptyServerShutdownTimeInSeconds", 300.into()),
        ("FixedDaytime", (-1.0).into()),
        ("IsSaving", true.into()),
        ("HasAFKTimer", true.into()),
        ("WipesWhenEmpty", false.into()),
    ]
    .into_iter()
    .map(|(name, value): (&str, serde_json::Value)| (name.to_owned(), value))
    .collect()
}
