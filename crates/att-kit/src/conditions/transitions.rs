use super::machine::Output;
use super::transition::{Transition, TransitionKind};
use crate::console_state::TaskGuard;
use att_console::Missed;
use futures_core::Stream;
use futures_util::StreamExt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError::Lagged;

/// The transitions of a condition, as a stream of `Result<Transition, Missed>`; see [`Players::when`](crate::players::Players::when).
///
/// For each player it yields entries and leaves in turn. After [`Missed::Gap`] the condition is evaluated again: a player who is
/// no longer inside leaves, and a player who is still inside is yielded once more, as [inside already](Transition::is_initial),
/// unless the cool-down runs. The player may have left and entered meanwhile, for example during a restart of the server. A
/// condition of states alone is not repeated: no command confirms it.
///
/// If this stream is read too slowly, the oldest transitions are dropped, and [`Missed::Lagged`] is their number.
///
/// It ends when the console is closed.
pub struct Transitions {
    transitions: BroadcastStream<Output>,
    _task: TaskGuard,
}

impl Transitions {
    pub(super) fn new(transitions: broadcast::Receiver<Output>, task: TaskGuard) -> Self {
        Self {
            transitions: BroadcastStream::new(transitions),
            _task: task,
        }
    }

    /// The next transition or miss; `None` when the console is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Result<Transition, Missed>> {
        StreamExt::next(self).await
    }

    /// The next transition; `None` when the console is closed. Misses are skipped.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next_transition(&mut self) -> Option<Transition> {
        loop {
            if let Ok(transition) = self.next().await? {
                return Some(transition);
            }
        }
    }

    /// The next player for whom the condition has become true, also those who are [inside already](Transition::is_initial); `None`
    /// when the console is closed. Misses are skipped.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next_entry(&mut self) -> Option<Transition> {
        loop {
            let transition = self.next_transition().await?;
            if transition.kind == TransitionKind::Entered {
                return Some(transition);
            }
        }
    }
}

impl Stream for Transitions {
    type Item = Result<Transition, Missed>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.transitions).poll_next(cx));
        let or_lag = |Lagged(missed)| Err(Missed::Lagged(missed));
        Poll::Ready(item.map(|item| item.unwrap_or_else(or_lag)))
    }
}

impl std::fmt::Debug for Transitions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transitions").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::players::{Evidence, Player};
    use alta_model::{Timestamp, User, UserId};
    use std::sync::Arc;

    fn transition(kind: TransitionKind) -> Transition {
        let at = Timestamp::from_unix_seconds(1_800_000_000).unwrap();
        let user = User::new(UserId::new(1), "-Bee-");
        Transition {
            player: Arc::new(Player::new(user, at)),
            kind,
            is_initial: false,
            evidence: Evidence::Event,
            at,
            details: None,
        }
    }

    #[tokio::test]
    async fn a_slow_reader_misses_the_oldest_items_and_gets_their_number() {
        let (alive, dropped) = tokio::sync::oneshot::channel::<()>();
        let task = TaskGuard::spawn(async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        let (sender, receiver) = broadcast::channel(2);
        let mut transitions = Transitions::new(receiver, task);
        for kind in [TransitionKind::Entered, TransitionKind::Left].repeat(2) {
            sender.send(Ok(transition(kind))).unwrap();
        }
        sender.send(Err(Missed::Lagged(7))).unwrap();
        drop(sender);
        assert_eq!(transitions.next().await, Some(Err(Missed::Lagged(3))));
        let left = transitions.next_transition().await.unwrap();
        assert_eq!(left.kind, TransitionKind::Left);
        // The miss at the end is no entry.
        assert_eq!(transitions.next_entry().await, None);
        drop(transitions);
        dropped.await.unwrap_err();
    }
}
