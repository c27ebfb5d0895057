//! The lists that a bot follows. All handles to one list share it, so that each knows the own changes of the others.

use alta_ws::Topic;
use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

type Lists = HashMap<Topic, Weak<dyn Any + Send + Sync>>;

/// The followed lists by the topic of their first event. It keeps none of them alive.
#[derive(Default)]
pub(crate) struct Registry(Mutex<Lists>);

impl Registry {
    /// The list of this name, if it is still followed.
    pub(super) fn get<L: Send + Sync + 'static>(
        &self,
        name: &Topic,
        is_followed: impl Fn(&L) -> bool,
    ) -> Option<Arc<L>> {
        find(&self.lock(), name).filter(|list| is_followed(list))
    }

    /// The list of this name, or this one if there is none that is followed.
    pub(super) fn get_or_insert<L: Send + Sync + 'static>(
        &self,
        name: Topic,
        list: Arc<L>,
        is_followed: impl Fn(&L) -> bool,
    ) -> Arc<L> {
        let mut lists = self.lock();
        if let Some(other) = find(&lists, &name).filter(|list| is_followed(list)) {
            return other;
        }
        lists.retain(|_, list| list.strong_count() > 0);
        let weak: Weak<L> = Arc::downgrade(&list);
        lists.insert(name, weak);
        list
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        // Each change is one step, so the state stays consistent after a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<L: Send + Sync + 'static>(lists: &Lists, name: &Topic) -> Option<Arc<L>> {
    Arc::downcast(lists.get(name)?.upgrade()?).ok()
}
