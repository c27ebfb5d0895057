//! The bot's tokens: each is used until a service refuses it.

use alta_auth::{Error, Token, TokenSource};
use alta_sim::Sim;
use futures_core::future::BoxFuture;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

#[derive(Clone)]
pub(crate) struct Tokens {
    sim: Sim,
    current: Arc<Mutex<Token>>,
    renewals: Arc<AtomicU64>,
}

impl Tokens {
    pub(crate) fn new(sim: &Sim) -> Self {
        Self {
            sim: sim.clone(),
            current: Arc::new(Mutex::new(Token::new(sim.bot_token()))),
            renewals: Arc::default(),
        }
    }

    /// The number of refused tokens that were replaced.
    pub(crate) fn renewals(&self) -> u64 {
        self.renewals.load(Ordering::Relaxed)
    }
}

impl TokenSource for Tokens {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        let token = self.current.lock().unwrap().clone();
        Box::pin(async { Ok(token) })
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        let mut current = self.current.lock().unwrap();
        if *current == *stale {
            *current = Token::new(self.sim.bot_token());
            self.renewals.fetch_add(1, Ordering::Relaxed);
        }
        let token = current.clone();
        Box::pin(async { Ok(token) })
    }
}
