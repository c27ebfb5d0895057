//! What a handler can be: a function that returns a future.

use std::error::Error as StdError;
use std::future::Future;

/// An error of a handler, of any type.
pub type HandlerError = Box<dyn StdError + Send + Sync>;

/// What a handler may return: nothing, or a result whose error is then reported. One that loops for ever returns neither.
pub trait Outcome: Send + 'static {
    /// The result of it.
    ///
    /// # Errors
    ///
    /// The handler's own.
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

/// A handler that never returns, such as a loop in [`on_console`](crate::Handlers::on_console).
impl Outcome for Never {
    fn result(self) -> Result<(), HandlerError> {
        match self {}
    }
}

/// The type `!` of a block that never ends, which has no name on stable Rust: what a function pointer returns.
type Never = <fn() -> ! as Returns>::Output;

#[doc(hidden)]
pub trait Returns {
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

/// A handler of one thing: `Fn(A) -> Fut`, where the future is `Send` and returns an [`Outcome`].
///
/// It is implemented for every such function; there is nothing to do but to write `|a| async move { … }`.
pub trait HandlerFn<A>: Fn(A) -> <Self as HandlerFn<A>>::Future + Send + Sync + 'static {
    /// What it returns.
    type Future: Future<Output: Outcome> + Send + 'static;
}

impl<A, F, Fut> HandlerFn<A> for F
where
    F: Fn(A) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Outcome> + Send + 'static,
{
    type Future = Fut;
}

/// A handler of two things: `Fn(A, B) -> Fut`, where the future is `Send` and returns an [`Outcome`].
///
/// It is implemented for every such function; there is nothing to do but to write `|a, b| async move { … }`.
pub trait HandlerFn2<A, B>:
    Fn(A, B) -> <Self as HandlerFn2<A, B>>::Future + Send + Sync + 'static
{
    /// What it returns.
    type Future: Future<Output: Outcome> + Send + 'static;
}

impl<A, B, F, Fut> HandlerFn2<A, B> for F
where
    F: Fn(A, B) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: Outcome> + Send + 'static,
{
    type Future = Fut;
}
