//! A server and a driver in one, with only the behavior that the machine can see.

use crate::config::WhenNotReady;
use crate::machine::*;
use alta_socket::Machine as _;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Weak;
use std::time::SystemTime;

/// The id of a waiter; the world knows whether it is gone.
pub(super) type Ticket = u32;

/// A waiter.
#[derive(Debug)]
pub(super) struct Waits(Ticket);

impl Waiter for Waits {
    fn is_gone(&self) -> bool {
        false
    }
}

pub(super) struct World {
    pub(super) machine: Machine<Waits>,
    pub(super) now: Instant,
    pub(super) link: Option<LinkId>,
    pub(super) authenticated: bool,
    /// True while the driver waits for a changed access.
    pub(super) awaits_change: bool,
    /// Frames in the link that are not sent yet.
    pub(super) queued: Vec<(u32, String, Option<Weak<String>>)>,
    /// Requests that the server has received without a reply so far.
    pub(super) received: Vec<(u32, String)>,
    /// The subscriptions that the server holds for the present connection.
    pub(super) held: BTreeSet<String>,
    pub(super) wanted: BTreeSet<String>,
    /// The lines of callers that are not gone.
    pub(super) owners: HashMap<Ticket, Arc<String>>,
    pub(super) outcomes: BTreeMap<Ticket, Vec<Result<(), ErrorKind>>>,
    /// The lines that reached the server, and how many times.
    pub(super) ran: HashMap<String, u32>,
    /// The waiters for a confirmation of a subscription that was wanted without interruption.
    pub(super) confirms: BTreeMap<Ticket, String>,
    /// The beginning of the present session.
    pub(super) since: Instant,
    /// The time of the last frame on the present link.
    pub(super) heard: Instant,
    pub(super) gaps: u32,
    pub(super) ended: bool,
    pub(super) next_ticket: Ticket,
}

impl World {
    pub(super) fn new(config: Config) -> Self {
        let mut world = Self {
            machine: Machine::new(
                Arc::new(config),
                Arc::new(Counters::default()),
                Redactor::new(),
                7,
            ),
            now: Instant::now(),
            since: Instant::now(),
            confirms: BTreeMap::new(),
            link: None,
            authenticated: false,
            awaits_change: false,
            queued: Vec::new(),
            received: Vec::new(),
            held: BTreeSet::new(),
            wanted: BTreeSet::new(),
            owners: HashMap::new(),
            outcomes: BTreeMap::new(),
            ran: HashMap::new(),
            heard: Instant::now(),
            gaps: 0,
            ended: false,
            next_ticket: 0,
        };
        world.perform();
        world
    }

    pub(super) fn give(&mut self, input: Input<Waits>) {
        self.machine.handle(input, self.now);
        self.perform();
    }

