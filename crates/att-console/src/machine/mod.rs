//! The state machine of one console, without I/O: inputs and the time go in, outputs come out. It makes all decisions; the driver
//! performs them.
//!
//! ```text
//!           +------------------- backoff over, retry_now, access changed ------------------+
//!           v                                                                               |
//!   Opening (access, dial) --opened--> Login (token sent) --accepted--> Session --lost--> Waiting
//!           |  refused                   |  refused, silent too often      |  stop         ^
//!           v                            v                                 v               |
//!        Closed <------------------------+---------------------------------+      failed, silent
//! ```

mod commands;
mod io;
mod login;
mod own_commands;
mod session;
mod stall;
mod topics;

#[cfg(test)]
mod tests;

use crate::config::Config;
use crate::error::{Closed, ErrorKind, SHOWN, with_sources};
use crate::status::{self, Counters, NotConnected};
use crate::wire::frame::{Frame, Kind};
use alta_model::{Escaped, Redactor, escaped};
use alta_socket::{Backoff, LinkId, Liveness, Lost, Waiter, deadline_after};
use commands::Queue;
pub(crate) use io::{Failure, Input, MayChange, Output, PendingCommand};
use login::reply_to_token;
use session::Session;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use topics::Topics;

/// After a session of this length the backoff starts again.
const GOOD_SESSION: Duration = Duration::from_secs(10);

/// The number of outputs for which an idle machine keeps memory.
const OUTPUTS: usize = 16;

#[derive(Debug)]
enum State<R> {
    Opening(LinkId),
    Login {
        link: LinkId,
        may_change: MayChange,
        until: Instant,
    },
    Session(Box<Session<R>>),
    Waiting {
        until: Instant,
        because: NotConnected,
    },
    Closed(Closed),
}

#[derive(Debug)]
pub(crate) struct Machine<R> {
    config: Arc<Config>,
    counters: Arc<Counters>,
    redactor: Redactor,
    state: State<R>,
    next_link: LinkId,
    attempt: u32,
    silent_logins: u32,
    backoff: Backoff,
    queue: Queue<R>,
    topics: Topics<R>,
    /// True if a stream is subscribed to executed commands.
    hears_commands: bool,
    /// The time of the last input that may permit another request.
    send_due: Option<Instant>,
    outbox: VecDeque<Output<R>>,
}

impl<R: Waiter> alta_socket::Machine for Machine<R> {
    type Input = Input<R>;
    type Output = Output<R>;

    fn handle(&mut self, input: Input<R>, now: Instant) {
        match input {
            Input::Opened(link, may_change) => self.opened(link, may_change, now),
            Input::Failed(link, failure) => self.failed(link, failure, now),
            Input::Frame(link, frame) if frame.kind == Kind::Malformed => {
                self.malformed(link, Some(frame), now);
            }
            Input::Frame(link, frame) => self.frame(link, frame, now),
            Input::Malformed(link) => self.malformed(link, None, now),
            Input::Heard(link) => self.heard(link, now),
            Input::Written(link, id) => self.written(link, id),
            Input::Skipped(link, id) => self.not_sent(link, id, now),
            Input::NotRecalled(link, id) => self.timed_out_after_sending(link, id),
            Input::Lost(link, lost) => self.lost(link, &lost, now),
            Input::Command(command) => self.command(command, now),
            Input::Confirm(name, waiter) => self.confirm(&name, waiter),
            Input::Wanted(name, wanted) => self.wanted(&name, wanted, now),
            Input::RetryNow => {
                if matches!(self.state, State::Waiting { .. }) {
                    self.open();
                }
            }
            Input::Timer => self.timer(now),
            Input::Stop => self.close(Closed::ByUs),
            Input::RuntimeEnded => self.close(Closed::RuntimeEnded),
        }
    }

    /// The next output. Requests are last, once for all inputs since the previous call, so that a batch of commands is
    /// sent together.
    fn poll_output(&mut self) -> Option<Output<R>> {
        if self.outbox.is_empty()
            && let Some(now) = self.send_due.take()
        {
            self.send_requests(now);
        }
        self.outbox.pop_front()
    }

