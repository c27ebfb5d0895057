use std::{io, thread};
use tokio::sync::oneshot;

/// Enough for the lookup functions of C libraries.
const STACK: usize = 256 * 1024;

/// Runs blocking work on a new thread, and waits for its result.
///
/// Unlike a task of tokio's blocking pool, it occupies no thread of the pool, and a runtime that ends does not wait for it.
///
/// # Errors
///
/// Fails if the thread cannot be started or panics.
///
/// # Cancel safety
///
/// Dropping the future does not end the thread.
pub async fn detached<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, result) = oneshot::channel();
    thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(move || {
            // The receiver may be gone.
            let _ = sender.send(work());
        })?;
    result
        .await
        .map_err(|_| io::Error::other("the thread panicked"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn the_result_is_returned_and_a_panic_is_an_error() {
        assert_eq!(detached("add", || 1 + 1).await.unwrap(), 2);
        assert!(detached("panic", || panic!("on purpose")).await.is_err());
    }

    #[test]
    fn a_runtime_that_ends_does_not_wait_for_it() {
        let (end, until) = mpsc::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.spawn(detached("wait", move || until.recv().is_ok()));
        runtime.block_on(tokio::task::yield_now());
        let started = Instant::now();
        drop(runtime);
        assert!(started.elapsed() < Duration::from_secs(5));
        drop(end);
    }
}
