use super::{Row, Store, StoreError};
use std::collections::BTreeMap;

/// A store in memory, which ends with its process.
#[derive(Clone, Debug, Default)]
pub struct Memory(BTreeMap<(String, String), Row>);

impl Store for Memory {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        Ok(self.0.values().cloned().collect())
    }

    fn save(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            let key = (row.kind.clone(), row.key.clone());
            if row.json.is_some() {
                self.0.insert(key, row.clone());
            } else {
                self.0.remove(&key);
            }
        }
        Ok(())
    }

    fn is_changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }
}
