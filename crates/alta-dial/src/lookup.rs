//! Name lookups on their own threads: one at a time for a name, and a slow one delays no other.

use crate::recent::Recent;
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fmt, io, thread};
use tokio::sync::watch;

/// The most concurrent lookups, except for slow ones. A bot has far fewer consoles on different machines.
const AT_ONCE: usize = 128;

/// A lookup that takes longer is slow: it continues, and others may begin.
const SLOW: Duration = Duration::from_millis(200);

/// The most threads of lookups, with the slow ones.
const THREADS: usize = 1_024;

/// The most threads for names that were slow the last time.
const SLOW_THREADS: usize = 256;

/// The time during which a result is used without another lookup: a thousand consoles on one host connect at once.
const FRESH: Duration = Duration::from_secs(5);

/// When a lookup takes longer, the last result is used if it is younger than [`STALE`].
const STALE_AFTER: Duration = Duration::from_millis(500);
const STALE: Duration = Duration::from_secs(3_600);

/// The most names with a cached result.
const MAX_NAMES: usize = 1_024;

/// Enough for the lookup functions of C libraries.
const STACK: usize = 256 * 1024;

type Lookup = dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync;

/// The result of a lookup, shared by all callers that wait for it.
type Found = Result<Arc<[IpAddr]>, Arc<io::Error>>;

/// Resolves names with the operating system or with a function. Cheap to clone; the clones share the cache.
///
/// Concurrent callers for one name share one lookup. A slow lookup delays no other, and if a new lookup takes long, the last
/// result is returned.
#[derive(Clone)]
pub struct Resolver(Arc<Shared>);

struct Shared {
    look_up: Box<Lookup>,
    state: Mutex<State>,
    recent: Recent,
}

#[derive(Default)]
struct State {
    names: HashMap<Arc<str>, Name>,
    queue: VecDeque<Arc<str>>,
    /// The number of running lookups that are not slow.
    running: usize,
    threads: usize,
    slow_threads: usize,
}

#[derive(Default)]
struct Name {
    last: Option<(Arc<[IpAddr]>, Instant)>,
    was_slow: bool,
    flight: Option<Flight>,
}

/// A queued or running lookup.
struct Flight {
    result: watch::Sender<Option<Found>>,
    /// The start of its thread, if it has one.
    since: Option<Instant>,
    is_slow: bool,
}

impl Resolver {
    /// Resolves names with this function. It may block, because it runs on separate threads.
    pub fn new(look_up: impl Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Shared {
            look_up: Box::new(look_up),
            state: Mutex::default(),
            recent: Recent::default(),
        }))
    }

    /// The recent connections of all users of this resolver: a console makes a new connector for each attempt.
    pub(crate) fn recent(&self) -> &Recent {
        &self.0.recent
    }

    /// The resolver of the operating system, shared by the process.
    pub fn system() -> Self {
        static SYSTEM: LazyLock<Resolver> = LazyLock::new(|| Resolver::new(system));
        SYSTEM.clone()
    }

    /// The addresses of a host, best first. An IP address and `localhost` need no lookup.
    ///
    /// # Errors
    ///
    /// Fails if the lookup fails or finds no address.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the lookup continues for other callers and fills the cache.
    pub async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if let Some(known) = literal(host) {
            return Ok(known);
        }
        let (mut result, last) = match self.0.begin(host) {
            Begun::Known(addresses) => return Ok(addresses.to_vec()),
            Begun::Flight { result, last } => (result, last),
        };
        let asked = Instant::now();
        let finished = loop {
            let change = result.wait_for(Option::is_some);
            match tokio::time::timeout(SLOW, change).await {
                Ok(Ok(finished)) => break finished.clone(),
                // The thread panicked.
                Ok(Err(_)) => break None,
                // A waiting caller marks slow lookups, so that others can begin.
                Err(_) => self.0.admit(),
            }
            if let Some(last) = &last
                && asked.elapsed() >= STALE_AFTER
            {
                return Ok(last.to_vec());
            }
        };
        match finished {
            Some(Ok(addresses)) => Ok(addresses.to_vec()),
            Some(Err(error)) => Err(io::Error::new(error.kind(), error.to_string())),
            None => Err(io::Error::other("the lookup panicked")),
        }
    }
}

/// The addresses of a host that needs no lookup.
fn literal(host: &str) -> Option<Vec<IpAddr>> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    if let Ok(ip) = bare.parse() {
        return Some(vec![ip]);
    }
    let is_local = host.trim_end_matches('.').eq_ignore_ascii_case("localhost");
    is_local.then(|| vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
}

/// Resolves a name with the operating system.
fn system(host: &str) -> io::Result<Vec<IpAddr>> {
    let found = (host, 0).to_socket_addrs()?;
    Ok(found.map(|address: SocketAddr| address.ip()).collect())
}

