use super::rate::Rate;
use std::time::Duration;

/// The limits of a service for its clients. [`default`](Self::default) is safe on a network with strangers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// The number of connections at a time. More are closed at once.
    pub connections: usize,
    /// The number of connections of one IP address at a time (of one /64 network, if it is IPv6). Behind a proxy this is the
    /// proxy's task.
    pub connections_per_address: usize,
    /// The size of a request's head, in bytes; at least 8 KiB.
    pub head: usize,
    /// The time for a request's head or for the handshake of a websocket, from when the connection is free for it.
    pub head_timeout: Option<Duration>,
    /// The time for a request from the end of its head to the start of the reply.
    pub request_timeout: Option<Duration>,
    /// The time for which a client may read nothing while something waits to be sent.
    pub write_timeout: Option<Duration>,
    /// The size of a request's body, in bytes.
    pub body: usize,
    /// The size of a websocket message, in bytes, also of one in fragments.
    pub message: usize,
    /// The messages on one main websocket. A faster client is read at this rate.
    pub messages: Rate,
    /// The number of subscriptions of one main websocket.
    pub subscriptions: usize,
    /// The number of main websockets of one account at a time.
    pub sockets_per_account: usize,
    /// The failed logins from one address. Those to accounts that have logged in from there before do not count.
    pub logins_per_address: Rate,
    /// The failed logins to one account. They do not count for addresses from which a login to it has succeeded; each of
    /// those has this rate for itself.
    pub logins_per_account: Rate,
    /// `true` if a proxy in front of the service adds the client's address to `X-Forwarded-For`. Otherwise that header is
    /// ignored, since clients can write it.
    pub behind_proxy: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 256,
            head: 32 * 1024,
            head_timeout: Some(Duration::from_secs(10)),
            request_timeout: Some(Duration::from_secs(30)),
            write_timeout: Some(Duration::from_secs(20)),
            body: 256 * 1024,
            message: 128 * 1024,
            messages: Rate::new(500, Duration::from_millis(10)),
            subscriptions: 1_000,
            sockets_per_account: 20,
            logins_per_address: Rate::new(20, Duration::from_secs(6)),
            logins_per_account: Rate::new(10, Duration::from_secs(30)),
            behind_proxy: false,
        }
    }
}

impl Limits {
    /// Limits that no test of a client reaches. Only sizes are limited.
    pub fn generous() -> Self {
        Self {
            connections: usize::MAX,
            connections_per_address: usize::MAX,
            head: 400 * 1024,
            head_timeout: None,
            request_timeout: None,
            write_timeout: None,
            body: 16 * 1024 * 1024,
            message: 16 * 1024 * 1024,
            messages: Rate::UNLIMITED,
            subscriptions: usize::MAX,
            sockets_per_account: usize::MAX,
            logins_per_address: Rate::UNLIMITED,
            logins_per_account: Rate::UNLIMITED,
            behind_proxy: false,
        }
    }
}
