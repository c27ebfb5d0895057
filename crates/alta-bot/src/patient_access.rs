use att_console::{Access, AccessError, ConsoleAccess};
use futures_core::future::BoxFuture;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The pause between requests about a server that does not run: six requests per hour. They are only needed if the event of
/// its start is missed.
const ASLEEP: Duration = Duration::from_secs(10 * 60);

/// The number of requests with the normal backoff before that, which take about a minute: most servers that stop come back
/// soon, and the event of the start may get lost.
const SOON: u32 = 8;

/// If the main websocket is not connected for this long, the console asks for access by itself.
const UNHEARD: Duration = Duration::from_secs(15);

/// The state of a server, as the owner of its console knows it.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    /// Whether it runs.
    pub(crate) is_up: watch::Receiver<bool>,
    /// Whether the main websocket is connected, so that the start is noticed.
    pub(crate) hears: watch::Receiver<bool>,
}

impl Watched {
    fn is_asleep(&self) -> bool {
        *self.hears.borrow() && !*self.is_up.borrow()
    }

    /// Waits until the server is up, or can be up without notice. Pending if the sender is dropped.
    async fn may_be_up(&self) {
        let Self { mut is_up, hears } = self.clone();
        let up = async {
            if is_up.wait_for(|is_up| *is_up).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = up => {}
            () = unheard(hears, UNHEARD) => {}
        }
    }
}

async fn unheard(mut hears: watch::Receiver<bool>, long: Duration) {
    while hears.wait_for(|hears| !*hears).await.is_ok() {
        let again = tokio::time::timeout(long, hears.wait_for(|hears| *hears));
        if again.await.is_err() {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Access to the console of a server whose state is watched: the console asks rarely while the server is known not to run, and
/// at once when it is up.
pub(crate) struct PatientAccess<A> {
    access: A,
    watched: Watched,
    /// The number of requests in a row while the server was known not to run.
    asked_asleep: AtomicU32,
}

impl<A> PatientAccess<A> {
    pub(crate) fn new(access: A, watched: Watched) -> Self {
        Self {
            access,
            watched,
            asked_asleep: AtomicU32::new(0),
        }
    }
}

impl<A: Access> Access for PatientAccess<A> {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(async {
            let asked = if self.watched.is_asleep() {
                self.asked_asleep.load(Ordering::Relaxed).saturating_add(1)
            } else {
                0
            };
            self.asked_asleep.store(asked, Ordering::Relaxed);
            match self.access.access().await {
                Err(AccessError::NotYet {
                    message,
                    retry_after: None,
                }) if asked > SOON => Err(AccessError::NotYet {
                    message,
                    retry_after: Some(ASLEEP),
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
            if self.asked_asleep.load(Ordering::Relaxed) > 0 {
                return self.watched.may_be_up().await;
            }
            // The back-off decides: nobody watches the server, or it was up when access was asked for.
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

    fn ask(access: &PatientAccess<NotUp>) -> Option<Duration> {
        match access.access().now_or_never() {
            Some(Err(AccessError::NotYet { retry_after, .. })) => retry_after,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_server_that_sleeps_is_asked_about_rarely_and_at_once_when_it_is_up() {
        let (up, is_up) = watch::channel(true);
        let (_hearing, hears) = watch::channel(true);
        let access = PatientAccess::new(NotUp, Watched { is_up, hears });
        assert_eq!(ask(&access), None, "the back-off decides");
        up.send_replace(false);
        up.send_replace(true);
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");

        up.send_replace(false);
        for _ in 0..SOON {
            assert_eq!(ask(&access), None, "it may be back soon");
        }
        assert_eq!(ask(&access), Some(ASLEEP));
        assert_eq!(access.changed().now_or_never(), None);
        // It came up before anybody waited for that.
        up.send_replace(true);
        assert_eq!(access.changed().now_or_never(), Some(()));

        assert_eq!(ask(&access), None);
        up.send_replace(false);
        assert_eq!(ask(&access), None, "it was up since");
        drop(up);
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");
    }

    #[tokio::test]
    async fn a_server_of_which_nothing_is_heard_is_asked_about_as_any_other() {
        let (_up, is_up) = watch::channel(false);
        let (hearing, hears) = watch::channel(false);
        let watched = Watched { is_up, hears };
        let access = PatientAccess::new(NotUp, watched.clone());
        assert_eq!(ask(&access), None, "the back-off decides");
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");

        hearing.send_replace(true);
        let asked = std::iter::repeat_with(|| ask(&access)).take(9);
        assert_eq!(asked.last(), Some(Some(ASLEEP)));
        hearing.send_replace(false);
        assert_eq!(access.changed().now_or_never(), None, "it may be short");
        let unheard = unheard(watched.hears, Duration::from_millis(1));
        let waited = tokio::time::timeout(Duration::from_secs(10), unheard).await;
        assert!(waited.is_ok(), "it asks after a while");
    }
}
