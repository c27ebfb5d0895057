use att_console::{Access, AccessError, ConsoleAccess};
use futures_core::future::BoxFuture;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The pause between requests about a stopped server: six requests per hour. They are only needed if the event of its start is
/// missed.
const STOPPED_PAUSE: Duration = Duration::from_secs(10 * 60);

/// The number of requests with the normal backoff before that, which take about a minute: most stopped servers start again soon,
/// and the event of the start may be missed.
const EARLY_REQUESTS: u32 = 8;

/// If the main websocket is not connected for this time, the console requests access without waiting for an event.
const DISCONNECTED_LIMIT: Duration = Duration::from_secs(15);

/// The state of a server, as the owner of its console knows it.
#[derive(Clone, Debug)]
pub(crate) struct ServerState {
    /// True if the server runs, or its state is unknown.
    pub(crate) is_up: watch::Receiver<bool>,
    /// True if the main websocket is connected, so that the event of a start arrives.
    pub(crate) is_connected: watch::Receiver<bool>,
}

impl ServerState {
    fn is_stopped(&self) -> bool {
        *self.is_connected.borrow() && !*self.is_up.borrow()
    }

    /// Waits until the server is up, or until its start could be missed. Pending if the sender is dropped.
    async fn may_be_up(&self) {
        let Self {
            mut is_up,
            is_connected,
        } = self.clone();
        let up = async {
            if is_up.wait_for(|is_up| *is_up).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = up => {}
            () = disconnected(is_connected, DISCONNECTED_LIMIT) => {}
        }
    }
}

/// Waits until the main websocket was not connected for this time.
async fn disconnected(mut is_connected: watch::Receiver<bool>, limit: Duration) {
    while is_connected.wait_for(|connected| !*connected).await.is_ok() {
        let again = is_connected.wait_for(|connected| *connected);
        if tokio::time::timeout(limit, again).await.is_err() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Access to the console of a server whose state is known: the console rarely requests access while the server is stopped, and at
/// once when it is up.
pub(crate) struct ThrottledAccess<A> {
    access: A,
    server: ServerState,
    /// The number of requests in a row while the server was stopped.
    requests_while_stopped: AtomicU32,
}

impl<A> ThrottledAccess<A> {
    pub(crate) fn new(access: A, server: ServerState) -> Self {
        Self {
            access,
            server,
            requests_while_stopped: AtomicU32::new(0),
        }
    }
}

impl<A: Access> Access for ThrottledAccess<A> {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(async {
            let requests = if self.server.is_stopped() {
                let before = self.requests_while_stopped.load(Ordering::Relaxed);
                before.saturating_add(1)
            } else {
                0
            };
            self.requests_while_stopped
                .store(requests, Ordering::Relaxed);
            match self.access.access().await {
                Err(AccessError::NotYet {
                    message,
                    retry_after: None,
                }) if requests > EARLY_REQUESTS => Err(AccessError::NotYet {
                    message,
                    retry_after: Some(STOPPED_PAUSE),
                }),
                access => access,
            }
        })
    }

    fn timeout(&self) -> Option<Duration> {
        self.access.timeout()
    }

    fn name(&self) -> Option<String> {
        self.access.name()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.requests_while_stopped.load(Ordering::Relaxed) > 0 {
                return self.server.may_be_up().await;
            }
            // The backoff decides: the state is not followed, or the server was up at the last request.
            self.access.changed().await;
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    struct NotUp;

    impl Access for NotUp {
        fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
            let not_yet = AccessError::NotYet {
                message: "Server is not online".to_owned(),
                retry_after: None,
            };
            Box::pin(std::future::ready(Err(not_yet)))
        }
    }

    fn request(access: &ThrottledAccess<NotUp>) -> Option<Duration> {
        match access.access().now_or_never() {
            Some(Err(AccessError::NotYet { retry_after, .. })) => retry_after,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn access_to_a_stopped_server_is_requested_rarely_and_at_once_when_it_is_up() {
        let (up, is_up) = watch::channel(true);
        let (_connected, is_connected) = watch::channel(true);
        let server = ServerState {
            is_up,
            is_connected,
        };
        let access = ThrottledAccess::new(NotUp, server);
        assert_eq!(request(&access), None, "the backoff decides");
        up.send_replace(false);
        up.send_replace(true);
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");

        up.send_replace(false);
        for _ in 0..EARLY_REQUESTS {
            assert_eq!(request(&access), None, "it may start again soon");
        }
        assert_eq!(request(&access), Some(STOPPED_PAUSE));
        assert_eq!(access.changed().now_or_never(), None);
        // The server is up before the console waits for that.
        up.send_replace(true);
        assert_eq!(access.changed().now_or_never(), Some(()));

        assert_eq!(request(&access), None);
        up.send_replace(false);
        assert_eq!(request(&access), None, "it was up since");
        drop(up);
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");
    }

    #[tokio::test]
    async fn without_a_main_websocket_access_to_a_stopped_server_is_requested_as_usual() {
        let (_up, is_up) = watch::channel(false);
        let (connected, is_connected) = watch::channel(false);
        let server = ServerState {
            is_up,
            is_connected,
        };
        let access = ThrottledAccess::new(NotUp, server.clone());
        assert_eq!(request(&access), None, "the backoff decides");
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");

        connected.send_replace(true);
        let requests = std::iter::repeat_with(|| request(&access)).take(9);
        assert_eq!(requests.last(), Some(Some(STOPPED_PAUSE)));
        connected.send_replace(false);
        assert_eq!(
            access.changed().now_or_never(),
            None,
            "the outage may be short"
        );
        let disconnected = disconnected(server.is_connected, Duration::from_millis(1));
        let waited = tokio::time::timeout(Duration::from_secs(10), disconnected).await;
        assert!(waited.is_ok(), "access is requested after a while");
    }
}
