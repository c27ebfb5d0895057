//! The signals that request a program to end, on each platform.

/// Waits until the process gets a signal to end.
///
/// - Unix: `SIGINT` (Ctrl-C) and `SIGTERM`.
/// - Windows: Ctrl-C, Ctrl-Break, a closed console window, a logoff and a shutdown. After the last three, Windows leaves the
///   process about five seconds.
///
/// The signals are listened to from the call on, not only when the future is first polled; one that cannot be listened to is
/// left out. From then on the process no longer ends by these signals alone: the caller ends it.
///
/// # Cancel safety
///
/// A dropped wait loses nothing but the signals that arrive before the next call.
///
/// # Panics
///
/// Outside a tokio runtime with its I/O driver enabled.
pub fn shutdown_signal() -> impl Future<Output = ()> + Send + 'static {
    platform::first_signal()
}

#[cfg(unix)]
mod platform {
    use std::future::poll_fn;
    use std::task::Poll;
    use tokio::signal::unix::{SignalKind, signal};

    pub(super) fn first_signal() -> impl Future<Output = ()> + Send + 'static {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        let mut signals: Vec<_> = kinds
            .into_iter()
            .filter_map(|kind| signal(kind).ok())
            .collect();
        async move {
            poll_fn(|cx| {
                let received = signals.iter_mut().map(|signal| signal.poll_recv(cx));
                // Each of them is polled, so that each wakes this task.
                match received.filter(Poll::is_ready).count() {
                    0 => Poll::Pending,
                    _ => Poll::Ready(()),
                }
            })
            .await;
        }
    }
}

#[cfg(windows)]
mod platform {
    use std::future::pending;
    use tokio::signal::windows;

    macro_rules! listen {
        ($signal:ident) => {{
            let signal = windows::$signal();
            async {
                match signal {
                    Ok(mut signal) => {
                        signal.recv().await;
                    }
                    Err(_) => pending().await,
                }
            }
        }};
    }

    pub(super) fn first_signal() -> impl Future<Output = ()> + Send + 'static {
        let (c, r#break) = (listen!(ctrl_c), listen!(ctrl_break));
        let (close, logoff) = (listen!(ctrl_close), listen!(ctrl_logoff));
        let shutdown = listen!(ctrl_shutdown);
        async {
            tokio::select! {
                () = c => {}
                () = r#break => {}
                () = close => {}
                () = logoff => {}
                () = shutdown => {}
            }
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    pub(super) async fn first_signal() {
        // Nothing is registered before the first poll here.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
