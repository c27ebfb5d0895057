//! Misbehaviour on demand.
//!
//! A [`Fault`] waits at a [`Hook`] until something there matches it, and then does its [`Action`] instead of, or along
//! with, what the simulator would have done. Faults are used up; the first armed that matches goes first.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::shared::Shared;

/// Where a fault waits, and what text its pattern is compared with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Hook {
    /// An HTTP request: `METHOD /path?query`.
    Http,
    /// The handshake of the main websocket (no text).
    MainUpgrade,
    /// A request on the main websocket: `METHOD path`, such as `POST migrate`.
    MainRequest,
    /// An event about to be sent on the main websocket: `event/key`.
    MainEvent,
    /// The handshake of a console (no text).
    ConsoleUpgrade,
    /// The token on a console (no text).
    ConsoleToken,
    /// A command on a console: its line.
    ConsoleCommand,
    /// An event about to be sent on a console: its name.
    ConsoleEvent,
}

/// A frame that no well-behaved server sends.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Junk {
    /// A text frame with this text.
    Text(String),
    /// A binary frame.
    Binary(Vec<u8>),
    /// A text frame of that many bytes.
    Oversize(usize),
    /// A text frame that is not UTF-8.
    InvalidUtf8,
}

/// An HTTP answer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// The status.
    pub status: u16,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl HttpAnswer {
    /// An answer without headers and body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a body and its `content-type`.
    #[must_use]
    pub fn body(self, content_type: &str, body: &str) -> Self {
        Self {
            body: body.to_owned(),
            ..self.header("content-type", content_type)
        }
    }

    /// 500 with an HTML page, as a gateway sends it.
    pub fn html_500() -> Self {
        Self::status(500).body(
            "text/html",
            "<html><body><h1>Internal Server Error</h1></body></html>",
        )
    }

    /// 429 with `Retry-After` in seconds.
    pub fn too_many(retry_after: u64) -> Self {
        Self::status(429).header("retry-after", &retry_after.to_string())
    }
}

/// What a fault does.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Nothing is answered or sent; what was asked for is done all the same.
    Drop,
    /// The answer comes that much later; others overtake it.
    Delay(Duration),
    /// The answer, or event, comes twice.
    Twice,
    /// Websockets: the answer, or event, comes in fragments of that many bytes.
    Fragments(usize),
    /// The answer carries this id.
    WrongId(u64),
    /// The answer carries no id.
    NoId,
    /// This comes before the answer or event.
    Before(Junk),
    /// This comes instead of it.
    Instead(Junk),
    /// HTTP and handshakes: this answer instead, and nothing is done. Elsewhere the same as [`Action::Drop`].
    Answer(HttpAnswer),
    /// HTTP: the answer's head and half of its body, then the end of the connection. Elsewhere the same as
    /// [`Action::Cut`].
    Truncate,
    /// The main websocket: what was asked for is not done; the answer has this status and the fixture's error content.
    /// The console: the fixture's exception with this number in its message. HTTP: an error body with this status.
    Refuse(u16),
    /// The websocket is closed with this code and reason; HTTP connections end.
    Close(u16, String),
    /// The connection ends without a close frame.
    Cut,
    /// Websockets: half of the answer's, or event's, frame is sent, then the connection ends. Elsewhere the same as
    /// [`Action::Cut`].
    CutInside,
    /// The connection stays open, but nothing is read from or written to it any more.
    Silence,
}

type Pattern = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// Misbehaviour waiting for its occasion.
#[must_use]
pub struct Fault {
    hook: Hook,
    action: Action,
    server: Option<u64>,
    pattern: Option<Pattern>,
    skip: u32,
    times: u32,
    /// Goes off at every so many-th occasion.
    every: u32,
    seen: u32,
}

impl Fault {
    /// A fault that goes off once, at the first occasion.
    pub fn new(hook: Hook, action: Action) -> Self {
        Self {
            hook,
            action,
            server: None,
            pattern: None,
            skip: 0,
            times: 1,
            every: 1,
            seen: 0,
        }
    }

    /// Only when the hook's text contains this, in any letter case.
    pub fn containing(self, part: &str) -> Self {
        let part = part.to_lowercase();
        self.when(move |text| text.to_lowercase().contains(&part))
    }

    /// Only when the hook's text satisfies this.
    pub fn when(mut self, pattern: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.pattern = Some(Box::new(pattern));
        self
    }

    /// Only on the console of this server.
    pub fn server(mut self, server: u64) -> Self {
        self.server = Some(server);
        self
    }

