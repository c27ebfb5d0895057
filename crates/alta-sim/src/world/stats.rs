use jiff::Timestamp;
use std::collections::BTreeMap;

/// The most temporary changes of one player's stats that are remembered.
const LIMIT: usize = 256;

/// A change of a stat that ends.
#[derive(Clone, Debug)]
struct Modification {
    stat: &'static str,
    by: f64,
    multiplies: bool,
    until: Timestamp,
}

/// The stats of a player that commands have changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stats {
    values: BTreeMap<&'static str, f64>,
    modifications: Vec<Modification>,
}

impl Stats {
    /// Sets a value for good.
    pub(crate) fn set(&mut self, stat: &'static str, value: f64) {
        self.values.insert(stat, value);
    }

    /// Adds to a value, or multiplies it, until a time.
    pub(crate) fn modify(
        &mut self,
        stat: &'static str,
        by: f64,
        multiplies: bool,
        until: Timestamp,
        now: Timestamp,
    ) {
        self.modifications.retain(|it| it.until > now);
        if self.modifications.len() >= LIMIT {
            self.modifications.remove(0);
        }
        self.modifications.push(Modification {
            stat,
            by,
            multiplies,
            until,
        });
    }

    /// The value at a time. `base` is the value of a stat that no command has changed.
    pub(crate) fn value(&self, stat: &str, base: f64, now: Timestamp) -> f64 {
        let set = self.values.get(stat).copied().unwrap_or(base);
        let modifications = self.modifications.iter();
        let active = modifications.filter(|it| it.stat == stat && it.until > now);
        active.fold(set, |value, it| {
            if it.multiplies {
                value * it.by
            } else {
                value + it.by
            }
        })
    }
}
