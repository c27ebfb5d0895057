//! The signals that ask a program to end, on each platform.

/// Waits until the process is asked to end.
///
/// - Unix: `SIGINT` (Ctrl-C) and `SIGTERM`.
/// - Windows: Ctrl-C, Ctrl-Break, a closed console window, a logoff and a shutdown. After the last three, Windows leaves the
///   process about five seconds.
///
/// A signal that cannot be listened to is left out. From the first call on, the process no longer ends by these signals
/// alone: the caller ends it.
///
/// # Cancel safety
///
/// A dropped wait loses nothing but the signals that arrive before the next call.
///
/// # Panics
///
/// Outside a tokio runtime with its I/O driver enabled.
pub async fn shutdown_signal() {
    platform::first_signal().await;
}

#[cfg(unix)]
mod platform {
    use std::future::pending;
    use tokio::signal::unix::{SignalKind, signal};

    pub(super) async fn first_signal() {
        tokio::select! {
            () = wait_for(SignalKind::interrupt()) => {}
            () = wait_for(SignalKind::terminate()) => {}
        }
    }

    async fn wait_for(kind: SignalKind) {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => pending().await,
        }
    }
}

#[cfg(windows)]
mod platform {
    use std::future::pending;
    use tokio::signal::windows;

    macro_rules! wait_for {
        ($signal:ident) => {
            async {
                match windows::$signal() {
                    Ok(mut signal) => {
                        signal.recv().await;
                    }
                    Err(_) => pending().await,
                }
            }
        };
    }

    pub(super) async fn first_signal() {
        tokio::select! {
            () = wait_for!(ctrl_c) => {}
            () = wait_for!(ctrl_break) => {}
            () = wait_for!(ctrl_close) => {}
            () = wait_for!(ctrl_logoff) => {}
            () = wait_for!(ctrl_shutdown) => {}
        }
    }
}

#[cfg(not(any(unix, windows)))]
mod platform {
    pub(super) async fn first_signal() {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
