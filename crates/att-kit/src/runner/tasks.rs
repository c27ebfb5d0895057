//! The tasks of the consoles: started, stopped, and awaited.

use super::console_task::ConsoleTask;
use super::end::{End, Ended, Report};
use super::event::{Opened, RunnerEvent};
use super::runner::{Held, Runner};
use super::set_member::SetMember;
use crate::clock::deadline_after;
use crate::deadline::{Deadline, request_stop, stop_requested};
use crate::key::Key;
use alta_model::GroupId;
use att_console::Console;
use std::collections::BTreeMap;
use std::future::Future;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{Instrument as _, Span, info_span, warn};

impl<K: Key> Runner<K> {
    /// Opens a console and handles it until [`stop`](Self::stop) is called: for programs that choose their consoles by
    /// themselves and read [`next`](Self::next). Logs of its handlers are in `span`. The console is in the set while it is
    /// open.
    pub fn open<F: Future<Output = ()> + Send>(
        &mut self,
        key: K,
        group: Option<GroupId>,
        span: Span,
        open: impl Future<Output = Result<Opened<F>, End>> + Send + 'static,
    ) {
        self.start(key, group, span, None, open);
    }

    fn start<F: Future<Output = ()> + Send>(
        &mut self,
        key: K,
        group: Option<GroupId>,
        span: Span,
        held: Option<Console>,
        open: impl Future<Output = Result<Opened<F>, End>> + Send + 'static,
    ) {
        let (stop, mut stop_by) = watch::channel(None);
        let calls = self.calls.clone();
        let consoles = held.is_none().then(|| self.consoles.clone());
        let reports = self.report_sender.clone();
        let missing = self.missing.get(&key).copied();
        let work = {
            let key = key.clone();
            async move {
                let opened = tokio::select! {
                    opened = open => opened,
                    _ = stop_requested(&mut stop_by) => return Ended::before_it_began(End::Stopped),
                };
                let Opened { console, close } = match opened {
                    Ok(opened) => opened,
                    Err(end) => return Ended::before_it_began(end),
                };
                let _member = consoles.map(|consoles| SetMember::add(consoles, &key, &console));
                let task = ConsoleTask::new(key, group, console.clone(), calls, reports, missing);
                let mut ended = task.run(&mut stop_by).await;
                close.await;
                if console.status().state.is_closed() {
                    // A dead connection has received nothing for a while.
                    let heard_until = console.last_disconnect();
                    ended.missing = ended.missing.map(|at| at.min(heard_until.unwrap_or(at)));
                }
                ended
            }
        };
        let task = self.tasks.spawn(work.instrument(span));
        self.keys.insert(task.id(), key.clone());
        self.held.insert(
            key,
            Held {
                stop,
                console: held,
            },
        );
    }

    /// Requests that a console is no longer handled: its running handlers may continue until this instant.
    /// [`next`](Self::next) returns [`RunnerEvent::Ended`] when they have ended and the console is closed.
    pub fn stop(&self, key: &K, by: Instant) {
        if let Some(held) = self.held.get(key) {
            request_stop(&held.stop, by);
        }
    }

    /// Starts the consoles that were added to the set, and stops those that were removed or replaced.
    pub(super) fn follow_set(&mut self) {
        if !self.follows_set || !std::mem::take(&mut self.is_changed) {
            return;
        }
        self.changes.borrow_and_update();
        let consoles = self.consoles.all();
        let by_key: BTreeMap<&K, &Console> = consoles.iter().map(|(key, it)| (key, it)).collect();
        let stays = |key: &K, console: &Console| {
            by_key
                .get(key)
                .is_some_and(|member| member.same_console(console))
        };
        self.ended.retain(|key, (console, _)| stays(key, console));
        for (key, held) in &self.held {
            if let Some(console) = &held.console
                && !stays(key, console)
            {
                request_stop(&held.stop, deadline_after(self.calls.limits().grace));
            }
        }
        for (key, console) in consoles {
            if self.held.contains_key(&key) || self.ended.contains_key(&key) {
                continue;
            }
            let server = console.server().map(tracing::field::display);
            let span = info_span!("console", server, name = &*console.label());
            let opened = Ok(Opened {
                console: console.clone(),
                close: std::future::ready(()),
            });
            let open = std::future::ready(opened);
            self.start(key, None, span, Some(console), open);
        }
    }

    /// Waits for the next change of any console, and follows changes of the set meanwhile. Pending while nothing changes.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> (K, RunnerEvent) {
        loop {
            self.follow_set();
            tokio::select! {
                // A report comes before the end of its console.
                biased;
                Some((key, report)) = self.reports.recv() => {
                    return (key, match report {
                        Report::Connected => RunnerEvent::Connected,
                        Report::Disconnected => RunnerEvent::Disconnected,
                    });
                }
                Some(ended) = self.tasks.join_next_with_id() => {
                    let (id, ended) = match ended {
                        Ok((id, ended)) => (id, ended),
                        Err(error) => {
                            warn!(%error, "the task of a console has failed");
                            (error.id(), Ended::before_it_began(End::NotOpened))
                        }
                    };
                    if let Some(key) = self.keys.remove(&id) {
                        let end = self.ended(&key, ended);
                        return (key, RunnerEvent::Ended(end));
                    }
                }
                Ok(()) = self.changes.changed(), if self.follows_set => self.is_changed = true,
            }
        }
    }

    fn ended(&mut self, key: &K, ended: Ended) -> End {
        self.given_up += ended.given_up;
        self.missing
            .extend(ended.missing.map(|since| (key.clone(), since)));
        let held = self.held.remove(key);
        if let Some(console) = held.and_then(|held| held.console) {
            let refusal = match &ended.end {
                End::Refused(because) => Some(because.clone()),
                _ => None,
            };
            if ended.end != End::Stopped {
                self.ended.insert(key.clone(), (console, refusal));
            }
            // Another one may have its key now.
            self.is_changed = true;
        }
        ended.end
    }

    /// Stops all consoles, and waits until the last has ended. Returns the total number of dropped handler calls.
    pub async fn finish(mut self, mut deadline: Deadline) -> usize {
        // Tasks that report do not wait any more.
        self.reports.close();
        self.stop_all(deadline.by());
        loop {
            tokio::select! {
                ended = self.tasks.join_next() => match ended {
                    Some(Ok(ended)) => self.given_up += ended.given_up,
                    Some(Err(_)) => {}
                    None => return self.given_up,
                },
                () = deadline.shortened() => self.stop_all(deadline.by()),
            }
        }
    }

    fn stop_all(&self, by: Instant) {
        for held in self.held.values() {
            request_stop(&held.stop, by);
        }
    }
}