    fn deadline(&self) -> Option<Instant> {
        let of_state = match &self.state {
            State::Opening(_) | State::Closed(_) => None,
            State::Login { until, .. } | State::Waiting { until, .. } => Some(*until),
            State::Session(session) => [session.deadline(&self.config), self.topics.deadline()]
                .into_iter()
                .flatten()
                .min(),
        };
        [of_state, self.queue.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn shrink(&mut self) {
        if self.outbox.capacity() > OUTPUTS {
            self.outbox.shrink_to(0);
        }
    }
}

impl<R: Waiter> Machine<R> {
    /// A machine that begins to connect. `seed` determines the jitter of its backoff.
    pub(crate) fn new(
        config: Arc<Config>,
        counters: Arc<Counters>,
        redactor: Redactor,
        seed: u64,
    ) -> Self {
        let mut machine = Self {
            backoff: Backoff::new(config.backoff, seed),
            topics: Topics::new(&config, seed.wrapping_add(1)),
            config,
            counters,
            redactor,
            state: State::Opening(LinkId::FIRST),
            next_link: LinkId::FIRST,
            attempt: 0,
            silent_logins: 0,
            queue: Queue::default(),
            hears_commands: false,
            send_due: None,
            // An idle console has one output at a time.
            outbox: VecDeque::with_capacity(1),
        };
        machine.open();
        machine
    }

    /// Updates the counters of waiting and open commands.
    pub(crate) fn count_commands(&self) {
        let open = match &self.state {
            State::Session(session) => session.open_commands(),
            _ => 0,
        };
        self.counters.waiting.set(self.queue.len());
        self.counters.in_flight.set(open);
    }

    /// The published state.
    pub(crate) fn state(&self) -> status::State {
        match &self.state {
            State::Opening(_) | State::Login { .. } => status::State::Connecting {
                attempt: self.attempt,
            },
            State::Session(session) if session.is_stalled() => status::State::Stalled,
            State::Session(_) => status::State::Ready,
            State::Waiting { because, .. } => status::State::Recovering {
                attempt: self.backoff.attempt(),
                because: because.clone(),
            },
            State::Closed(because) => status::State::Closed {
                because: because.clone(),
            },
        }
    }

    fn open(&mut self) {
        let link = self.next_link;
        self.next_link = link.next();
        self.attempt += 1;
        self.state = State::Opening(link);
        self.outbox.push_back(Output::Open(link));
    }

    fn opened(&mut self, link: LinkId, may_change: MayChange, now: Instant) {
        if !matches!(&self.state, State::Opening(opening) if *opening == link) {
            return;
        }
        self.state = State::Login {
            link,
            may_change,
            until: deadline_after(now, self.config.login_timeout),
        };
        self.outbox.push_back(Output::Authenticate(link));
    }

    fn failed(&mut self, link: LinkId, failure: Failure, now: Instant) {
        if !matches!(&self.state, State::Opening(opening) if *opening == link) {
            return;
        }
        match failure {
            Failure::Refused(message) => self.close(Closed::Refused(message)),
            Failure::Address(message) => self.close(Closed::Address(message)),
            Failure::Token(message) => self.close(Closed::Token(message)),
            Failure::NotConnected {
                because,
                retry_after,
            } => self.wait(because, retry_after, now),
        }
    }

    fn wait(&mut self, because: NotConnected, retry_after: Option<Duration>, now: Instant) {
        let delay = self.backoff.delay(retry_after);
        self.state = State::Waiting {
            until: deadline_after(now, delay),
            because,
        };
        self.outbox.push_back(Output::AwaitChange);
    }

    /// A string of the server for a log: redacted, escaped, shortened.
    fn for_log<'t>(&self, text: &'t str) -> Escaped<Cow<'t, str>> {
        escaped(self.redactor.redact(text)).at_most(SHOWN)
    }

    /// Handles a frame. Before the reply to the token, only that reply counts.
    fn frame(&mut self, link: LinkId, frame: Frame, now: Instant) {
        match &mut self.state {
            State::Login { link: current, .. } if *current == link => {
                match reply_to_token(&frame) {
                    Some(Ok(())) => self.logged_in(link, now),
                    Some(Err(refusal)) => {
                        self.outbox.push_back(Output::Close(link));
                        let refusal = self.redactor.redact(&refusal).into_owned();
                        self.close(Closed::Refused(refusal));
                    }
                    // Events of log streams can arrive before it.
                    None => {}
                }
            }
            State::Session(session) if session.link == link => {
                session.keepalive.heard(now);
                match &frame.kind {
                    Kind::Reply { id, .. } => {
                        let id = *id;
                        self.reply(id, frame, now);
                    }
                    Kind::System { .. } => {
                        let notice = self.for_log(frame.data());
                        tracing::debug!(%notice, "the server sent a message");
                        self.counters.notices.add_one();
                    }
                    Kind::Other(kind) => {
                        let kind = self.for_log(kind);
                        tracing::debug!(%kind, "skipping a frame of unknown type");
                        self.counters.malformed.add_one();
                    }
                    // Handled before.
                    Kind::Event(_) | Kind::Malformed => {}
                }
            }
            _ => {}
        }
    }

    /// Counts a frame that cannot be read. If it can be an event, every stream gets it.
    fn malformed(&mut self, link: LinkId, frame: Option<Frame>, now: Instant) {
        self.counters.malformed.add_one();
        if let State::Session(session) = &mut self.state
            && session.link == link
        {
            session.keepalive.heard(now);
            self.outbox.extend(frame.map(Output::DeliverToAll));
        }
    }