enum Begun {
    Known(Arc<[IpAddr]>),
    Flight {
        result: watch::Receiver<Option<Found>>,
        last: Option<Arc<[IpAddr]>>,
    },
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // No code panics while it holds the lock, and every state is valid.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins the running lookup of a name, or queues one.
    fn begin(self: &Arc<Self>, host: &str) -> Begun {
        let mut state = self.state();
        state.forget();
        let host: Arc<str> = host.to_ascii_lowercase().into();
        let name = state.names.entry(Arc::clone(&host)).or_default();
        let age = |(_, since): &(_, Instant)| since.elapsed();
        if let Some((addresses, _)) = name.last.as_ref().filter(|last| age(last) < FRESH) {
            return Begun::Known(Arc::clone(addresses));
        }
        let last = name.last.as_ref().filter(|last| age(last) < STALE);
        let last = last.map(|(addresses, _)| Arc::clone(addresses));
        let result = if let Some(flight) = &name.flight {
            flight.result.subscribe()
        } else {
            let (sender, result) = watch::channel(None);
            name.flight = Some(Flight {
                result: sender,
                since: None,
                is_slow: false,
            });
            state.queue.push_back(host);
            result
        };
        self.start(&mut state);
        Begun::Flight { result, last }
    }

    /// Marks slow lookups and starts queued ones.
    fn admit(self: &Arc<Self>) {
        let mut state = self.state();
        state.mark_slow();
        self.start(&mut state);
    }

    /// Starts queued lookups in order, as far as the limits allow.
    fn start(self: &Arc<Self>, state: &mut State) {
        while let Some(host) = state.next() {
            let shared = Arc::clone(self);
            let name = Arc::clone(&host);
            let started = thread::Builder::new()
                .name("lookup".to_owned())
                .stack_size(STACK)
                .spawn(move || {
                    let mut end = End {
                        shared: &shared,
                        host: &name,
                        result: None,
                    };
                    let found = (shared.look_up)(&name).and_then(|addresses| {
                        let none =
                            io::Error::new(io::ErrorKind::NotFound, "the name has no address");
                        (!addresses.is_empty()).then_some(addresses).ok_or(none)
                    });
                    end.result = Some(found);
                });
            if let Err(error) = started {
                state.end(&host, Some(Err(error)));
            }
        }
    }
}

/// Notifies the waiting callers when the thread ends, also by a panic.
struct End<'a> {
    shared: &'a Arc<Shared>,
    host: &'a str,
    result: Option<io::Result<Vec<IpAddr>>>,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.end(self.host, self.result.take());
        self.shared.start(&mut state);
    }
}

impl State {
    /// The next lookup that may begin.
    fn next(&mut self) -> Option<Arc<str>> {
        let mut skipped = 0;
        while self.running < AT_ONCE && self.threads < THREADS && skipped < self.queue.len() {
            let host = self.queue.pop_front()?;
            let Some(name) = self.names.get_mut(&host) else {
                continue;
            };
            let Some(flight) = &mut name.flight else {
                continue;
            };
            if flight.result.receiver_count() == 0 {
                // No caller waits for it anymore.
                name.flight = None;
                continue;
            }
            if name.was_slow && self.slow_threads >= SLOW_THREADS {
                self.queue.push_back(host);
                skipped += 1;
                continue;
            }
            flight.since = Some(Instant::now());
            self.running += 1;
            self.threads += 1;
            self.slow_threads += usize::from(name.was_slow);
            return Some(host);
        }
        None
    }

    fn mark_slow(&mut self) {
        for flight in self
            .names
            .values_mut()
            .filter_map(|name| name.flight.as_mut())
        {
            let is_slow = flight.since.is_some_and(|since| since.elapsed() >= SLOW);
            if is_slow && !flight.is_slow {
                flight.is_slow = true;
                self.running -= 1;
            }
        }
    }

    /// Records the end of a lookup.
    fn end(&mut self, host: &str, result: Option<io::Result<Vec<IpAddr>>>) {
        let Some(name) = self.names.get_mut(host) else {
            return;
        };
        let Some(flight) = name.flight.take() else {
            return;
        };
        self.threads -= 1;
        self.running -= usize::from(!flight.is_slow);
        self.slow_threads -= usize::from(name.was_slow);
        name.was_slow = flight.since.is_some_and(|since| since.elapsed() >= SLOW);
        let result = result.map(|result| match result {
            Ok(addresses) => Ok(Arc::from(addresses)),
            Err(error) => Err(Arc::new(error)),
        });
        if let Some(Ok(addresses)) = &result {
            name.last = Some((Arc::clone(addresses), Instant::now()));
        }
        // Without a result, dropping the sender notifies the receivers.
        if result.is_some() {
            flight.result.send_replace(result);
        }
    }

    /// Removes old names from the cache if it is full.
    fn forget(&mut self) {
        if self.names.len() < MAX_NAMES {
            return;
        }
        let idle = |name: &Name| name.flight.is_none();
        self.names.retain(|_, name| {
            !idle(name) || name.last.as_ref().is_some_and(|l| l.1.elapsed() < STALE)
        });
        if self.names.len() >= MAX_NAMES {
            let oldest = self
                .names
                .iter()
                .filter(|(_, name)| idle(name))
                .min_by_key(|(_, name)| name.last.as_ref().map(|last| last.1))
                .map(|(host, _)| Arc::clone(host));
            oldest.map(|host| self.names.remove(&host));
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
