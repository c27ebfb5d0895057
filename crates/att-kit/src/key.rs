use std::fmt;

/// The key of a console in a set.
pub trait Key: Clone + Ord + fmt::Debug + fmt::Display + Send + Sync + 'static {}

impl<K: Clone + Ord + fmt::Debug + fmt::Display + Send + Sync + 'static> Key for K {}