    /// Lets that many occasions pass first.
    pub fn after(mut self, occasions: u32) -> Self {
        self.skip = occasions;
        self
    }

    /// Goes off that many times.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Goes off at every `n`-th occasion only, beginning with the `n`-th; without end, unless [`Fault::times`] follows.
    pub fn every(mut self, n: u32) -> Self {
        self.every = n.max(1);
        self.times = u32::MAX;
        self
    }

    fn matches(&self, hook: Hook, server: Option<u64>, text: &str) -> bool {
        self.hook == hook
            && (self.server.is_none() || self.server == server)
            && self.pattern.as_ref().is_none_or(|pattern| pattern(text))
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("hook", &self.hook)
            .field("action", &self.action)
            .field("server", &self.server)
            .field("skip", &self.skip)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// The faults of a simulator.
#[derive(Clone)]
pub struct Faults {
    shared: Arc<Shared>,
}

impl Faults {
    pub(crate) fn of(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Arms a fault, behind those armed already.
    pub fn arm(&self, fault: Fault) {
        self.shared.with(|state, _| state.faults.armed.push(fault));
    }

    /// Makes the next migration of the main websocket fail when its token is asked for.
    pub fn fail_migration_token(&self, status: u16) {
        self.arm(Fault::new(Hook::MainRequest, Action::Refuse(status)).containing("GET migrate"));
    }

    /// Makes the next migration of the main websocket fail when the token is redeemed.
    pub fn fail_migration(&self, status: u16) {
        self.arm(Fault::new(Hook::MainRequest, Action::Refuse(status)).containing("POST migrate"));
    }

    /// Disarms everything.
    pub fn clear(&self) {
        self.shared.with(|state, _| state.faults.armed.clear());
    }

    /// How many faults are still armed.
    pub fn armed(&self) -> usize {
        self.shared.with(|state, _| state.faults.armed.len())
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").finish_non_exhaustive()
    }
}

/// The faults armed, in order.
#[derive(Debug, Default)]
pub(crate) struct Armed {
    armed: Vec<Fault>,
}

impl Armed {
    /// The action for this occasion, if any; it is used up.
    pub(crate) fn take(&mut self, hook: Hook, server: Option<u64>, text: &str) -> Option<Action> {
        if self.armed.is_empty() {
            return None;
        }
        let at = self.armed.iter_mut().position(|fault| {
            if !fault.matches(hook, server, text) {
                return false;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                return false;
            }
            fault.seen = (fault.seen + 1) % fault.every;
            fault.times > 0 && fault.seen == 0
        })?;
        let fault = &mut self.armed[at];
        fault.times -= 1;
        let action = fault.action.clone();
        if fault.times == 0 {
            drop(self.armed.remove(at));
        }
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(fault: Fault) -> Armed {
        Armed { armed: vec![fault] }
    }

    #[test]
    fn a_fault_goes_off_at_its_hook_as_often_as_told() {
        let mut faults = armed(
            Fault::new(Hook::ConsoleCommand, Action::Drop)
                .containing("PLAYER list")
                .after(1)
                .times(2),
        );
        assert_eq!(faults.take(Hook::Http, None, "player list"), None);
        assert_eq!(faults.take(Hook::ConsoleCommand, Some(1), "time"), None);
        let seen: Vec<bool> = (0..4)
            .map(|_| {
                faults
                    .take(Hook::ConsoleCommand, Some(1), "player list")
                    .is_some()
            })
            .collect();
        assert_eq!(seen, [false, true, true, false]);
        assert!(faults.armed.is_empty());
    }

    #[test]
    fn a_fault_of_every_third_occasion_goes_off_at_the_third_and_the_sixth() {
        let mut faults = armed(Fault::new(Hook::MainRequest, Action::Drop).every(3));
        let seen: Vec<bool> = (0..7)
            .map(|_| faults.take(Hook::MainRequest, None, "").is_some())
            .collect();
        assert_eq!(seen, [false, false, true, false, false, true, false]);
    }

    #[test]
    fn a_fault_of_one_server_leaves_the_others_alone() {
        let mut faults = armed(Fault::new(Hook::ConsoleToken, Action::Silence).server(7));
        assert_eq!(faults.take(Hook::ConsoleToken, Some(8), ""), None);
        assert_eq!(
            faults.take(Hook::ConsoleToken, Some(7), ""),
            Some(Action::Silence)
        );
    }
}
