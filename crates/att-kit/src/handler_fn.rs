//! The functions that serve as handlers.

use std::error::Error as StdError;
use std::future::Future;

/// An error of a handler, of any type.
pub type HandlerError = Box<dyn StdError + Send + Sync>;

/// The output of a handler: nothing, or a `Result` whose error is reported. A handler that loops forever has neither.
pub trait Outcome: Send + 'static {
    /// Converts the output to a `Result`.
    ///
    /// # Errors
    ///
    /// The error of the handler.
    fn result(self) -> Result<(), HandlerError>;
}

impl Outcome for () {
    fn result(self) -> Result<(), HandlerError> {
        Ok(())
    }
}

impl<E: Into<HandlerError> + Send + 'static> Outcome for Result<(), E> {
    fn result(self) -> Result<(), HandlerError> {
        self.map_err(Into::into)
    }
}

/// The output of a handler that never returns, such as a loop in [`on_session`](crate::Handlers::on_session).
impl Outcome for Never {
    fn result(self) -> Result<(), HandlerError> {
        match self {}
    }
}

/// The type `!`, which has no name on stable Rust: the output of a function pointer.
type Never = <fn() -> ! as Returns>::Output;

#[doc(hidden)]
pub trait Returns {
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

/// A handler: a function `Fn(S, A) -> Fut`, where `S` is the source, such as a console, `A` is the event, and the future is
/// `Send` and returns an [`Outcome`].
///
/// Every such function implements it, both a closure `|console, event| async move { … }` and an `async fn`.
pub trait HandlerFn<S, A>:
    Fn(S, A) -> <Self as HandlerFn<S, A>>::Future + Send + Sync + 'static
{
    /// The future that the function returns.
    type Future: Future<Output: Outcome> + Send + 'static;
}

impl<S, A, F, Fut> HandlerFn<S, A> for F
where
    F: Fn(S, A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Outcome> + Send + 'static,
{
    type Future = Fut;
}
