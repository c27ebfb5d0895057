//! The service side of A Township Tale's cloud protocol.
//!
//! The state ([`state::Cloud`]) holds accounts, groups, servers, friends and tokens. [`rest`] serves the token endpoint and REST
//! on it, [`socket`] the main websocket. A program that implements [`Host`] owns the state and the game servers: the simulator
//! `alta-sim` does.
//!
//! Nothing here is shared with the client crates, so an error in a client is not repeated here and becomes visible. Every frame is built from
//! [samples](wire::samples) of the real service.
//!
//! | module | holds | uses |
//! | --- | --- | --- |
//! | [`wire`] | JSON in the order of its keys, samples, times | |
//! | [`net`] | connections, handshakes, the clock, the journal of everything received, faults | `wire` |
//! | [`state`] | the state and its events | `wire`, `net` |
//! | [`store`] | the stored part of the state, in memory or in SQLite | `state`, `net` |
//! | [`Host`] | the program around the service | `state`, `net`, `store` |
//! | [`rest`] | HTTP: the token endpoint and REST | all of these |
//! | [`socket`] | the main websocket | all of these except `rest` |

mod host;
pub mod net;
pub mod rest;
pub mod socket;
pub mod state;
pub mod store;
#[cfg(test)]
mod tests;
pub mod wire;

pub use host::{Host, NoFile};
