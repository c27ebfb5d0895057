use crate::lifetime::Lifetime;
use crate::{Clock, Error, ErrorKind, Login, SystemClock, Token, TokenSource};
use alta_model::Timestamp;
use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use futures_util::future::{Shared, WeakShared};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Keeps a token, and logs in again before it expires or when a server refuses it.
///
/// - There is one login at a time. All callers that wait for it get its result, a token or an error.
/// - A call renews the token if 90 % of its lifetime have passed, or if less than 15 s of it are left. The first such caller
///   waits for the new token; the others get the old one while it is valid. If the renewal fails, all get the old one, and
///   the next attempt follows some seconds later, or after the pause that the service requested.
/// - A refusal is returned at once. The cache retries nothing: the caller handles transient errors (the default layers of
///   `alta_http` repeat the login request itself).
/// - A token that has apparently expired on arrival is used until a server refuses it: this machine's clock is wrong then,
///   and another login would not help.
///
/// Cheap to clone; the clones share the token.
pub struct TokenCache<L> {
    inner: Arc<Inner<L>>,
}

struct Inner<L> {
    login: L,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

/// One login, shared by all callers that wait for it.
type Pending = Shared<BoxFuture<'static, Result<Token, Error>>>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    pending: Option<WeakShared<BoxFuture<'static, Result<Token, Error>>>>,
    /// The number of successive tokens that were refused soon after they arrived.
    refused_early: u32,
}

struct Held {
    token: Token,
    since: Timestamp,
    /// None if the token is used until a server refuses it.
    lifetime: Option<Lifetime>,
}

/// A token that is refused within this time after its arrival counts as refused early.
const REFUSED_EARLY: Duration = Duration::from_secs(60);

/// This many successive early refusals cause a login at once. Then there is a pause, which doubles.
const REFUSED_EARLY_FREE: u32 = 3;
const REFUSED_EARLY_PAUSE: Duration = Duration::from_secs(5);
const REFUSED_EARLY_PAUSE_CAP: Duration = Duration::from_secs(60);

impl<L: Login> TokenCache<L> {
    /// A cache that logs in at the first request for a token.
    pub fn new(login: L) -> Self {
        Self::with_clock(login, Arc::new(SystemClock))
    }

    /// The same with another clock.
    pub fn with_clock(login: L, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Arc::new(Inner {
                login,
                clock,
                state: Mutex::default(),
            }),
        }
    }

    /// The current token, if there is a valid one. Never logs in.
    pub fn held(&self) -> Option<Token> {
        let now = self.inner.clock.now();
        let state = self.inner.state();
        let held = state.held.as_ref()?;
        held.is_valid(now).then(|| held.token.clone())
    }

    async fn current(&self) -> Result<Token, Error> {
        let pending = {
            let now = self.inner.clock.now();
            let mut state = self.inner.state();
            match &state.held {
                Some(held) if !held.is_due(now) => return Ok(held.token.clone()),
                // One caller waits for the next token; the others continue with this one.
                Some(held) if held.is_valid(now) && state.running().is_some() => {
                    return Ok(held.token.clone());
                }
                _ => self.inner.join(&mut state),
            }
        };
        match pending.await {
            Ok(token) => Ok(token),
            // A failed renewal keeps the old token while it is valid.
            Err(error) => self.held().ok_or(error),
        }
    }

    async fn replace(&self, stale: &Token) -> Result<Token, Error> {
        let pending = {
            let now = self.inner.clock.now();
            let mut state = self.inner.state();
            match &state.held {
                Some(held) if held.token != *stale && held.is_valid(now) => {
                    return Ok(held.token.clone());
                }
                Some(held) if held.token == *stale && state.running().is_none() => {
                    let age = now.saturating_duration_since(held.since);
                    state.pace(age)?;
                }
                _ => {}
            }
            self.inner.join(&mut state)
        };
        pending.await
    }
}

impl<L: Login> Inner<L> {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, and every state is valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The running login, or a new one. It is dropped when no caller waits for it anymore.
    fn join(self: &Arc<Self>, state: &mut State) -> Pending {
        if let Some(pending) = state.running() {
            return pending;
        }
        let inner = Arc::clone(self);
        let pending = async move { inner.log_in().await }.boxed().shared();
        state.pending = pending.downgrade();
        pending
    }

    async fn log_in(&self) -> Result<Token, Error> {
        let result = self.login.log_in().await;
        let now = self.clock.now();
        let mut state = self.state();
        state.pending = None;
        match result {
            Ok(grant) => {
                let lifetime = Lifetime::of(&grant, now);
                if lifetime.is_none() && grant.token.expires_at().is_some_and(|end| end <= now) {
                    tracing::warn!(
                        expires_at = ?grant.token.expires_at(), ?now,
                        "the token has expired on arrival: this machine's clock is wrong; the token is used until it is refused"
                    );
                }
                state.held = Some(Held {
                    token: grant.token.clone(),
                    since: now,
                    lifetime,
                });
                Ok(grant.token)
            }
            Err(error) => {
                tracing::warn!(?error, "the login failed");
                if let Some(lifetime) = state.held.as_mut().and_then(|held| held.lifetime.as_mut())
                {
                    lifetime.postpone(now, error.retry_after());
                }
                Err(error)
            }
        }
    }
}

impl State {
    fn running(&self) -> Option<Pending> {
        self.pending.as_ref()?.upgrade()
    }

    /// Counts the refusal of the current token, which has this age. Fails if too many tokens were refused early.
    fn pace(&mut self, age: Duration) -> Result<(), Error> {
        if age > REFUSED_EARLY {
            self.refused_early = 0;
            return Ok(());
        }
        let doublings = self.refused_early.saturating_sub(REFUSED_EARLY_FREE);
        let pause = REFUSED_EARLY_PAUSE
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(REFUSED_EARLY_PAUSE_CAP);
        if self.refused_early >= REFUSED_EARLY_FREE && age < pause {
            return Err(Error::new(ErrorKind::RateLimited, "renewing a token")
                .with_message("the tokens of the last logins were refused soon after they arrived")
                .with_retry_after(pause.saturating_sub(age)));
        }
        self.refused_early += 1;
        Ok(())
    }
}

impl Held {
    fn is_due(&self, now: Timestamp) -> bool {
        self.lifetime
            .is_some_and(|lifetime| now >= lifetime.renew_at || now >= lifetime.ends_at)
    }

    fn is_valid(&self, now: Timestamp) -> bool {
        self.lifetime.is_none_or(|lifetime| now < lifetime.ends_at)
    }
}

impl<L: Login> TokenSource for TokenCache<L> {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(self.current())
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        Box::pin(self.replace(stale))
    }
}

impl<L> Clone for TokenCache<L> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<L: fmt::Debug> fmt::Debug for TokenCache<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("login", &self.inner.login)
            .finish_non_exhaustive()
    }
}
