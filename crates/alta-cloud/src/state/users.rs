use super::ids::next_id;
use super::table::Table;
use crate::wire::json::Node;
use crate::wire::rest_body;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A player or a bot.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct User {
    /// The user id.
    pub id: u64,
    /// The name.
    pub username: String,
    /// `true` if the user is a bot.
    pub bot: bool,
    /// The time of registration.
    pub created_at: Timestamp,
}

impl User {
    /// `{id, username}`, as REST and consoles write it.
    pub fn json(&self) -> Node {
        user_json(self.id, &self.username)
    }
}

/// `{id, username}`, as REST and consoles write it.
pub fn user_json(id: u64, username: &str) -> Node {
    rest_body("user-by-id")
        .with("id", id)
        .with("username", username)
}

/// Users by id.
#[derive(Debug, Default)]
pub struct Users(pub(super) Table<u64, User>);

impl Users {
    /// Adds a user. The id is the next free one from `first_id` on.
    pub fn add(&mut self, first_id: u64, username: &str, bot: bool, now: Timestamp) -> u64 {
        let id = self.next_id(first_id);
        self.insert(User {
            id,
            username: username.to_owned(),
            bot,
            created_at: now,
        });
        id
    }

    /// Adds or replaces a user.
    pub(super) fn insert(&mut self, user: User) {
        self.0.insert(user.id, user);
    }

    /// The next free id from `first_id` on.
    pub(super) fn next_id(&self, first_id: u64) -> u64 {
        next_id(&self.0, first_id)
    }

    /// The id of the user with this name, who is added if there is none.
    pub fn find_or_add(&mut self, first_id: u64, username: &str, now: Timestamp) -> u64 {
        let found = self.iter().find(|user| user.username == username);
        match found.map(|user| user.id) {
            Some(id) => id,
            None => self.add(first_id, username, false, now),
        }
    }

    /// The user with this id.
    pub fn get(&self, id: u64) -> Option<&User> {
        self.0.get(&id)
    }

    /// All users, by id.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.0.values()
    }
}
