//! The token cache with a scripted login.
#![cfg(feature = "login")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_auth::{Clock, Error, ErrorKind, Grant, Login, Token, TokenCache, TokenSource};
use alta_model::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

const START: i64 = 1_700_000_000;

const BOUND: Duration = Duration::from_secs(10);

/// A clock that stops until a test moves it.
#[derive(Clone, Debug, Default)]
struct Moved(Arc<Mutex<Duration>>);

impl Moved {
    fn forward(&self, seconds: u64) {
        *self.0.lock().unwrap() += Duration::from_secs(seconds);
    }
}

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        let start = Timestamp::from_unix_seconds(START).unwrap();
        start.checked_add(*self.0.lock().unwrap()).unwrap()
    }
}

/// Returns `token-1`, `token-2` and so on, or fails, and counts the logins.
#[derive(Clone)]
struct Script {
    asked: Arc<AtomicUsize>,
    fails: Arc<Mutex<Option<ErrorKind>>>,
    /// A login takes one permit.
    gate: Arc<Semaphore>,
    life: Option<Duration>,
    /// The lifetime in the token's claims.
    exp: Option<i64>,
}

impl Script {
    fn new(life: u64) -> Self {
        Self {
            asked: Arc::default(),
            fails: Arc::default(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            life: Some(Duration::from_secs(life)),
            exp: None,
        }
    }

    /// The same, but logins wait for a permit.
    fn gated(life: u64) -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            ..Self::new(life)
        }
    }

    fn logins(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn fail(&self, kind: impl Into<Option<ErrorKind>>) {
        *self.fails.lock().unwrap() = kind.into();
    }
}

impl Login for Script {
    fn log_in(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(async move {
            let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
            // Paused time does not advance while other tasks run.
            let let_through = tokio::time::timeout(BOUND, self.gate.acquire()).await;
            let_through
                .expect("nobody lets the login through")
                .unwrap()
                .forget();
            if let Some(kind) = *self.fails.lock().unwrap() {
                return Err(Error::new(kind, "logging in"));
            }
            let text = match self.exp {
                Some(exp) => {
                    let claims = format!("{{\"exp\":{exp},\"n\":{number}}}");
                    format!("e30.{}.", URL_SAFE_NO_PAD.encode(claims))
                }
                None => format!("token-{number}"),
            };
            let grant = Grant::new(text);
            Ok(match self.life {
                Some(life) => grant.expires_in(life),
                None => grant,
            })
        })
    }
}

fn cache(script: &Script) -> (TokenCache<Script>, Moved) {
    let clock = Moved::default();
    let cache = TokenCache::with_clock(script.clone(), Arc::new(clock.clone()));
    (cache, clock)
}

fn spawn_token(cache: &TokenCache<Script>) -> JoinHandle<Result<Token, Error>> {
    let cache = cache.clone();
    tokio::spawn(async move { cache.token().await })
}

