use std::io::{ErrorKind, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use socket2::{SockRef, Socket};

/// In the server's process: sends events at a steady rate, each on the next connection. However many connections there are,
/// the client sees the same events at the same moments: a few at a time, as a sleep is never exact, but each on another one.
///
/// A timer's grain of a millisecond would not do: of 20,000 events a second twenty would come at once, and over few
/// connections several of them would be read in one go.
#[derive(Debug, Default)]
pub struct Pacer(Mutex<Vec<Lane>>);

/// A connection and the frames that go over it, by turns.
#[derive(Debug)]
struct Lane {
    tcp: Socket,
    frames: Vec<Vec<u8>>,
    next: usize,
}

impl Pacer {
    /// Lets a connection take part; when this many do, they are sent `rate` events a second in all, for so long.
    pub fn join<C>(
        &self,
        connection: &C,
        frames: Vec<Vec<u8>>,
        connections: usize,
        rate: f64,
        lasting: Duration,
    ) -> std::io::Result<()>
    where
        for<'c> SockRef<'c>: From<&'c C>,
    {
        let tcp = SockRef::from(connection).try_clone()?;
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let next = 0;
        lanes.push(Lane { tcp, frames, next });
        if lanes.len() == connections {
            let lanes = std::mem::take(&mut *lanes);
            std::thread::spawn(move || send(lanes, rate, lasting));
        }
        Ok(())
    }
}

fn send(mut lanes: Vec<Lane>, rate: f64, lasting: Duration) {
    let begin = Instant::now();
    let mut turn = 0;
    for number in 0.. {
        let due = Duration::from_secs_f64(f64::from(number) / rate);
        if due >= lasting || lanes.is_empty() {
            return;
        }
        // What is overdue after a sleep goes over other connections. Spinning would be exact, and take a core from the client.
        std::thread::sleep(due.saturating_sub(begin.elapsed()));
        turn %= lanes.len();
        if lanes[turn].send_next().is_ok() {
            turn += 1;
        } else {
            // The client has closed it.
            lanes.swap_remove(turn);
        }
    }
}

impl Lane {
    fn send_next(&mut self) -> std::io::Result<()> {
        let mut rest = self.frames[self.next].as_slice();
        self.next = (self.next + 1) % self.frames.len();
        while !rest.is_empty() {
            match self.tcp.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
