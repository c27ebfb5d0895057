//! Panics of what the program brings: handlers, rules, HTTP stacks. They end what they happen in, and nothing else.

use futures_util::FutureExt as _;
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The output of a future, or the words of its panic.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, String> {
    let output = AssertUnwindSafe(future).catch_unwind().await;
    output.map_err(|panic| words(&*panic))
}

/// What a function returns, or the words of its panic.
pub(crate) fn caught_call<T>(function: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(function)).map_err(|panic| words(&*panic))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_its_words_and_anything_else_is_as_it_was() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        assert_eq!(caught_call(|| 7), Ok(7));
        let thrown = caught(async { panic!("by a {}", "test") }).await;
        assert_eq!(thrown, Err::<(), _>("by a test".to_owned()));
        let thrown = caught_call(|| panic!("by a test"));
        assert_eq!(thrown, Err::<(), _>("by a test".to_owned()));
        let odd = caught_call(|| std::panic::panic_any(7));
        assert_eq!(odd, Err::<(), _>("without a message".to_owned()));
    }
}
