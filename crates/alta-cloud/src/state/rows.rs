//! The stored part of the state as rows.

use super::accounts::Account;
use super::cloud::Cloud;
use super::groups::{Group, GroupRecord, Member};
use super::row::Row;
use super::servers::{Server, ServerRecord};
use super::table::{Record, Table};
use super::tokens::SigningKey;
use super::users::User;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A row that no state can contain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct DamagedRow {
    row: String,
    reason: String,
}

impl fmt::Display for DamagedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the row {:?}: {}", self.row, self.reason)
    }
}

/// Two ids as the key of a row: `7/11`.
pub(super) struct Pair(pub(super) (u64, u64));

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.0.0, self.0.1)
    }
}

impl FromStr for Pair {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let pair = text
            .split_once('/')
            .and_then(|(first, second)| Some(Self((first.parse().ok()?, second.parse().ok()?))));
        pair.ok_or("the key is not two numbers")
    }
}

const KEY: &str = "key";

/// The row of the key that signs tokens.
pub(crate) fn key_row(key: &SigningKey) -> Row {
    row(KEY, &"signing", Some(key))
}

/// The key that signs tokens, if one is stored.
pub(crate) fn key_of(rows: &[Row]) -> Result<Option<SigningKey>, DamagedRow> {
    let found = rows.iter().find(|row| row.kind == KEY);
    found.map(parse_json).transpose()
}

fn row(kind: &str, key: &impl fmt::Display, value: Option<&impl Serialize>) -> Row {
    Row {
        kind: kind.to_owned(),
        key: key.to_string(),
        // Every stored value is JSON: no map has keys that are no strings.
        json: value.map(|value| serde_json::to_string(value).unwrap_or_default()),
    }
}

pub(super) fn parse_json<T: DeserializeOwned>(row: &Row) -> Result<T, DamagedRow> {
    serde_json::from_str(row.json.as_deref().unwrap_or_default())
        .map_err(|error| damaged(row, error))
}

pub(super) fn parse_key<K: FromStr<Err: fmt::Display>>(row: &Row) -> Result<K, DamagedRow> {
    row.key.parse().map_err(|error| damaged(row, error))
}

fn damaged(row: &Row, reason: impl fmt::Display) -> DamagedRow {
    DamagedRow {
        row: format!("{} {}", row.kind, row.key),
        reason: reason.to_string(),
    }
}

/// The stored values by key.
pub(super) type Stored<K, V> = BTreeMap<K, <V as Record>::Stored>;

/// All stored values.
#[derive(Default)]
pub(super) struct All {
    pub(super) accounts: Stored<u64, Account>,
    pub(super) users: Stored<u64, User>,
    pub(super) groups: Stored<u64, Group>,
    pub(super) members: BTreeMap<u64, Stored<u64, Member>>,
    pub(super) servers: Stored<u64, Server>,
    pub(super) friendships: Stored<(u64, u64), Timestamp>,
    pub(super) favorites: Stored<(u64, u64), Timestamp>,
    pub(super) generations: Stored<u64, u64>,
}

impl All {
    pub(super) fn of(rows: &[Row]) -> Result<Self, DamagedRow> {
        let mut all = Self::default();
        for row in rows {
            match row.kind.as_str() {
                KEY => {}
                "account" => {
                    all.accounts.insert(parse_key(row)?, parse_json(row)?);
                }
                "user" => {
                    all.users.insert(parse_key(row)?, parse_json(row)?);
                }
                "group" => {
                    all.groups.insert(parse_key(row)?, parse_json(row)?);
                }
                "member" => {
                    let Pair((group, user)) = parse_key(row)?;
                    let members = all.members.entry(group).or_default();
                    members.insert(user, parse_json(row)?);
                }
                "server" => {
                    all.servers.insert(parse_key(row)?, parse_json(row)?);
                }
                "friendship" => {
                    let Pair(pair) = parse_key(row)?;
                    all.friendships.insert(pair, parse_json(row)?);
                }
                "favorite" => {
                    let Pair(pair) = parse_key(row)?;
                    all.favorites.insert(pair, parse_json(row)?);
                }
                "generation" => {
                    all.generations.insert(parse_key(row)?, parse_json(row)?);
                }
                kind => return Err(damaged(row, format_args!("there is no kind {kind:?}"))),
            }
        }
        Ok(all)
    }
}

/// Appends the changed rows of a table.
fn collect<K: Ord + Clone, V: Record<Stored: Serialize> + Clone>(
    rows: &mut Vec<Row>,
    kind: &str,
    table: &Table<K, V>,
    name: impl Fn(&K) -> String,
) {
    let changes = table.changes();
    rows.extend(changes.map(|(key, value)| row(kind, &name(key), value.as_ref())));
}

