//! The states of the bot's consoles, which show whether their servers run.

use super::model_io::ConsoleState;
use crate::open_consoles::OpenConsoles;
use alta_model::ServerId;
use alta_socket::Watch;
use att_console::{NotConnected, State, Status, Statuses};
use futures_core::Stream;
use futures_util::stream::{SelectAll, StreamExt as _};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};

/// Follows the open consoles of a bot. It keeps neither the consoles nor the bot open.
pub(super) struct ConsoleStates {
    open: Weak<OpenConsoles>,
    opened: Option<Watch<u64>>,
    states: SelectAll<StatesOf>,
    followed: HashMap<ServerId, Followed>,
}

struct Followed {
    statuses: Statuses,
    /// The number of delivered frames at the last call of [`has_delivered`](ConsoleStates::has_delivered).
    delivered: u64,
}

impl ConsoleStates {
    pub(super) fn new(consoles: &Arc<OpenConsoles>) -> Self {
        Self {
            open: Arc::downgrade(consoles),
            opened: Some(consoles.opened()),
            states: SelectAll::new(),
            followed: HashMap::new(),
        }
    }

    /// The next state of a console. Pending while no state changes. Cancel safe.
    pub(super) async fn next(&mut self) -> (ServerId, ConsoleState) {
        loop {
            tokio::select! {
                opened = next(&mut self.opened) => {
                    if opened.is_none() {
                        self.opened = None;
                    }
                    self.follow();
                }
                Some((server, status)) = self.states.next() => {
                    if status.state.is_closed() {
                        self.followed.remove(&server);
                        // The server may have another console by now.
                        self.follow();
                    }
                    return (server, console_state(&status.state));
                }
            }
        }
    }

    /// Follows the consoles that were opened since the last call.
    fn follow(&mut self) {
        let Some(consoles) = self.open.upgrade() else {
            return;
        };
        for (server, console) in consoles.all() {
            if !self.followed.contains_key(&server) {
                let statuses = console.statuses();
                self.states.push(StatesOf {
                    server,
                    statuses: statuses.clone(),
                });
                let delivered = 0;
                self.followed.insert(
                    server,
                    Followed {
                        statuses,
                        delivered,
                    },
                );
            }
        }
    }

    /// Returns whether the console of a server has delivered anything since the last call.
    pub(super) fn has_delivered(&mut self, server: ServerId) -> bool {
        let followed = self.followed.get_mut(&server);
        followed.is_some_and(Followed::has_delivered)
    }

    /// The servers whose consoles have delivered anything since the last call.
    pub(super) fn that_have_delivered(&mut self) -> Vec<ServerId> {
        let followed = self.followed.iter_mut();
        let delivered = followed.filter_map(|(server, it)| it.has_delivered().then_some(*server));
        delivered.collect()
    }
}

impl Followed {
    fn has_delivered(&mut self) -> bool {
        let totals = self.statuses.current().totals;
        let delivered = totals.events + totals.replies + totals.notices;
        delivered != std::mem::replace(&mut self.delivered, delivered)
    }
}

fn console_state(state: &State) -> ConsoleState {
    match state {
        State::Ready | State::Stalled => ConsoleState::Connected,
        State::Recovering {
            because: NotConnected::NotUp(_),
            ..
        } => ConsoleState::NotUp,
        _ => ConsoleState::Lost,
    }
}

async fn next(opened: &mut Option<Watch<u64>>) -> Option<u64> {
    match opened {
        Some(opened) => opened.next().await,
        None => std::future::pending().await,
    }
}

struct StatesOf {
    server: ServerId,
    statuses: Statuses,
}

impl Stream for StatesOf {
    type Item = (ServerId, Status);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let server = self.server;
        let status = std::task::ready!(Pin::new(&mut self.statuses).poll_next(cx));
        Poll::Ready(status.map(|status| (server, status)))
    }
}
