use super::allowed::Allowed;
use super::call::Call;
use super::cursor::Cursor;
use super::invalid::Invalid;
use super::parameter::{Parameter, Read, Shape, Spec, reader};
use crate::handler_fn::HandlerError;
use futures_core::future::BoxFuture;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// The default of [`Declaration::timeout`]: a command of the server has ended after 30 s.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The declaration of a bot command whose arguments are the tuple `A`.
#[must_use = "a declaration needs `run`"]
pub struct Declaration<A = ()> {
    facts: Facts,
    read: Read<A>,
}

/// A complete declaration: the result of [`Declaration::run`].
pub struct Declared {
    pub(super) facts: Facts,
    pub(super) work: Work,
}

pub(super) struct Facts {
    pub(super) about: String,
    pub(super) parameters: Vec<Spec>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) timeout: Duration,
}

pub(super) type Work =
    Box<dyn Fn(Call, Cursor) -> BoxFuture<'static, Result<Option<String>, Refused>> + Send + Sync>;

/// The reason why a call did not succeed.
pub(super) enum Refused {
    Invalid(Invalid),
    Failed(HandlerError),
}

/// A value that the function of a bot command returns as its reply: a string, or `()` for no reply.
pub trait IntoReply: Send + 'static {
    /// The reply; `None` for no reply.
    fn into_reply(self) -> Option<String>;
}

impl IntoReply for () {
    fn into_reply(self) -> Option<String> {
        None
    }
}

impl IntoReply for String {
    fn into_reply(self) -> Option<String> {
        Some(self)
    }
}

impl IntoReply for &'static str {
    fn into_reply(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl Declaration {
    pub(super) fn new() -> Self {
        Self {
            facts: Facts {
                about: String::new(),
                parameters: Vec::new(),
                allowed: Vec::new(),
                timeout: TIMEOUT,
            },
            read: reader(|_, _| Box::pin(async { Ok(()) })),
        }
    }
}

impl<A: Send + 'static> Declaration<A> {
    /// The purpose of the command, in a line, for help.
    pub fn about(mut self, about: impl Into<String>) -> Self {
        self.facts.about = about.into();
        self
    }

    /// Adds a parameter. Its argument is appended to the tuple that the function receives.
    pub fn arg<T: Send + 'static>(self, parameter: Parameter<T>) -> Declaration<A::Output>
    where
        A: Append<T>,
    {
        let Self { mut facts, read } = self;
        facts.parameters.push(parameter.spec);
        let last = parameter.read;
        let read = reader(move |cursor, console| {
            let (read, last) = (Arc::clone(&read), Arc::clone(&last));
            Box::pin(async move {
                let before = read(cursor, console).await?;
                Ok(before.append(last(cursor, console).await?))
            })
        });
        Declaration { facts, read }
    }

    /// Adds callers who may run the command. Without this, only the users of a console may.
    pub fn allow(mut self, allowed: Allowed) -> Self {
        self.facts.allowed.push(allowed);
        self
    }

    /// Cancels a call after this time. 60 s by default. [`Limits::handler_timeout`](crate::Limits::handler_timeout) applies as
    /// well, but then the caller gets no reply.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.facts.timeout = timeout;
        self
    }

    /// Sets the function. It receives the call and the arguments, and returns the reply: a string, or `()` for no reply. Its
    /// error is the reply and the failure of a handler.
    pub fn run<Fut, R>(self, function: impl Fn(Call, A) -> Fut + Send + Sync + 'static) -> Declared
    where
        Fut: Future<Output = Result<R, HandlerError>> + Send + 'static,
        R: IntoReply,
    {
        let Self { facts, read } = self;
        let function = Arc::new(function);
        let work: Work = Box::new(move |call, mut cursor| {
            let (read, function) = (Arc::clone(&read), Arc::clone(&function));
            Box::pin(async move {
                let arguments = read(&mut cursor, &call.console).await;
                let arguments = arguments.and_then(|it| cursor.end().map(|()| it));
                let arguments = arguments.map_err(Refused::Invalid)?;
                let reply = function(call, arguments).await;
                reply.map(IntoReply::into_reply).map_err(Refused::Failed)
            })
        });
        Declared { facts, work }
    }
}

impl Facts {
    /// The mistakes of the declaration.
    pub(super) fn problems(&self) -> Vec<&'static str> {
        let mut problems = Vec::new();
        let shapes: Vec<&Shape> = self.parameters.iter().map(|spec| &spec.shape).collect();
        for pair in shapes.windows(2) {
            match pair {
                [Shape::Several | Shape::Rest, _] => {
                    problems.push("a parameter follows one that takes the rest of the line");
                }
                [
                    Shape::Optional(_),
                    Shape::Required | Shape::Several | Shape::Rest,
                ] => {
                    problems.push("a required parameter follows an optional one");
                }
                _ => {}
            }
        }
        if self.timeout.is_zero() {
            problems.push("its timeout is zero");
        }
        problems
    }
}

/// Appends an argument to a tuple of arguments: up to eight.
pub trait Append<T> {
    /// The longer tuple.
    type Output: Send + 'static;

    /// Appends it.
    fn append(self, last: T) -> Self::Output;
}

macro_rules! append {
    ($($name:ident)*) => {
        impl<$($name: Send + 'static,)* Last: Send + 'static> Append<Last> for ($($name,)*) {
            type Output = ($($name,)* Last,);

            #[allow(non_snake_case, reason = "the variables have the names of their types")]
            fn append(self, last: Last) -> Self::Output {
                let ($($name,)*) = self;
                ($($name,)* last,)
            }
        }
    };
}

append!();
append!(A);
append!(A B);
append!(A B C);
append!(A B C D);
append!(A B C D E);
append!(A B C D E F);
append!(A B C D E F G);

impl<A> fmt::Debug for Declaration<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Declaration")
            .field(&self.facts.parameters)
            .finish()
    }
}

impl fmt::Debug for Declared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Declared")
            .field(&self.facts.parameters)
            .finish()
    }
}