impl Cloud {
    /// The rows that changed since they were last stored.
    pub(crate) fn changes(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let pair = |(first, second): &(u64, u64)| Pair((*first, *second)).to_string();
        collect(&mut rows, "account", &self.accounts.0, u64::to_string);
        collect(&mut rows, "user", &self.users.0, u64::to_string);
        collect(&mut rows, "group", &self.groups, u64::to_string);
        for (id, removed) in self.groups.removed() {
            let present = self.groups.get(id).map(|group| &group.members);
            let known = removed.members.keys().chain(removed.members.touched());
            let gone = known.filter(|user| present.is_none_or(|it| !it.contains_key(user)));
            rows.extend(gone.map(|user| row("member", &Pair((*id, *user)), None::<&Member>)));
        }
        for (id, group) in self.touched_groups() {
            let name = |user: &u64| Pair((id, *user)).to_string();
            collect(&mut rows, "member", &group.members, name);
        }
        collect(&mut rows, "server", &self.servers, u64::to_string);
        collect(&mut rows, "friendship", &self.friendships, pair);
        collect(&mut rows, "favorite", &self.favorites, pair);
        collect(
            &mut rows,
            "generation",
            &self.tokens.generations,
            u64::to_string,
        );
        rows
    }

    fn touched_groups(&self) -> impl Iterator<Item = (u64, &Group)> {
        let touched = self.groups.touched();
        touched.filter_map(|id| Some((*id, self.groups.get(id)?)))
    }

    /// All rows are stored.
    pub(crate) fn settle(&mut self) {
        self.each_touched_member_table(Table::settle);
        self.accounts.0.settle();
        self.users.0.settle();
        self.groups.settle();
        self.servers.settle();
        self.friendships.settle();
        self.favorites.settle();
        self.tokens.generations.settle();
    }

    /// Undoes all changes since they were last stored, and forgets their events.
    pub(crate) fn undo(&mut self) {
        let touched: Vec<u64> = self.groups.touched().copied().collect();
        self.accounts.0.undo();
        self.users.0.undo();
        self.groups.undo();
        for id in touched {
            if let Some(group) = self.groups.get_mut(&id) {
                group.members.undo();
            }
        }
        self.groups.settle();
        self.servers.undo();
        self.friendships.undo();
        self.favorites.undo();
        self.tokens.generations.undo();
        self.drop_events();
    }

    fn each_touched_member_table(&mut self, work: impl Fn(&mut Table<u64, Member>)) {
        let touched: Vec<u64> = self.groups.touched().copied().collect();
        for id in touched {
            if let Some(group) = self.groups.get_mut(&id) {
                work(&mut group.members);
            }
        }
    }
}

impl Record for Group {
    type Stored = GroupRecord;

    fn stored(&self) -> GroupRecord {
        GroupRecord {
            name: self.name.clone(),
            description: self.description.clone(),
            kind: self.kind.clone(),
            owner: self.owner,
            created_at: self.created_at,
            roles: self.roles.clone(),
        }
    }

    fn put(&mut self, stored: GroupRecord) {
        let members = std::mem::take(&mut self.members);
        *self = Self {
            members,
            ..stored.into_group(self.id)
        };
    }
}

impl GroupRecord {
    pub(super) fn into_group(self, id: u64) -> Group {
        Group {
            id,
            name: self.name,
            description: self.description,
            kind: self.kind,
            owner: self.owner,
            created_at: self.created_at,
            roles: self.roles,
            members: Table::default(),
        }
    }
}

impl Record for Server {
    type Stored = ServerRecord;

    fn stored(&self) -> ServerRecord {
        ServerRecord {
            name: self.name.clone(),
            description: self.description.clone(),
            info: self.info.clone(),
            group: self.group,
            owner: self.owner,
            created_at: self.created_at,
            last_online: self.noted_online,
        }
    }

    fn put(&mut self, stored: ServerRecord) {
        self.name = stored.name;
        self.description = stored.description;
        self.info = stored.info;
        self.group = stored.group;
        self.owner = stored.owner;
        self.created_at = stored.created_at;
        self.noted_online = stored.last_online;
    }
}

impl ServerRecord {
    /// The server, offline.
    pub(super) fn into_server(self, id: u64) -> Server {
        Server {
            id,
            name: self.name,
            description: self.description,
            info: self.info,
            group: self.group,
            owner: self.owner,
            online: false,
            started_at: self.last_online,
            last_online: self.last_online,
            noted_online: self.last_online,
            created_at: self.created_at,
            players: BTreeMap::new(),
            console_port: None,
        }
    }
}

super::table::stored_whole!(Account, User, Member);
