use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alta_model::Timestamp;
use futures_core::future::BoxFuture;
use futures_util::{
    FutureExt as _,
    future::{Shared, WeakShared},
};

use crate::{Clock, Error, ErrorKind, Login, SystemClock, Token, TokenSource, lifetime::Lifetime};

/// Keeps a token, and gets another before it expires or when a server refuses it.
///
/// - However many callers wait, there is one login at a time, and all of them get its result, be it a token or an error.
/// - A token is renewed at 90 % of its life, and 15 s before its end at the latest, when it is asked for. Who asks first
///   waits for the new one; the others get the old one while it holds. So do all if the renewal fails, and the next attempt
///   is made some seconds later, or when the service said.
/// - A refusal is returned at once. Nothing is retried here: transient failures are for the caller to wait out (the
///   login request itself is repeated by the default layers of `alta_http`).
/// - A token that seems to have expired when it comes is used until a server refuses it: then this machine's clock is
///   wrong, and logging in again would not help.
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

/// One login, shared by all who wait for it.
type Pending = Shared<BoxFuture<'static, Result<Token, Error>>>;

#[derive(Default)]
struct State {
    held: Option<Held>,
    pending: Option<WeakShared<BoxFuture<'static, Result<Token, Error>>>>,
    /// How many tokens in a row were refused soon after they came.
    stillborn: u32,
}

struct Held {
    token: Token,
    since: Timestamp,
    /// None: until it is refused.
    lifetime: Option<Lifetime>,
}

/// A token refused within this time after it came was no good from the start.
const STILLBORN: Duration = Duration::from_secs(60);

/// So many of them in a row are replaced at once; then there is a pause, which doubles.
const STILLBORN_FREE: u32 = 3;
const STILLBORN_PAUSE: Duration = Duration::from_secs(5);
const STILLBORN_PAUSE_CAP: Duration = Duration::from_secs(60);

impl<L: Login> TokenCache<L> {
    /// Logs in when the first token is asked for.
    pub fn new(login: L) -> Self {
        Self::with_clock(login, Arc::new(SystemClock))
    }

    /// The same, by another clock.
    pub fn with_clock(login: L, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Arc::new(Inner {
                login,
                clock,
                state: Mutex::default(),
            }),
        }
    }

    /// The token at hand, if there is one that still holds; never logs in.
    pub fn held(&self) -> Option<Token> {
        let now = self.inner.clock.now();
        let state = self.inner.state();
        let held = state.held.as_ref()?;
        held.holds(now).then(|| held.token.clone())
    }

    async fn current(&self) -> Result<Token, Error> {
        let pending = {
            let now = self.inner.clock.now();
            let mut state = self.inner.state();
            match &state.held {
                Some(held) if !held.is_due(now) => return Ok(held.token.clone()),
                // One caller waits for the next one; the others go on with this.
                Some(held) if held.holds(now) && state.running().is_some() => {
                    return Ok(held.token.clone());
                }
                _ => self.inner.join(&mut state),
            }
        };
        match pending.await {
            Ok(token) => Ok(token),
            // What is held was left as it was, for a while.
            Err(error) => self.held().ok_or(error),
        }
    }

    async fn replace(&self, stale: &Token) -> Result<Token, Error> {
        let pending = {
            let now = self.inner.clock.now();
            let mut state = self.inner.state();
            match &state.held {
                Some(held) if held.token != *stale && held.holds(now) => {
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
        // Nothing panics while it is held, and every state is valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The login that is under way, or a new one. It ends when nobody waits for it any more.
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
                        "the token has expired on arrival: this machine's clock is wrong; it is used until it is refused"
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
                tracing::warn!(?error, "no new token");
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

    /// Counts that the token at hand, that old, is refused; an error if too many were of late.
    fn pace(&mut self, age: Duration) -> Result<(), Error> {
        if age > STILLBORN {
            self.stillborn = 0;
            return Ok(());
        }
        let doublings = self.stillborn.saturating_sub(STILLBORN_FREE);
        let pause = STILLBORN_PAUSE
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(STILLBORN_PAUSE_CAP);
        if self.stillborn >= STILLBORN_FREE && age < pause {
            return Err(Error::new(ErrorKind::RateLimited, "renewing a token")
                .with_message("the tokens of the last logins were refused as soon as they came")
                .with_retry_after(pause.saturating_sub(age)));
        }
        self.stillborn += 1;
        Ok(())
    }
}

impl Held {
    fn is_due(&self, now: Timestamp) -> bool {
        self.lifetime
            .is_some_and(|lifetime| now >= lifetime.renew_at || now >= lifetime.ends_at)
    }

    fn holds(&self, now: Timestamp) -> bool {
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
