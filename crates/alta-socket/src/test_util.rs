//! Helpers for the tests of this crate and of both sockets. They can change in any version.

use crate::{BoxIo, Dial, DialError, Io, Shutdown, TaskGuard};
use futures_core::future::BoxFuture;
use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};
use tokio::sync::oneshot;
use url::Url;

/// A dialer that returns one stream, and then errors.
pub struct Once<T>(Mutex<Option<T>>);

impl<T> Once<T> {
    /// Returns this stream.
    pub fn new(stream: T) -> Self {
        Self(Mutex::new(Some(stream)))
    }
}

impl<T> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").finish_non_exhaustive()
    }
}

impl<T: Io + 'static> Dial for Once<T> {
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Box::pin(async move {
            match stream {
                Some(stream) => Ok(Box::new(stream) as BoxIo),
                None => Err(DialError::Connect {
                    address: address.to_string(),
                    source: io::ErrorKind::ConnectionRefused.into(),
                }),
            }
        })
    }
}

/// A guard without a driver, and its shutdown for a driver that the test runs itself.
///
/// # Panics
///
/// Outside a tokio runtime.
pub async fn guard() -> (TaskGuard, Shutdown) {
    let (give, take) = oneshot::channel();
    let guard = TaskGuard::spawn(|shutdown| async move {
        let _ = give.send(shutdown.clone());
        shutdown.requested().await;
    });
    match take.await {
        Ok(shutdown) => (guard, shutdown),
        // The task has ended with its runtime.
        Err(_) => std::future::pending().await,
    }
}
