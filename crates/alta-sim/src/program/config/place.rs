//! The lines of values.

use crate::setup::Step;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

/// The values of a file with their places.
pub(super) struct Places<'a> {
    text: &'a str,
    table: Spanned<DeTable<'a>>,
}

impl<'a> Places<'a> {
    pub(super) fn of(text: &'a str) -> Result<Self, Error> {
        let table = DeTable::parse(text)?;
        Ok(Self { text, table })
    }

    /// The line of a value, or else of the nearest one around it.
    pub(super) fn line(&self, path: &[Step]) -> Option<usize> {
        let mut found = None;
        let mut value: Option<&DeValue<'_>> = None;
        for step in path {
            let table = match value {
                None => Some(self.table.get_ref()),
                Some(value) => value.as_table(),
            };
            let next = match step {
                Step::Key(key) => {
                    let pair = table.and_then(|table| {
                        let mut pairs = table.iter();
                        pairs.find(|(name, _)| name.get_ref().as_ref() == key)
                    });
                    pair.map(|(name, value)| (name.span().start, value.get_ref()))
                }
                Step::Index(index) => {
                    let items = value.and_then(DeValue::as_array);
                    let item = items.and_then(|items| items.get(*index));
                    item.map(|item| (item.span().start, item.get_ref()))
                }
            };
            let Some((start, next)) = next else { break };
            found = Some(line(self.text, start));
            value = Some(next);
        }
        found
    }
}

/// The line of a byte, from 1.
pub(super) fn line(text: &str, byte: usize) -> usize {
    let before = text.get(..byte).unwrap_or(text);
    before.matches('\n').count() + 1
}
