use super::tokens::Identity;
use crate::net::Link;
use std::collections::BTreeSet;

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