    pub(super) fn perform(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Open(link) => {
                    assert!(self.link.is_none(), "never two links");
                    self.link = Some(link);
                    self.authenticated = false;
                    self.awaits_change = false;
                }
                Output::AwaitChange => {
                    assert!(!self.awaits_change && self.link.is_none());
                    self.awaits_change = true;
                }
                Output::Authenticate(link) => {
                    assert_eq!(self.link, Some(link));
                    self.authenticated = true;
                }
                Output::Send {
                    link,
                    id,
                    line,
                    owner,
                } => {
                    assert_eq!(self.link, Some(link), "nothing is sent on a closed link");
                    assert!(self.authenticated, "nothing is sent before the token");
                    assert!(
                        !self.received.iter().any(|(open, _)| *open == id)
                            && !self.queued.iter().any(|(open, ..)| *open == id),
                        "an id is not used again while its reply can arrive"
                    );
                    self.queued.push((id, line.to_string(), owner));
                }
                Output::Recall(link, id) => {
                    assert_eq!(self.link, Some(link));
                    let before = self.queued.len();
                    self.queued.retain(|(queued, ..)| *queued != id);
                    let input = if self.queued.len() < before {
                        Input::Skipped
                    } else {
                        Input::NotRecalled
                    };
                    self.machine.handle(input(link, id), self.now);
                }
                Output::Ping(link) => assert_eq!(self.link, Some(link)),
                Output::Close(link) => {
                    if self.link == Some(link) {
                        self.forget_link();
                    }
                }
                Output::Resolve(Waits(ticket), outcome) => {
                    self.outcomes
                        .entry(ticket)
                        .or_default()
                        .push(outcome.map(|_| ()));
                }
                Output::Interrupted(_, since) => {
                    assert_eq!(since, self.heard, "since the last frame");
                }
                Output::Doubted(_) | Output::Refused(_) | Output::DeliverToAll(_) => {}
                Output::Confirmed(_, gap) => {
                    if let Some((since, until)) = gap {
                        assert!(since <= until);
                        self.gaps += 1;
                    }
                }
                Output::End => self.ended = true,
            }
        }
    }

    pub(super) fn forget_link(&mut self) {
        self.link = None;
        self.authenticated = false;
        self.queued.clear();
        self.received.clear();
        self.held.clear();
    }

    pub(super) fn open(&mut self, may_change: bool) {
        if let Some(link) = self.link
            && !self.authenticated
        {
            self.give(Input::Opened(link, MayChange(may_change)));
        }
    }

    pub(super) fn accept(&mut self) {
        if !self.machine.state().is_connected() {
            self.since = self.now;
        }
        self.frame(r#"{"type":"SystemMessage","eventType":"InfoLog","data":"Connection Succeeded, Authenticated as: 0 - Server"}"#);
    }

    pub(super) fn ready(&mut self) {
        self.open(false);
        self.accept();
    }

    pub(super) fn frame(&mut self, text: &str) {
        if let Some(link) = self.link {
            self.heard = self.now;
            let mut frame = Frame::read(text.into(), SystemTime::now()).unwrap();
            if matches!(frame.kind, Kind::Event(_)) {
                assert_eq!(
                    self.machine.event(link, &mut frame, self.now),
                    self.machine.state().is_connected()
                );
            } else {
                self.give(Input::Frame(link, frame));
            }
        }
    }

    pub(super) fn lose(&mut self) {
        if let Some(link) = self.link {
            let was_open = self.authenticated;
            self.forget_link();
            let input = if was_open {
                Input::Lost(link, Lost::Broken(None))
            } else {
                let because = NotConnected::Unreachable("refused".to_owned());
                Input::Failed(
                    link,
                    Failure::NotConnected {
                        because,
                        retry_after: None,
                    },
                )
            };
            self.give(input);
        }
    }

    /// The socket takes the next frame, unless its owner is gone.
    pub(super) fn write_one(&mut self) {
        let Some(link) = self.link else { return };
        if self.queued.is_empty() {
            return;
        }
        let (id, line, owner) = self.queued.remove(0);
        if owner.is_some_and(|owner| owner.strong_count() == 0) {
            self.give(Input::Skipped(link, id));
            return;
        }
        *self.ran.entry(line.clone()).or_default() += 1;
        self.received.push((id, line));
        self.give(Input::Written(link, id));
    }

    /// Replies to one of the requests, or fails it.
    pub(super) fn reply_or_fail(&mut self, index: usize, fails: bool) {
        if self.received.is_empty() {
            return;
        }
        let mut index = index % self.received.len();
        if let Some(("websocket", about)) = self.received[index].1.split_once(' ')
            && let Some((_, name)) = about.split_once(' ')
        {
            // Requests about one event run in their order, but their replies can have another.
            let of_name = |line: &str| line.starts_with("websocket") && line.ends_with(name);
            let first = self.received.iter().position(|(_, line)| of_name(line));
            index = first.unwrap_or(index);
        }
        let (id, line) = self.received.remove(index);
        let result = match line.split(' ').collect::<Vec<_>>()[..] {
            _ if fails => r#""Exception":{"Message":"not now"}"#,
            ["websocket", "subscribe", name] => {
                if self.held.insert(name.to_owned()) {
                    r#""Result":"Success""#
                } else {
                    r#""Result":"Unchanged""#
                }
            }
            ["websocket", "unsubscribe", name] => {
                if self.held.remove(name) {
                    r#""Result":"Success""#
                } else {
                    r#""Result":"Unchanged""#
                }
            }
            _ => r#""Result":1"#,
        };
        self.frame(&format!(
            r#"{{"type":"CommandResult","data":{{{result}}},"commandId":{id}}}"#
        ));
    }

    pub(super) fn reply(&mut self, index: usize) {
        self.reply_or_fail(index, false);
    }

    /// A caller subscribes and waits.
    pub(super) fn confirm(&mut self, name: &str) {
        if self.wanted.contains(name) {
            let ticket = self.next_ticket;
            self.next_ticket += 1;
            self.confirms.insert(ticket, name.to_owned());
            self.give(Input::Confirm(name.into(), Waits(ticket)));
        }
    }

    /// The server has just started and loses its subscriptions, as servers do; so they are requested again for a while.
    pub(super) fn forget_subscriptions(&mut self) {
        if self.now.saturating_duration_since(self.since) < Duration::from_secs(30) {
            self.held.clear();
        }
    }

    /// The number of commands in flight.
    pub(super) fn open_commands(&self) -> usize {
        let queued = self.queued.iter().map(|(_, line, _)| line);
        let lines = queued.chain(self.received.iter().map(|(_, line)| line));
        let tickets = lines.filter_map(|line| line.strip_prefix("command ")?.parse().ok());
        tickets
            .filter(|ticket: &Ticket| !self.outcomes.contains_key(ticket))
            .count()
    }

    pub(super) fn command(&mut self, seconds: u64, fail: bool) -> Ticket {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let line = Arc::new(format!("command {ticket}"));
        let timeout = Duration::from_secs(seconds);
        let command = PendingCommand {
            line: Arc::downgrade(&line),
            timeout,
            deadline: self.now + timeout,
            when_not_ready: if fail {
                WhenNotReady::Fail
            } else {
                WhenNotReady::Wait
            },
            span: tracing::Span::none(),
            reply: Waits(ticket),
        };
        self.owners.insert(ticket, line);
        // As callers wait for capacity outside of the machine.
        let open = self
            .owners
            .keys()
            .filter(|open| !self.outcomes.contains_key(open))
            .count();
        if open <= self.machine.config.max_pending {
            self.give(Input::Command(Box::new(command)));
        } else {
            self.owners.remove(&ticket);
        }
        ticket
    }

    pub(super) fn want(&mut self, name: &str, wanted: bool) {
        if wanted {
            self.wanted.insert(name.to_owned())
        } else {
            // The waiters for it are gone with the last stream.
            self.confirms.retain(|_, waited| waited != name);
            self.wanted.remove(name)
        };
        self.give(Input::Wanted(name.into(), wanted));
    }

    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut rounds = 0;
        while let Some(deadline) = self.machine.deadline()
            && deadline <= end
        {
            self.now = deadline.max(self.now);
            self.give(Input::Timer);
            // A reachable server replies to pings.
            if let Some(link) = self.link {
                self.heard = self.now;
                self.give(Input::Heard(link));
            }
            rounds += 1;
            assert!(rounds < 10_000, "a timer that is always due");
        }
        self.now = end;
    }

    pub(super) fn settle(&mut self) {
        for _ in 0..200 {
            self.ready();
            while !self.queued.is_empty() {
                self.write_one();
            }
            while !self.received.is_empty() {
                self.reply(0);
            }
            self.pass(Duration::from_millis(700));
        }
    }

    pub(super) fn the_outcome(&self, ticket: Ticket) -> &Result<(), ErrorKind> {
        let outcomes = &self.outcomes[&ticket];
        assert_eq!(outcomes.len(), 1, "exactly one end");
        &outcomes[0]
    }
}
