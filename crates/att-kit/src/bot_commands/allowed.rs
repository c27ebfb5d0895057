use super::caller::{Caller, Who};
use crate::handler_fn::HandlerError;
use alta_model::UserId;
use att_console::Console;
use futures_core::future::BoxFuture;
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

type Check =
    dyn Fn(Caller, Console) -> BoxFuture<'static, Result<bool, HandlerError>> + Send + Sync;

/// A rule that says which callers may run a bot command.
#[derive(Clone)]
pub struct Allowed(Rule);

#[derive(Clone)]
enum Rule {
    Everyone,
    Console,
    Ids(BTreeSet<UserId>),
    When(Arc<Check>),
}

/// The output of a check of a caller: a bool, or a `Result` with one. An error is a refusal, and a failure of the handler.
pub trait Verdict: Send + 'static {
    /// Converts the output to a `Result`.
    ///
    /// # Errors
    ///
    /// The error of the check.
    fn verdict(self) -> Result<bool, HandlerError>;
}

impl Verdict for bool {
    fn verdict(self) -> Result<bool, HandlerError> {
        Ok(self)
    }
}

impl<E: Into<HandlerError> + Send + 'static> Verdict for Result<bool, E> {
    fn verdict(self) -> Result<bool, HandlerError> {
        self.map_err(Into::into)
    }
}

impl Allowed {
    /// Every caller.
    pub fn everyone() -> Self {
        Self(Rule::Everyone)
    }

    /// Every user of a console of the server.
    pub fn console() -> Self {
        Self(Rule::Console)
    }

    /// The players and the users of a console with these ids.
    pub fn ids(ids: impl IntoIterator<Item = UserId>) -> Self {
        Self(Rule::Ids(ids.into_iter().collect()))
    }

    /// The callers for whom this function returns true, for example after a look at their role.
    pub fn when<Fut>(check: impl Fn(Caller, Console) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output: Verdict> + Send + 'static,
    {
        Self(Rule::When(Arc::new(move |caller, console| {
            let verdict = check(caller, console);
            Box::pin(async move { verdict.await.verdict() })
        })))
    }

    pub(super) async fn allows(
        &self,
        caller: &Caller,
        console: &Console,
    ) -> Result<bool, HandlerError> {
        match &self.0 {
            Rule::Everyone => Ok(true),
            Rule::Console => Ok(matches!(caller.who(), Who::Console(_))),
            Rule::Ids(ids) => Ok(caller.user().is_some_and(|user| ids.contains(&user.id))),
            Rule::When(check) => check(caller.clone(), console.clone()).await,
        }
    }
}

/// Returns whether one of the rules allows the call.
pub(super) async fn any_allows(
    rules: &[Allowed],
    caller: &Caller,
    console: &Console,
) -> Result<bool, HandlerError> {
    for rule in rules {
        if rule.allows(caller, console).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Rule::Everyone => "Allowed::everyone()",
            Rule::Console => "Allowed::console()",
            Rule::Ids(_) => "Allowed::ids(…)",
            Rule::When(_) => "Allowed::when(…)",
        })
    }
}
