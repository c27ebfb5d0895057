use crate::consoles::Consoles;
use crate::key::Key;
use att_console::Console;

/// A console that is in the set until this is dropped, which also happens when its task panics.
pub(crate) struct SetMember<K: Key> {
    consoles: Consoles<K>,
    key: K,
}

impl<K: Key> SetMember<K> {
    pub(crate) fn add(consoles: Consoles<K>, key: &K, console: &Console) -> Self {
        consoles.add(key.clone(), console.clone());
        Self {
            consoles,
            key: key.clone(),
        }
    }
}

impl<K: Key> Drop for SetMember<K> {
    fn drop(&mut self) {
        self.consoles.remove(&self.key);
    }
}
