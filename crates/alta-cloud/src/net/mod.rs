//! Connections: handshakes, queues, limits, the clock, the journal of everything received, and faults.

mod clock;
mod connections;
mod env;
mod faults;
mod gate;
mod handshake;
mod io;
mod journal;
mod limits;
mod link;
mod logins;
mod patience;
mod pump;
mod rate;
mod reading;
mod span;
mod tasks;
mod websocket;

pub use clock::Clock;
pub use connections::{Connections, Sent, SentTo};
pub use env::Env;
pub use faults::{Action, Fault, Faults, Hook, HttpReply, Junk};
pub use gate::Admission;
pub use handshake::{header, headers};
pub use io::{BoxIo, Io};
pub use journal::{ClientAction, HttpRequest, Received, Service};
pub use limits::Limits;
pub use link::{Link, Outgoing};
pub use pump::Reader;
pub(crate) use rate::Count;
pub use rate::Rate;
pub use reading::{Incoming, Reading};
pub use span::Span;
pub use tasks::Tasks;
pub use websocket::serve as serve_websocket;
