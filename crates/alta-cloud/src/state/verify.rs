use super::accounts::{Account, Accounts};
use super::secrets::{HashCost, SecretHash};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Verifies secrets outside the lock of the state, a bounded number at a time: each needs a processor and memory.
#[derive(Debug)]
pub(super) struct Verifier {
    permits: Arc<Semaphore>,
    /// The cost of a login to an account that does not exist.
    cost: HashCost,
}

impl Verifier {
    pub(super) fn new(cost: HashCost) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            permits: Arc::new(Semaphore::new(processors)),
            cost,
        }
    }

    /// The first step of a login. The result says nothing about the account.
    pub(super) fn check(self: &Arc<Self>, account: Option<&Account>) -> Check {
        Check {
            verifier: Arc::clone(self),
            account: account.map(|account| Verified {
                account: account.user_id,
                hash: account.secret.clone(),
            }),
        }
    }
}

/// A login: the account, if it exists, and the hash of its secret.
#[derive(Debug)]
pub(crate) struct Check {
    verifier: Arc<Verifier>,
    account: Option<Verified>,
}

/// An account whose secret was verified, as it was then.
#[derive(Debug)]
pub(crate) struct Verified {
    account: u64,
    hash: SecretHash,
}

impl Verified {
    /// The last step of a login. `None` if the account was removed or its secret replaced meanwhile.
    pub(super) fn account<'a>(&self, accounts: &'a Accounts) -> Option<&'a Account> {
        let account = accounts.get(self.account);
        account.filter(|account| account.secret == self.hash)
    }
}

impl Check {
    /// The second step of a login, without the lock. `None` for a wrong secret or an account that does not exist, which both take
    /// the same time.
    pub(crate) async fn verify(self, secret: String) -> Option<Verified> {
        let permits = Arc::clone(&self.verifier.permits);
        let permit = permits.acquire_owned().await.ok()?;
        let work = move || {
            let _permit = permit;
            if self.account.is_none() {
                // The result is not used, only the time.
                let _ = SecretHash::of_secret(&secret, self.verifier.cost);
            }
            self.account.filter(|account| account.hash.matches(&secret))
        };
        // A task that panicked has verified nothing.
        tokio::task::spawn_blocking(work).await.ok().flatten()
    }
}
