//! The control port: HTTP and JSON, with which a test in any language drives the simulator and asks what clients did.
//!
//! `openapi.json` describes it.

mod body;
mod handlers;
mod origin;
mod reply;
mod seen;
mod serve;
#[cfg(test)]
mod tests;
mod view;
mod wait;

use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};

/// The most requests that wait at the same time.
const MOST_WAITS: usize = 256;

/// The state of the control port, which does not keep the simulator running.
#[derive(Clone)]
struct Control {
    sim: Arc<dyn Fn() -> Option<Sim> + Send + Sync>,
    /// The number of the first journal entry after the latest reset.
    first: Arc<AtomicU64>,
    /// Resets happen one after the other.
    resetting: Arc<Mutex<()>>,
    /// The free places for requests that wait.
    waits: Arc<Semaphore>,
    /// The host that clients connect to.
    host: Arc<str>,
}

impl Sim {
    /// Serves the control port, by which a test in any language drives the simulator and asks what clients did, until the simulator
    /// ends. Returns its address. With port 0, it is any free one.
    ///
    /// There is no login: everybody who can reach the address controls the simulator, except web pages of other sites. Requests name
    /// an IP address, `localhost` or the [advertised](crate::Builder::advertise) host as their host.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if the port cannot be opened.
    pub fn serve_control(&self, address: SocketAddr) -> Result<SocketAddr, Error> {
        let failed = |source| {
            Error::new(ErrorKind::Listen, format!("listening on {address}")).because(source)
        };
        let tasks = &self.shared.env.tasks;
        let _runtime = tasks.runtime().enter();
        let listener = StdListener::bind(address).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let listener = TcpListener::from_std(listener).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let control = Control {
            sim: Arc::new(self.downgrade()),
            first: Arc::default(),
            resetting: Arc::default(),
            waits: Arc::new(Semaphore::new(MOST_WAITS)),
            host: self.shared.config.advertised().into(),
        };
        tasks.spawn(serve::accept(listener, control, tasks.clone()));
        Ok(address)
    }
}
