use std::collections::BTreeSet;

use super::tokens::Identity;
use crate::net::Link;

/// An open main websocket.
#[derive(Debug)]
pub struct MainSocket {
    /// Its sending side.
    pub link: Link,
    /// The account.
    pub identity: Identity,
    /// The subscriptions: event and key.
    pub subscriptions: BTreeSet<(String, String)>,
}
