use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Deref, Index};

/// A value of a [`Table`], with a part that is stored.
pub trait Record {
    /// The stored part.
    type Stored: Clone + PartialEq + fmt::Debug;

    /// A copy of the stored part.
    fn stored(&self) -> Self::Stored;

    /// Replaces the stored part. The other part stays.
    fn put(&mut self, stored: Self::Stored);
}

/// A map that knows the rows that changed since they were last stored, and can undo the changes. It is read as a [`BTreeMap`].
#[derive(Clone)]
pub struct Table<K, V: Record> {
    rows: BTreeMap<K, V>,
    before: BTreeMap<K, Before<V>>,
}

/// A row before its first change.
#[derive(Clone)]
struct Before<V: Record> {
    /// `None` if there was no row.
    stored: Option<V::Stored>,
    /// The row, if it was removed later.
    removed: Option<V>,
}

impl<K: fmt::Debug, V: Record + fmt::Debug> fmt::Debug for Table<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.rows.fmt(f)
    }
}

impl<K, V: Record> Default for Table<K, V> {
    fn default() -> Self {
        Self {
            rows: BTreeMap::new(),
            before: BTreeMap::new(),
        }
    }
}

impl<K, V: Record> Deref for Table<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.rows
    }
}

impl<K: Ord, V: Record> Index<&K> for Table<K, V> {
    type Output = V;

    fn index(&self, key: &K) -> &V {
        &self.rows[key]
    }
}

impl<K: Ord + Clone, V: Record + Clone> Table<K, V> {
    /// The value with this key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        if !self.before.contains_key(key) {
            let before = Before {
                stored: Some(row.stored()),
                removed: None,
            };
            self.before.insert(key.clone(), before);
        }
        Some(row)
    }

    /// Adds or replaces a value.
    pub fn insert(&mut self, key: K, value: V) {
        self.remove(&key);
        self.before.entry(key.clone()).or_insert(Before {
            stored: None,
            removed: None,
        });
        self.rows.insert(key, value);
    }

    /// Removes a value and returns it.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let row = self.rows.remove(key)?;
        let before = self.before.entry(key.clone()).or_insert_with(|| Before {
            stored: Some(row.stored()),
            removed: None,
        });
        if before.stored.is_some() && before.removed.is_none() {
            before.removed = Some(row.clone());
        }
        Some(row)
    }

    /// The keys of rows that may have changed.
    pub(super) fn touched(&self) -> impl Iterator<Item = &K> {
        self.before.keys()
    }

    /// The stored rows that were removed or replaced.
    pub(super) fn removed(&self) -> impl Iterator<Item = (&K, &V)> {
        let before = self.before.iter();
        before.filter_map(|(key, before)| Some((key, before.removed.as_ref()?)))
    }

    /// Each changed row and its stored part; `None` for a removed row.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&K, Option<V::Stored>)> {
        self.before.iter().filter_map(|(key, before)| {
            let after = self.rows.get(key).map(Record::stored);
            (after != before.stored).then_some((key, after))
        })
    }

    /// The present rows are stored.
    pub(super) fn settle(&mut self) {
        self.before.clear();
    }

    /// Undoes all changes since they were last stored.
    pub(super) fn undo(&mut self) {
        for (key, before) in std::mem::take(&mut self.before) {
            let Some(stored) = before.stored else {
                self.rows.remove(&key);
                continue;
            };
            let row = before.removed.or_else(|| self.rows.remove(&key));
            if let Some(mut row) = row {
                row.put(stored);
                self.rows.insert(key, row);
            }
        }
    }

    /// Makes the stored part of one row this, as it is in the store; `None` removes the row. A missing row is made.
    pub(super) fn put(
        &mut self,
        key: K,
        stored: Option<V::Stored>,
        make: impl FnOnce(&K, V::Stored) -> V,
    ) {
        match (stored, self.rows.get_mut(&key)) {
            (Some(stored), Some(row)) => row.put(stored),
            (Some(stored), None) => {
                let row = make(&key, stored);
                self.rows.insert(key, row);
            }
            (None, _) => {
                self.rows.remove(&key);
            }
        }
    }

    /// Makes the stored parts these, and nothing else. Rows without a stored part are removed, and missing rows are made.
    pub(super) fn replace(
        &mut self,
        all: BTreeMap<K, V::Stored>,
        make: impl Fn(&K, V::Stored) -> V,
    ) {
        self.before.clear();
        self.rows.retain(|key, _| all.contains_key(key));
        for (key, stored) in all {
            if let Some(row) = self.rows.get_mut(&key) {
                row.put(stored);
            } else {
                let row = make(&key, stored);
                self.rows.insert(key, row);
            }
        }
    }
}

/// A record that is stored whole.
macro_rules! stored_whole {
    ($($kind:ty),*) => {
        $(impl $crate::state::table::Record for $kind {
            type Stored = Self;

            fn stored(&self) -> Self {
                self.clone()
            }

            fn put(&mut self, stored: Self) {
                *self = stored;
            }
        })*
    };
}
pub(super) use stored_whole;

stored_whole!(u64, jiff::Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    /// A value with a number that is stored and a name that is not.
    #[derive(Clone, Debug, PartialEq)]
    struct Half(u64, &'static str);

    impl Record for Half {
        type Stored = u64;

        fn stored(&self) -> u64 {
            self.0
        }

        fn put(&mut self, stored: u64) {
            self.0 = stored;
        }
    }

    fn table() -> Table<u64, Half> {
        let mut table = Table::default();
        for key in [1, 2, 3] {
            table.insert(key, Half(key * 10, "old"));
        }
        table.settle();
        table
    }

    fn changes(table: &Table<u64, Half>) -> Vec<(u64, Option<u64>)> {
        table.changes().map(|(key, after)| (*key, after)).collect()
    }

    #[test]
    fn only_changes_of_the_stored_part_are_changes() {
        let mut table = table();
        table.get_mut(&1).unwrap().1 = "new";
        table.get_mut(&2).unwrap().0 = 21;
        table.insert(4, Half(40, "new"));
        table.insert(5, Half(50, "new"));
        assert!(table.remove(&5).is_some());
        assert!(table.remove(&3).is_some());
        table.insert(3, Half(30, "again"));
        assert_eq!(changes(&table), [(2, Some(21)), (4, Some(40))]);
        assert!(table.remove(&1).is_some());
        assert_eq!(table.remove(&9), None);
        assert_eq!(changes(&table), [(1, None), (2, Some(21)), (4, Some(40))]);
        table.settle();
        assert_eq!(changes(&table), []);
    }

    #[test]
    fn undoing_brings_the_stored_parts_back_and_keeps_the_others() {
        let mut table = table();
        *table.get_mut(&1).unwrap() = Half(11, "new");
        assert!(table.remove(&2).is_some());
        *table.get_mut(&3).unwrap() = Half(31, "new");
        assert!(table.remove(&3).is_some());
        table.insert(3, Half(32, "other"));
        assert!(table.remove(&3).is_some());
        table.insert(4, Half(40, "new"));
        table.undo();
        let rows: Vec<_> = table.values().cloned().collect();
        assert_eq!(rows, [Half(10, "new"), Half(20, "old"), Half(30, "new")]);
        assert_eq!(changes(&table), []);
    }
}
