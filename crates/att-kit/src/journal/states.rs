//! The changes of the connection state, noted at their time, also while entries are written.

use alta_model::Timestamp;
use att_console::{State, Statuses};
use std::collections::VecDeque;
use std::future::pending;

/// The most changes that wait; of more, the oldest are dropped.
const MOST: usize = 256;

pub(super) struct States {
    /// `None` when the console is closed.
    statuses: Option<Statuses>,
    is_connected: Option<bool>,
    noted: VecDeque<(Timestamp, State)>,
}

impl States {
    pub(super) fn new(statuses: Statuses) -> Self {
        Self {
            statuses: Some(statuses),
            is_connected: None,
            noted: VecDeque::new(),
        }
    }

    /// Notes the next change: the console has connected, was lost or is closed. Pending for ever after the end. Cancel safe.
    pub(super) async fn note(&mut self) {
        if !self.note_next().await {
            pending::<()>().await;
        }
    }

    /// Waits until a change is noted, or was noted before. Cancel safe.
    pub(super) async fn noted(&mut self) {
        if self.noted.is_empty() {
            self.note().await;
        }
    }

    /// Notes all changes until the console is closed.
    pub(super) async fn note_all(&mut self) {
        while self.note_next().await {}
    }

    async fn note_next(&mut self) -> bool {
        while let Some(statuses) = &mut self.statuses {
            let Some(status) = statuses.next().await else {
                self.statuses = None;
                break;
            };
            if self.is_news(&status.state) {
                if self.noted.len() == MOST {
                    self.noted.pop_front();
                }
                self.noted.push_back((Timestamp::now(), status.state));
                return true;
            }
        }
        false
    }

    fn is_news(&mut self, state: &State) -> bool {
        let is_connected = state.is_connected();
        let before = self.is_connected.replace(is_connected);
        match state {
            State::Closed { .. } => true,
            _ => before.map_or(is_connected, |before| before != is_connected),
        }
    }

    /// Removes the next change if it belongs before an event of this time: the first events of a connection can be older than the
    /// note of that connection.
    pub(super) fn before(&mut self, time: Timestamp) -> Option<(Timestamp, State)> {
        let is_before = |(at, state): &(Timestamp, State)| *at <= time || state.is_connected();
        if self.noted.front().is_some_and(is_before) {
            return self.noted.pop_front();
        }
        None
    }

    /// Removes the next change.
    pub(super) fn next(&mut self) -> Option<(Timestamp, State)> {
        self.noted.pop_front()
    }
}
