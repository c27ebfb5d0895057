//! Applies the rows of a change after they were stored.

use super::cloud::Cloud;
use super::row::Row;
use super::rows::{DamagedRow, Pair, parse_json, parse_key};
use super::table::{Record, Table};
use serde::de::DeserializeOwned;
use std::fmt;
use std::str::FromStr;

impl Cloud {
    /// Applies the rows of [`changes`](Self::changes), which were undone until they were stored.
    pub(crate) fn apply(&mut self, rows: &[Row]) -> Result<(), DamagedRow> {
        for row in rows {
            match row.kind.as_str() {
                "account" => put(&mut self.accounts.0, row, |_, account| account)?,
                "user" => put(&mut self.users.0, row, |_, user| user)?,
                "group" => put(&mut self.groups, row, |id, group| group.into_group(*id))?,
                "member" => {
                    let Pair((group, user)) = parse_key(row)?;
                    // The members of a removed group are removed with it.
                    if let Some(group) = self.groups.get_mut(&group) {
                        group.members.put(user, stored(row)?, |_, member| member);
                    }
                }
                "server" => put(&mut self.servers, row, |id, it| it.into_server(*id))?,
                "friendship" => put_pair(&mut self.friendships, row)?,
                "favorite" => put_pair(&mut self.favorites, row)?,
                "generation" => put(&mut self.tokens.generations, row, |_, it| it)?,
                _ => {}
            }
        }
        self.settle();
        Ok(())
    }
}

/// The stored value; `None` for a removed row.
fn stored<T: DeserializeOwned>(row: &Row) -> Result<Option<T>, DamagedRow> {
    row.json.is_some().then(|| parse_json(row)).transpose()
}

fn put<K, V>(
    table: &mut Table<K, V>,
    row: &Row,
    make: impl FnOnce(&K, V::Stored) -> V,
) -> Result<(), DamagedRow>
where
    K: Ord + Clone + FromStr<Err: fmt::Display>,
    V: Record<Stored: DeserializeOwned> + Clone,
{
    table.put(parse_key(row)?, stored(row)?, make);
    Ok(())
}

fn put_pair<V>(table: &mut Table<(u64, u64), V>, row: &Row) -> Result<(), DamagedRow>
where
    V: Record<Stored = V> + Clone + DeserializeOwned,
{
    let Pair(pair) = parse_key(row)?;
    table.put(pair, stored(row)?, |_, value| value);
    Ok(())
}
