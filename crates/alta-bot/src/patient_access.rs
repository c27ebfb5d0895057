use att_console::{Access, AccessError, ConsoleAccess};
use futures_core::future::BoxFuture;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// How often the cloud is asked about a server that does not run: six requests an hour, however long it sleeps. They are
/// only needed if nobody hears that it has started.
const ASLEEP: Duration = Duration::from_secs(10 * 60);

/// Access to the console of a server that somebody else watches: while it is known not to run, the console asks rarely, and
/// it asks at once when the server is up.
pub(crate) struct PatientAccess<A> {
    access: A,
    is_up: watch::Receiver<bool>,
    /// Whether the server was known not to run when access was last asked for.
    asked_asleep: AtomicBool,
}

impl<A> PatientAccess<A> {
    pub(crate) fn new(access: A, is_up: watch::Receiver<bool>) -> Self {
        Self {
            access,
            is_up,
            asked_asleep: AtomicBool::new(false),
        }
    }
}

impl<A: Access> Access for PatientAccess<A> {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(async {
            let asleep = !*self.is_up.borrow();
            self.asked_asleep.store(asleep, Ordering::Relaxed);
            match self.access.access().await {
                Err(AccessError::NotYet {
                    message,
                    retry_after: None,
                }) if asleep => Err(AccessError::NotYet {
                    message,
                    retry_after: Some(ASLEEP),
                }),
                access => access,
            }
        })
    }

    fn time_limit(&self) -> Option<Duration> {
        self.access.time_limit()
    }

    fn name(&self) -> Option<String> {
        self.access.name()
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if self.asked_asleep.load(Ordering::Relaxed) {
                let mut is_up = self.is_up.clone();
                if is_up.wait_for(|is_up| *is_up).await.is_ok() {
                    return;
                }
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
        let access = PatientAccess::new(NotUp, is_up);
        assert_eq!(ask(&access), None, "the back-off decides");
        up.send_replace(false);
        up.send_replace(true);
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");

        up.send_replace(false);
        assert_eq!(ask(&access), Some(ASLEEP));
        assert_eq!(access.changed().now_or_never(), None);
        // It came up before anybody waited for that.
        up.send_replace(true);
        assert_eq!(access.changed().now_or_never(), Some(()));

        up.send_replace(false);
        assert_eq!(ask(&access), Some(ASLEEP));
        drop(up);
        assert_eq!(access.changed().now_or_never(), None, "no loop of requests");
    }
}