    /// Marks the event of an own command. Returns false if it is not for the streams: it came over an old
    /// link or before login. Events change no state, so they are no [`Input`].
    pub(crate) fn event(&mut self, link: LinkId, event: &mut Frame, now: Instant) -> bool {
        match &mut self.state {
            State::Session(session) if session.link == link => {
                session.keepalive.heard(now);
                event.is_own = session.own.take_executed(event, now);
                true
            }
            _ => false,
        }
    }

    fn logged_in(&mut self, link: LinkId, now: Instant) {
        self.attempt = 0;
        self.silent_logins = 0;
        self.counters.connects.add_one();
        self.topics.logged_in();
        let session = Session::new(link, &self.config, now);
        self.state = State::Session(Box::new(session));
        self.send_due = Some(now);
    }

    fn heard(&mut self, link: LinkId, now: Instant) {
        if let State::Session(session) = &mut self.state
            && session.link == link
        {
            session.keepalive.heard(now);
        }
    }

    fn lost(&mut self, link: LinkId, lost: &Lost, now: Instant) {
        let because = NotConnected::Lost(with_sources(lost));
        match &mut self.state {
            State::Login { link: current, .. } if *current == link => {
                self.wait(because, None, now);
            }
            State::Session(session) if session.link == link => {
                self.end_session(&because, now);
                self.wait(because, None, now);
            }
            _ => {}
        }
    }

    /// Ends the session: open commands fail at once, since no reply can arrive.
    fn end_session(&mut self, because: &NotConnected, now: Instant) {
        let idle = State::Waiting {
            until: now,
            because: because.clone(),
        };
        let State::Session(session) = std::mem::replace(&mut self.state, idle) else {
            return;
        };
        if now.saturating_duration_since(session.since) >= GOOD_SESSION {
            self.backoff.reset();
        }
        let last_heard = session.keepalive.last_heard();
        self.counters.session_ended(last_heard);
        for name in self.topics.link_lost(last_heard, now) {
            self.outbox.push_back(Output::Interrupted(name, last_heard));
        }
        self.disconnect_commands(*session, because);
    }

    fn timer(&mut self, now: Instant) {
        self.expire_queued(now);
        match &self.state {
            State::Login {
                link,
                may_change,
                until,
            } if *until <= now => {
                let (link, may_change) = (*link, *may_change);
                self.silent_login(link, may_change, now);
            }
            State::Waiting { until, .. } if *until <= now => self.open(),
            State::Session(_) => self.session_timer(now),
            _ => {}
        }
    }

    fn silent_login(&mut self, link: LinkId, may_change: MayChange, now: Instant) {
        self.outbox.push_back(Output::Close(link));
        self.silent_logins += 1;
        if !may_change.0 && self.silent_logins >= self.config.max_silent_logins {
            let attempts = self.silent_logins;
            self.close(Closed::NoReplyToToken { attempts });
        } else {
            self.wait(NotConnected::NoReplyToToken, None, now);
        }
    }

    fn session_timer(&mut self, now: Instant) {
        let State::Session(session) = &mut self.state else {
            return;
        };
        let link = session.link;
        match session.keepalive.check(now) {
            Liveness::Fine => {}
            Liveness::PingDue => self.outbox.push_back(Output::Ping(link)),
            Liveness::Dead => {
                self.outbox.push_back(Output::Close(link));
                self.lost(link, &Lost::Silent(self.config.ping_interval), now);
                return;
            }
        }
        session.check_stall(now);
        self.resubscribe_if_due(now);
        self.expire_sent(now);
        self.send_due = Some(now);
    }

    fn close(&mut self, because: Closed) {
        let old = std::mem::replace(&mut self.state, State::Closed(because.clone()));
        match old {
            State::Closed(first) => {
                self.state = State::Closed(first);
                return;
            }
            State::Session(session) => {
                self.counters.session_ended(session.keepalive.last_heard());
                self.outbox.push_back(Output::Close(session.link));
                self.disconnect_commands(*session, &NotConnected::Lost(because.to_string()));
            }
            State::Opening(link) | State::Login { link, .. } => {
                self.outbox.push_back(Output::Close(link));
            }
            State::Waiting { .. } => {}
        }
        let error = ErrorKind::Closed { because };
        let waiting: Vec<_> = self.queue.drain().collect();
        for command in waiting {
            self.resolve(command, Err(error.clone()));
        }
        for waiter in self.topics.take_waiters() {
            self.outbox
                .push_back(Output::Resolve(waiter, Err(error.clone())));
        }
        self.outbox.push_back(Output::End);
    }
}
