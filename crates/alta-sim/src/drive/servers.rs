//! Driving servers.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::game::answer;
use crate::listen;
use crate::secret_file;
use crate::sim::Sim;
use crate::world::ServerInfo;

impl Sim {
    /// Makes a server of a group, offline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_server(&self, group: u64, name: &str) -> Result<u64, Error> {
        self.change("adding a server", |state, now| {
            state
                .world
                .groups
                .contains_key(&group)
                .then(|| state.world.add_server(Some(group), name, now))
        })
    }

    /// Makes a self-hosted server and puts it online: a console alone, unknown to REST and the main websocket, with
    /// a constant token and a port that it keeps.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if no port can be opened.
    pub fn add_self_hosted(&self, name: &str) -> Result<u64, Error> {
        let server = self
            .shared
            .with(|state, now| state.world.add_server(None, name, now));
        self.start_server(server)?;
        Ok(server)
    }

    /// Removes a server for good; its consoles end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub async fn remove_server(&self, server: u64) -> Result<(), Error> {
        self.stop_server(server).await?;
        self.shared
            .with(|state, now| state.world.remove_server(server, now));
        Ok(())
    }

    /// Puts a server online: opens its console's port (a new one for a cloud server), and says so to its group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server, [`ErrorKind::Listen`] if the port cannot be opened.
    pub fn start_server(&self, server: u64) -> Result<(), Error> {
        self.change("starting a server", |state, _| {
            state.world.servers.contains_key(&server).then_some(())
        })?;
        listen::start_server(&self.shared, server)
    }

    /// Puts a server offline: its port closes, its consoles end without a close frame, its players are gone without
    /// a word, and its group is told.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub async fn stop_server(&self, server: u64) -> Result<(), Error> {
        let port = self.change("stopping a server", |state, _| {
            state.world.servers.get(&server)?;
            Some(state.listening.remove(&server))
        })?;
        if let Some(port) = port {
            port.close().await;
        }
        self.drop_consoles(server);
        self.shared
            .with(|state, now| state.world.set_online(server, false, now));
        Ok(())
    }

    /// Renames a server and says so (`group-server-update`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn rename_server(&self, server: u64, name: &str) -> Result<(), Error> {
        self.change("renaming a server", |state, now| {
            name.clone_into(&mut state.world.servers.get_mut(&server)?.name);
            state.world.tell_server("group-server-update", server, now);
            Some(())
        })
    }

    /// What a server is: fleet, region, version and the like.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn server_info(&self, server: u64) -> Result<ServerInfo, Error> {
        self.change("reading what a server is", |state, _| {
            Some(state.world.servers.get(&server)?.info.clone())
        })
    }

    /// Changes what a server is, and says so (`group-server-update`).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn set_server_info(&self, server: u64, info: ServerInfo) -> Result<(), Error> {
        self.change("changing what a server is", |state, now| {
            state.world.servers.get_mut(&server)?.info = info;
            state.world.tell_server("group-server-update", server, now);
            Some(())
        })
    }

    /// Sends a `group-server-heartbeat` of a server now.
    pub fn heartbeat(&self, server: u64) {
        self.shared.with(|state, now| {
            state
                .world
                .tell_server("group-server-heartbeat", server, now);
        });
    }

    /// Sends a `group-server-status` of a server now.
    pub fn status(&self, server: u64) {
        self.shared
            .with(|state, now| state.world.tell_server("group-server-status", server, now));
    }

    /// Lets a server take commands without running any, as one does that loads its world.
    pub fn stall_console(&self, server: u64) {
        self.shared.with(|state, _| {
            if let Some(server) = state.world.servers.get_mut(&server) {
                server.stalled = true;
            }
        });
    }

    /// Ends [`Sim::stall_console`]: everything kept is run in order and answered.
    pub fn resume_console(&self, server: u64) {
        self.shared.with(|state, now| {
            if let Some(server) = state.world.servers.get_mut(&server) {
                server.stalled = false;
            }
            answer::run_kept(state, &self.shared, now, server);
        });
    }

    /// Lets a server forget what its consoles are subscribed to, as one may do that has just started.
    pub fn forget_console_subscriptions(&self, server: u64) {
        self.shared.with(|state, _| {
            for console in state.consoles.values_mut() {
                if console.server == server {
                    console.session.subscriptions.clear();
                }
            }
        });
    }

    /// While on, only the `websocket` commands are registered; all others are answered "Command not found", as by a
    /// server that boots.
    pub fn set_booting(&self, server: u64, booting: bool) {
        self.shared.with(|state, _| {
            if let Some(server) = state.world.servers.get_mut(&server) {
                server.booting = booting;
            }
        });
    }

    /// Whether a server writes frame types and subscription results as numbers.
    pub fn set_numeric_enums(&self, server: u64, numeric: bool) {
        self.shared.with(|state, _| {
            if let Some(server) = state.world.servers.get_mut(&server) {
                server.numeric_enums = numeric;
            }
        });
    }

    /// Lets a server know a console event beyond the 23 stock ones, as with a mod.
    pub fn offer_console_event(&self, server: u64, event_type: &str) {
        self.shared.with(|state, _| {
            if let Some(server) = state.world.servers.get_mut(&server) {
                server.offered_events.push(event_type.to_owned());
            }
        });
    }

    /// Writes the token of a self-hosted server to `console_token.txt` in a folder, readable by its owner alone, in place of a
    /// file that may be there. Returns the path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`] if it cannot be written.
    pub fn write_console_token(&self, server: u64, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join("console_token.txt");
        let token = self.console_token(server);
        match secret_file::write(&path, &token) {
            Ok(()) => Ok(path),
            Err(source) => {
                let doing = format!("writing {}", path.display());
                Err(Error::new(ErrorKind::File, doing).because(source))
            }
        }
    }
}
