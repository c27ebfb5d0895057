//! Sends events at a steady rate, each over the next connection. However many connections there are, the client sees the same
//! events at the same moments.
//!
//! A timer has a resolution of a millisecond: of 20,000 events a second twenty would come at once, and over few connections one
//! call would read several of them.

use super::frames::Frames;
use socket2::{SockRef, Socket};
use std::io::{self, ErrorKind, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

/// A connection that takes part, and its events.
pub(super) struct Paced {
    /// `None` if the system has no more sockets: then it takes no part.
    tcp: Option<Socket>,
    events: Vec<Arc<Frames>>,
}

impl Paced {
    pub(super) fn new(tcp: &TcpStream) -> Self {
        Self {
            tcp: SockRef::from(tcp).try_clone().ok(),
            events: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, events: Arc<Frames>) {
        self.events.push(events);
    }

    /// A copy for the thread of one run.
    pub(super) fn sender(&self) -> Sender {
        Sender {
            tcp: self.tcp.as_ref().and_then(|tcp| tcp.try_clone().ok()),
            events: self.events.clone(),
            sent: 0,
        }
    }
}

pub(super) struct Sender {
    tcp: Option<Socket>,
    events: Vec<Arc<Frames>>,
    sent: usize,
}

/// Sends in a thread of its own.
pub(super) fn start(connections: Vec<Sender>, rate: f64, lasting: Duration) {
    std::thread::spawn(move || send(connections, rate, lasting));
}

fn send(mut connections: Vec<Sender>, rate: f64, lasting: Duration) {
    let begin = Instant::now();
    let mut turn = 0;
    for number in 0.. {
        let due = Duration::from_secs_f64(f64::from(number) / rate);
        if due >= lasting || connections.is_empty() {
            return;
        }
        // Events that are overdue after a sleep go over other connections. Busy-waiting would be exact, and would occupy a core
        // that the client needs.
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
        turn %= connections.len();
        if connections[turn].send_next().is_ok() {
            turn += 1;
        } else {
            // The client has closed the connection.
            connections.swap_remove(turn);
        }
    }
}

impl Sender {
    fn send_next(&mut self) -> io::Result<()> {
        let tcp = self.tcp.as_mut().ok_or(ErrorKind::NotConnected)?;
        // One event of each subscription, then the next of each.
        let events = &self.events[self.sent % self.events.len()];
        let mut rest = events.frame(self.sent / self.events.len() % events.len());
        self.sent += 1;
        while !rest.is_empty() {
            match tcp.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
