//! Beginning again.

use crate::agenda::Agenda;
use crate::builder::first_world;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::sim::Sim;
use crate::{setup, stop};
use alta_cloud::net::Outgoing;

impl Sim {
    /// Lets the world be as at the start: ends all connections without a close frame, disarms all faults, and replaces groups,
    /// servers, players, users and settings. Tokens that were issued so far may be invalid. The addresses of the services, the
    /// credentials and the ids stay, and so do the port of a self-hosted server and the time of the clock.
    /// [`received`](Self::received) keeps its entries.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if the port of the default server cannot be opened.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, servers can be stopped, and the world is not replaced.
    pub async fn reset(&self) -> Result<(), Error> {
        let env = &self.shared.env;
        env.faults.clear();
        for (server, _) in self.servers() {
            stop::stop_server(&self.shared, server).await;
        }
        let config = &self.shared.config;
        let timeout = config.timeout;
        let openings = self.shared.with(|state, now| {
            let first = first_world(config, now)?;
            state.timeout = timeout;
            let agenda = Agenda::new(config, now);
            state.begin_again(first.world, agenda, config.first_console_port());
            Ok::<_, Error>(first.openings)
        })?;
        // Those that were opened in the meantime, too.
        env.connections.push_all(|_| true, &Outgoing::Cut);
        setup::open(self, &openings)
    }
}
