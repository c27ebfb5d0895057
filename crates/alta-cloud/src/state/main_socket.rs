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
    /// The generation of the account's tokens when the connection was opened. Another one means that they are revoked.
    pub(crate) generation: u64,
    /// The subscriptions: event and key.
    pub subscriptions: BTreeSet<(String, String)>,
}
