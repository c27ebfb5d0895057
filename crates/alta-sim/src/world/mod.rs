//! The simulated world: one truth that REST, the main websocket and the consoles all tell.
//!
//! Nothing here knows sockets. What the outside should hear of is left in [`World::effects`].

mod entities;
mod friends;
mod groups;
mod players;
mod render;
mod servers;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub(crate) use entities::{Entity, Item};
pub(crate) use friends::Bond;
pub(crate) use groups::{Group, Member, Standing};
pub(crate) use players::Player;
pub use render::Era;
pub(crate) use render::ServerShape;
pub use servers::ServerInfo;
pub(crate) use servers::{Server, Told};

use crate::json::Node;

/// The first ids of each kind; they follow the fixtures.
const FIRST_BOT: u64 = 1_100_000_001;
const FIRST_PERSON: u64 = 1_200_000_001;
const FIRST_SELF_HOSTED_PERSON: u64 = 1_000_000_001;
const FIRST_GROUP: u64 = 2_000_000_011;
const FIRST_SERVER: u64 = 3_000_011;

/// Something that happened and that subscribers hear of.
#[derive(Debug)]
pub(crate) enum Effect {
    /// An event of the main websocket.
    Main {
        event: String,
        key: String,
        content: Node,
    },
    /// An event of a server's console.
    Console {
        server: u64,
        event: String,
        data: Node,
    },
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) username: String,
    pub(crate) bot: bool,
    /// Known only to self-hosted servers, not to the cloud.
    pub(crate) self_hosted: bool,
    pub(crate) created_at: Timestamp,
}

impl Person {
    /// `{id, username}`, as REST and consoles write it.
    pub(crate) fn json(&self) -> Node {
        render::user(self.id, &self.username)
    }
}

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) era: Era,
    /// What can be spawned, held and traded.
    pub(crate) prefabs: Vec<Item>,
    pub(crate) rng: fastrand::Rng,
    pub(crate) people: BTreeMap<u64, Person>,
    pub(crate) groups: BTreeMap<u64, Group>,
    pub(crate) servers: BTreeMap<u64, Server>,
    /// Who asked whom, and when: friends have asked each other.
    friendships: BTreeMap<(u64, u64), Timestamp>,
    /// Users and their favourite servers.
    pub(crate) favorites: BTreeSet<(u64, u64)>,
    effects: Vec<Effect>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            era: Era::default(),
            prefabs: Item::stock(),
            rng: fastrand::Rng::with_seed(seed),
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            servers: BTreeMap::new(),
            friendships: BTreeMap::new(),
            favorites: BTreeSet::new(),
            effects: Vec::new(),
        }
    }

    /// What has happened since the last call.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(crate) fn tell_main(&mut self, event: &str, key: u64, content: Node) {
        self.effects.push(Effect::Main {
            event: event.to_owned(),
            key: key.to_string(),
            content,
        });
    }

    pub(crate) fn tell_console(&mut self, server: u64, event: &str, data: Node) {
        self.effects.push(Effect::Console {
            server,
            event: event.to_owned(),
            data,
        });
    }

    /// Makes an account for a bot.
    pub(crate) fn add_bot(&mut self, username: &str, now: Timestamp) -> u64 {
        let id = next_id(&self.people, FIRST_BOT);
        self.people.insert(
            id,
            Person {
                id,
                username: username.to_owned(),
                bot: true,
                self_hosted: false,
                created_at: now,
            },
        );
        id
    }

    /// The account of that name, made if there is none.
    pub(crate) fn person(&mut self, username: &str, self_hosted: bool, now: Timestamp) -> u64 {
        if let Some(person) = self.person_named(username, self_hosted) {
            return person.id;
        }
        let first = if self_hosted {
            FIRST_SELF_HOSTED_PERSON
        } else {
            FIRST_PERSON
        };
        let id = next_id(&self.people, first);
        self.people.insert(
            id,
            Person {
                id,
                username: username.to_owned(),
                bot: false,
                self_hosted,
                created_at: now,
            },
        );
        id
    }

    pub(crate) fn person_named(&self, username: &str, self_hosted: bool) -> Option<&Person> {
        self.people
            .values()
            .find(|person| person.self_hosted == self_hosted && person.username == username)
    }

    pub(crate) fn username(&self, id: u64) -> String {
        self.people
            .get(&id)
            .map_or_else(|| format!("player{id}"), |person| person.username.clone())
    }
}

/// The id after the greatest one in use of those that begin at `first`; each kind has a hundred million.
fn next_id<T>(used: &BTreeMap<u64, T>, first: u64) -> u64 {
    used.range(first..first + 100_000_000)
        .next_back()
        .map_or(first, |(last, _)| last + 1)
}
