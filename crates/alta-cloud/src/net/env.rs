use super::clock::Clock;
use super::connections::Connections;
use super::faults::{Action, Faults, Hook};
use super::gate::{Admission, Gate, forwarded, is_forwarded_tls};
use super::io::BoxIo;
use super::journal::{ClientAction, Journal, Received, Service};
use super::limits::Limits;
use super::link::{Link, Outgoing};
use super::logins::{Attempt, Logins};
use super::patience::Patience;
use super::tasks::Tasks;
use http::HeaderValue;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};

/// Everything that all connections of a service share, apart from the state that they serve.
#[derive(Debug)]
pub struct Env {
    /// The time of the service.
    pub clock: Clock,
    /// The tasks of the service.
    pub tasks: Tasks,
    /// The faults that are armed.
    pub faults: Faults,
    /// The websocket connections.
    pub connections: Connections,
    /// The limits for clients.
    pub limits: Limits,
    /// The value of the header `x-pytale-service` in every reply.
    service: Option<HeaderValue>,
    /// `true` if the service itself adds TLS to the connections.
    has_tls: bool,
    gate: Arc<Gate>,
    logins: Logins,
    /// The routes of REST, built for the first connection.
    pub(crate) router: OnceLock<axum::Router>,
    journal: Journal,
    version: watch::Sender<u64>,
    /// The number of frames that may wait for one slow client.
    queue: usize,
}

impl Env {
    /// The limits are those of [`Limits::default`].
    ///
    /// `journal`: how many entries are remembered (0: none); `queue`: how many frames may wait for one slow client.
    pub fn new(runtime: Handle, journal: usize, queue: usize) -> Self {
        Self {
            clock: Clock::start(),
            tasks: Tasks::new(runtime),
            faults: Faults::default(),
            connections: Connections::default(),
            limits: Limits::default(),
            service: None,
            has_tls: false,
            gate: Arc::default(),
            logins: Logins::default(),
            router: OnceLock::new(),
            journal: Journal::new(journal),
            version: watch::Sender::new(0),
            queue,
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The same with this text in the header `x-pytale-service` of every reply, so that everyone sees which service replies.
    /// The text is ASCII; another one is ignored.
    #[must_use]
    pub fn with_service(self, name: &str) -> Self {
        Self {
            service: HeaderValue::from_str(name).ok(),
            ..self
        }
    }

    /// The same for connections with TLS, or without: it is in the addresses that REST tells.
    #[must_use]
    pub fn with_tls(self, has_tls: bool) -> Self {
        Self { has_tls, ..self }
    }

    /// The scheme of REST's address, as a client sees it that has sent a request with these headers.
    pub(crate) fn scheme(&self, headers: &[(String, String)]) -> &'static str {
        if self.has_tls || (self.limits.behind_proxy && is_forwarded_tls(headers)) {
            "https"
        } else {
            "http"
        }
    }

    /// Adds the name of the service to the headers of a reply.
    pub fn sign(&self, headers: &mut http::HeaderMap) {
        if let Some(service) = &self.service {
            headers.insert("x-pytale-service", service.clone());
        }
    }

    /// Counts a connection. To be called for every accepted one, before TLS; `peer` is its address, if it has one. `None` if
    /// there are too many, so that it must be closed.
    pub fn admit(&self, peer: Option<IpAddr>) -> Option<Admission> {
        self.gate.admit(&self.limits, peer)
    }

    /// The address of the client that has sent a request with these headers.
    pub fn client(&self, admission: &Admission, headers: &[(String, String)]) -> Option<IpAddr> {
        let forwarded = forwarded(headers).filter(|_| self.limits.behind_proxy);
        forwarded.or_else(|| admission.peer())
    }

    /// Counts an attempt to log in. The error is the time to wait for the next one.
    pub(crate) fn log_in(
        &self,
        client: Option<IpAddr>,
        accounts: &[String],
    ) -> Result<Attempt, Duration> {
        let now = self.clock.elapsed();
        self.logins.attempt(&self.limits, client, accounts, now)
    }

    /// Does not count an attempt that has succeeded.
    pub(crate) fn logged_in(&self, attempt: &Attempt) {
        self.logins.succeeded(attempt, self.clock.elapsed());
    }

    /// The stream, on which writes fail when the client reads too slowly.
    pub(crate) fn guarded(&self, io: BoxIo) -> BoxIo {
        match self.limits.write_timeout {
            Some(limit) => Box::new(Patience::new(io, limit)),
            None => io,
        }
    }

    /// Returns whether the journal remembers entries.
    pub fn records(&self) -> bool {
        self.journal.is_on()
    }

    /// Adds an entry to the journal.
    pub fn record(&self, service: Service, connection: u64, action: ClientAction) {
        let at = self.clock.elapsed();
        self.journal.add(at, service, connection, action);
        self.touch();
    }

    /// All entries of the journal, oldest first.
    pub fn received(&self) -> Arc<Vec<Received>> {
        self.journal.entries()
    }

    /// Takes the fault that matches this operation, if one is armed.
    pub fn fault(&self, hook: Hook, server: Option<u64>, text: &str) -> Option<Action> {
        let action = self.faults.take(hook, server, text);
        if action.is_some() {
            self.touch();
        }
        action
    }

    /// Wakes all waiters for a change.
    pub fn touch(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    /// Changes whenever [`touch`](Self::touch) is called.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    pub(super) fn link(&self, id: u64) -> (Link, mpsc::Receiver<Outgoing>) {
        Link::new(id, self.queue, self.tasks.clone(), self.clock.clone())
    }
}
