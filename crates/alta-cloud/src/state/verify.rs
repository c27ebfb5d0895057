use super::accounts::{Account, Accounts};
use super::secrets::{HashCost, SecretHash};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Verifies secrets outside the lock of the state, a bounded number at a time: each needs a processor and memory.
#[derive(Debug)]
pub(super) struct Verifier {
    permits: Arc<Semaphore>,
    /// The hash of a login to an account that does not exist. No secret matches it.
    nobody: SecretHash,
    /// The number of argon2 computations.
    #[cfg(test)]
    pub(super) computed: std::sync::atomic::AtomicUsize,
}

impl Verifier {
    pub(super) fn new(cost: HashCost) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            permits: Arc::new(Semaphore::new(processors)),
            nobody: SecretHash::of_nobody(cost),
            #[cfg(test)]
            computed: std::sync::atomic::AtomicUsize::default(),
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
            let account = self.account.as_ref();
            let hash = account.map_or(&self.verifier.nobody, |account| &account.hash);
            let is_right = hash.matches(&secret);
            #[cfg(test)]
            self.verifier.computed.fetch_add(
                super::secrets::computed(),
                std::sync::atomic::Ordering::SeqCst,
            );
            self.account.filter(|_| is_right)
        };
        // A task that panicked has verified nothing.
        tokio::task::spawn_blocking(work).await.ok().flatten()
    }
}
