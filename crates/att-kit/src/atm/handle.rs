use super::changed::Changed;
use super::error::{AtmError, AtmErrorKind};
use super::steps;
use crate::keyed_locks::KeyedLocks;
use crate::player_id::player_id;
use alta_model::UserId;
use att_console::{Console, PlayerRef};
use std::future::Future;
use std::panic::resume_unwind;
use std::sync::Arc;

/// The balances of the players on one console.
///
/// Reading a balance and changing it is one step. The steps of one player run one after the other, whichever task of the
/// program requests them, those of different players at the same time. Other programs, and the game itself, do not wait: they can
/// change a balance between the reading and the changing. It is changed by the difference, so none of their changes is lost. But
/// then the balances of a [`Changed`] are not those of the server, a balance can become negative, and after a lost reply the
/// outcome is [`AtmErrorKind::Unclear`], or wrong if the other change is the same amount.
///
/// Clones, and other calls of [`of`](Self::of) with the same console, share the order.
///
/// ```no_run
/// use att_console::Console;
/// use att_kit::atm::{Atm, AtmErrorKind};
///
/// # async fn run(console: Console) {
/// let atm = Atm::of(&console);
/// match atm.change("Ashwick", |balance| balance - 30).await {
///     Ok(changed) => println!("paid; {} left", changed.after),
///     Err(error) => match error.kind() {
///         AtmErrorKind::InsufficientFunds { missing, .. } => println!("{missing} too little"),
///         _ => println!("{error}"),
///     },
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Atm {
    console: Console,
    locks: Arc<KeyedLocks<UserId>>,
}

/// The locks of one console, in the map of its extensions.
struct Extension(Arc<KeyedLocks<UserId>>);

impl Atm {
    /// The balances on this console.
    pub fn of(console: &Console) -> Self {
        let extension = console.extension(|| Extension(Arc::default()));
        Self {
            console: console.clone(),
            locks: Arc::clone(&extension.0),
        }
    }

    /// The console.
    pub fn console(&self) -> &Console {
        &self.console
    }

    /// Reads a balance, after the changes that were requested before.
    ///
    /// # Errors
    ///
    /// [`AtmErrorKind::NotChanged`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn balance(&self, user: impl Into<PlayerRef>) -> Result<i64, AtmError> {
        let doing = "reading a balance";
        let user = self.id(user.into(), doing).await?;
        let _lock = self.locks.lock(user).await;
        let balance = steps::read(&self.console, user).await;
        balance.map_err(|kind| AtmError::new(kind, doing))
    }

    /// Reads a balance and changes it to the one that the function returns, or, for `None`, not at all.
    ///
    /// If the reply to the change is lost, the balance is read again. It is the old one, or the new one, or the outcome is
    /// [`AtmErrorKind::Unclear`]. Nothing is sent twice.
    ///
    /// # Errors
    ///
    /// See [`AtmErrorKind`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, and if the function panics.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped while earlier steps of the player run, nothing happens. Afterwards the step continues to its end,
    /// and later steps wait for it.
    pub async fn change<T: Into<Option<i64>>>(
        &self,
        user: impl Into<PlayerRef>,
        change: impl FnOnce(i64) -> T + Send + 'static,
    ) -> Result<Changed, AtmError> {
        let doing = "changing a balance";
        let user = self.id(user.into(), doing).await?;
        let lock = self.locks.lock(user).await;
        let console = self.console.clone();
        let step = async move {
            let _lock = lock;
            steps::change(&console, user, |balance| change(balance).into()).await
        };
        to_the_end(step, doing).await
    }

    /// Adds an amount to a balance.
    ///
    /// # Errors
    ///
    /// See [`AtmErrorKind`].
    ///
    /// # Panics and cancel safety
    ///
    /// Those of [`change`](Self::change).
    pub async fn add(&self, user: impl Into<PlayerRef>, amount: u32) -> Result<Changed, AtmError> {
        self.change(user, move |balance| balance.checked_add(i64::from(amount)))
            .await
    }

    /// Takes an amount from a balance, if it is large enough.
    ///
    /// # Errors
    ///
    /// See [`AtmErrorKind`].
    ///
    /// # Panics and cancel safety
    ///
    /// Those of [`change`](Self::change).
    pub async fn take(&self, user: impl Into<PlayerRef>, amount: u32) -> Result<Changed, AtmError> {
        self.change(user, move |balance| balance.checked_sub(i64::from(amount)))
            .await
    }

    /// Moves an amount from one player to another. Returns the change of the first one's balance.
    ///
    /// The amount is taken first. If the second player cannot be paid, it is given back. If the program is killed in between, the
    /// amount is lost.
    ///
    /// # Errors
    ///
    /// See [`AtmErrorKind`]. With [`AtmErrorKind::Unclear`], the amount may have been taken from one player and not be with the
    /// other; with any other error, both have their old balance.
    ///
    /// # Panics and cancel safety
    ///
    /// Those of [`change`](Self::change).
    pub async fn transfer(
        &self,
        from: impl Into<PlayerRef>,
        to: impl Into<PlayerRef>,
        amount: u32,
    ) -> Result<Changed, AtmError> {
        let doing = "moving money";
        let from = self.id(from.into(), doing).await?;
        let to = self.id(to.into(), doing).await?;
        // In the order of the ids: two transfers in opposite directions do not wait for each other.
        let first = self.locks.lock(from.min(to)).await;
        let second = if from == to {
            None
        } else {
            Some(self.locks.lock(from.max(to)).await)
        };
        let console = self.console.clone();
        let step = async move {
            let _locks = (first, second);
            steps::transfer(&console, from, to, i64::from(amount)).await
        };
        to_the_end(step, doing).await
    }

    async fn id(&self, user: PlayerRef, doing: &'static str) -> Result<UserId, AtmError> {
        let id = player_id(&self.console, user).await;
        id.map_err(|error| AtmError::new(AtmErrorKind::NotChanged(error), doing))
    }
}

/// Runs a step in a task of its own, which continues when the caller is canceled.
async fn to_the_end(
    step: impl Future<Output = Result<Changed, AtmErrorKind>> + Send + 'static,
    doing: &'static str,
) -> Result<Changed, AtmError> {
    match tokio::spawn(step).await {
        Ok(outcome) => outcome.map_err(|kind| AtmError::new(kind, doing)),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            // The runtime ends, and the caller with it.
            Err(_) => std::future::pending().await,
        },
    }
}