#[tokio::test(start_paused = true)]
async fn fifty_callers_cause_one_login() {
    let script = Script::gated(3_600);
    let (cache, _) = cache(&script);
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let cache = cache.clone();
        callers.spawn(async move { cache.token().await });
    }
    tokio::task::yield_now().await;
    script.gate.add_permits(50);
    for token in callers.join_all().await {
        assert_eq!(token.unwrap().expose(), "token-1");
    }
    assert_eq!(script.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn all_waiting_callers_get_the_refusal_and_the_next_caller_logs_in_again() {
    let script = Script::gated(3_600);
    script.fail(ErrorKind::Refused);
    let (cache, _) = cache(&script);
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let cache = cache.clone();
        callers.spawn(async move { cache.token().await });
    }
    tokio::task::yield_now().await;
    script.gate.add_permits(100);
    for token in callers.join_all().await {
        assert_eq!(*token.unwrap_err().kind(), ErrorKind::Refused);
    }
    assert_eq!(script.logins(), 1);
    script.fail(None);
    assert_eq!(cache.token().await.unwrap().expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_at_ninety_percent_of_its_life_and_not_before() {
    let script = Script::new(1_000);
    let (cache, clock) = cache(&script);
    assert_eq!(cache.held(), None);
    assert_eq!(cache.token().await.unwrap().expose(), "token-1");
    clock.forward(899);
    assert_eq!(cache.token().await.unwrap().expose(), "token-1");
    clock.forward(1);
    assert_eq!(cache.token().await.unwrap().expose(), "token-2");
    assert_eq!(cache.held(), Some(Token::new("token-2")));
}

#[tokio::test(start_paused = true)]
async fn a_caller_during_a_renewal_gets_the_old_token_while_it_is_valid() {
    let script = Script::gated(1_000);
    script.gate.add_permits(1);
    let (cache, clock) = cache(&script);
    cache.token().await.unwrap();
    clock.forward(900);
    let first = spawn_token(&cache);
    tokio::task::yield_now().await;
    assert_eq!(script.logins(), 2);
    for _ in 0..20 {
        let held = cache.token().now_or_never().expect("it waits");
        assert_eq!(held.unwrap().expose(), "token-1");
    }
    // Not after its end.
    clock.forward(100);
    let late = cache.token();
    script.gate.add_permits(1);
    assert_eq!(late.await.unwrap().expose(), "token-2");
    assert_eq!(first.await.unwrap().unwrap().expose(), "token-2");
    assert_eq!(script.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_keeps_the_old_token_while_it_is_valid_and_not_every_call_logs_in() {
    for kind in [ErrorKind::Transport, ErrorKind::Refused] {
        let script = Script::new(1_000);
        let (cache, clock) = cache(&script);
        cache.token().await.unwrap();
        script.fail(kind);
        clock.forward(900);
        for _ in 0..20 {
            assert_eq!(cache.token().await.unwrap().expose(), "token-1");
        }
        assert_eq!(script.logins(), 2);
        clock.forward(25);
        assert_eq!(cache.token().await.unwrap().expose(), "token-1");
        assert_eq!(script.logins(), 3);
        clock.forward(75);
        assert_eq!(*cache.token().await.unwrap_err().kind(), kind);
        assert_eq!(cache.held(), None);
        script.fail(None);
        assert_eq!(cache.token().await.unwrap().expose(), "token-5");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hundred_callers_whose_token_was_refused_cause_one_login() {
    let script = Script::gated(3_600);
    script.gate.add_permits(1);
    let (cache, _) = cache(&script);
    let stale = cache.token().await.unwrap();
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let (cache, stale) = (cache.clone(), stale.clone());
        callers.spawn(async move { cache.renew(&stale).await });
    }
    tokio::task::yield_now().await;
    script.gate.add_permits(100);
    for token in callers.join_all().await {
        assert_eq!(token.unwrap().expose(), "token-2");
    }
    // A late caller with the old token gets the current one.
    assert_eq!(cache.renew(&stale).await.unwrap().expose(), "token-2");
    assert_eq!(cache.token().await.unwrap().expose(), "token-2");
    assert_eq!(script.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_does_not_end_the_login_for_which_others_wait() {
    let script = Script::gated(3_600);
    let (cache, _) = cache(&script);
    let first = spawn_token(&cache);
    tokio::task::yield_now().await;
    let second = spawn_token(&cache);
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    script.gate.add_permits(1);
    assert_eq!(second.await.unwrap().unwrap().expose(), "token-1");
    assert_eq!(script.logins(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_without_callers_ends_and_the_next_caller_starts_another() {
    let script = Script::gated(3_600);
    let (cache, _) = cache(&script);
    let only = spawn_token(&cache);
    tokio::task::yield_now().await;
    only.abort();
    assert!(only.await.unwrap_err().is_cancelled());
    script.gate.add_permits(1);
    assert_eq!(cache.token().await.unwrap().expose(), "token-2");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_has_expired_on_arrival_is_used_until_it_is_refused() {
    let script = Script {
        life: None,
        exp: Some(START - 86_400),
        ..Script::new(0)
    };
    let (cache, clock) = cache(&script);
    let token = cache.token().await.unwrap();
    for _ in 0..20 {
        clock.forward(600);
        assert_eq!(cache.token().await.unwrap(), token);
    }
    assert_eq!(script.logins(), 1);
    assert_ne!(cache.renew(&token).await.unwrap(), token);
    assert_eq!(script.logins(), 2);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_refused_early_cause_no_storm_of_logins() {
    let script = Script::new(3_600);
    let (cache, clock) = cache(&script);
    let mut token = cache.token().await.unwrap();
    for _ in 0..3 {
        token = cache.renew(&token).await.unwrap();
    }
    for _ in 0..20 {
        let error = cache.renew(&token).await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
    }
    assert_eq!(script.logins(), 4);
    clock.forward(5);
    token = cache.renew(&token).await.unwrap();
    clock.forward(9);
    assert!(cache.renew(&token).await.is_err());
    // A token that was valid for a while is replaced at once.
    clock.forward(600);
    token = cache.renew(&token).await.unwrap();
    assert_eq!(cache.renew(&token).await.unwrap().expose(), "token-7");
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_is_not_the_result_of_later_calls() {
    let script = Script::gated(3_600);
    script.fail(ErrorKind::Transport);
    let (cache, _) = cache(&script);
    // Waits, and is not polled for a while.
    let mut slow = cache.token();
    tokio::select! {
        biased;
        _ = &mut slow => panic!("nobody let it through"),
        () = std::future::ready(()) => {}
    }
    script.gate.add_permits(2);
    assert_eq!(
        *cache.token().await.unwrap_err().kind(),
        ErrorKind::Transport
    );
    script.fail(None);
    assert_eq!(cache.token().await.unwrap().expose(), "token-2");
    assert_eq!(slow.await.unwrap().expose(), "token-2");
}
