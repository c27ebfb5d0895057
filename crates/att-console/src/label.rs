use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The name of a console. It can change while the console is open: servers are renamed.
pub(crate) struct Label {
    current: Mutex<Arc<str>>,
    changes: AtomicUsize,
}

/// A cached copy of a label.
#[derive(Debug)]
pub struct LabelCopy {
    label: Arc<str>,
    changes: usize,
}

impl Label {
    pub(crate) fn new(label: impl Into<Arc<str>>) -> Self {
        Self {
            current: Mutex::new(label.into()),
            changes: AtomicUsize::new(0),
        }
    }

    pub(crate) fn get(&self) -> Arc<str> {
        Arc::clone(&self.lock())
    }

    /// Replaces the label. Returns the previous one if it was different.
    pub(crate) fn replace(&self, label: Arc<str>) -> Option<Arc<str>> {
        let mut current = self.lock();
        if *current == label {
            return None;
        }
        let before = std::mem::replace(&mut *current, label);
        self.changes.fetch_add(1, Ordering::Release);
        Some(before)
    }

    pub(crate) fn copy(&self) -> LabelCopy {
        let current = self.lock();
        LabelCopy {
            label: Arc::clone(&current),
            changes: self.changes.load(Ordering::Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Arc<str>> {
        // Replaced in one step, so a poisoned lock guards a valid value.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LabelCopy {
    /// The present label. Takes the lock only after a change.
    pub(crate) fn get(&mut self, label: &Label) -> &Arc<str> {
        if label.changes.load(Ordering::Acquire) != self.changes {
            *self = label.copy();
        }
        &self.label
    }
}

impl fmt::Display for Label {
    /// Escaped: the owner of a server chooses its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&alta_model::escaped(&**self.lock()), f)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self.lock(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_follows_every_change() {
        let label = Label::new("Thornwood");
        let mut copy = label.copy();
        assert_eq!(&**copy.get(&label), "Thornwood");
        assert_eq!(label.replace("Hollow".into()).as_deref(), Some("Thornwood"));
        assert_eq!(&**copy.get(&label), "Hollow");
        assert_eq!(label.replace("Hollow".into()), None);
        assert_eq!(&**copy.get(&label), &*label.get());
    }
}
