//! Panics of the program's functions. A panic ends the call in which it happens, and nothing else.

use futures_util::FutureExt as _;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Awaits a future of the program.
///
/// # Errors
///
/// The message of the panic, if the future panics.
///
/// # Cancel safety
///
/// As cancel safe as the future.
pub async fn catch_panic<F: Future>(future: F) -> Result<F::Output, String> {
    let output = AssertUnwindSafe(future).catch_unwind().await;
    output.map_err(|panic| message(&*panic))
}

/// Calls a function of the program.
///
/// # Errors
///
/// The message of the panic, if the function panics.
pub fn catch_panic_in<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(|panic| message(&*panic))
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_its_message_and_other_outputs_are_unchanged() {
        assert_eq!(catch_panic(async { 7 }).await, Ok(7));
        assert_eq!(catch_panic_in(|| 7), Ok(7));
        let thrown = catch_panic(async { panic!("by a {}", "test") }).await;
        assert_eq!(thrown, Err::<(), _>("by a test".to_owned()));
        let thrown = catch_panic_in(|| panic!("by a test"));
        assert_eq!(thrown, Err::<(), _>("by a test".to_owned()));
        let odd = catch_panic_in(|| std::panic::panic_any(7));
        assert_eq!(odd, Err::<(), _>("without a message".to_owned()));
    }
}
