use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use crate::world::{GameServer, LogLine};
use crate::{console, listen, secret_file, stop};
use alta_cloud::state::ServerInfo;
use serde_json::Value;
use std::path::{Path, PathBuf};

impl Sim {
    /// Adds a server to a group. It is offline.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_server(&self, group: u64, name: &str) -> Result<u64, Error> {
        self.change("adding a server", |state, now| {
            state.world.group_mut(group)?;
            Ok(state.world.add_server(Some(group), name, now))
        })
    }

    /// Adds and starts a self-hosted server. It has only a console, with a constant token and a constant port; REST and the
    /// main websocket do not know it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if no port can be opened.
    pub fn add_self_hosted(&self, name: &str) -> Result<u64, Error> {
        self.add_self_hosted_on(name, 0)
    }

    /// The same, with the console on this port; real servers have 1760. With 0, it is the next port.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Listen`] if the port cannot be opened.
    pub fn add_self_hosted_on(&self, name: &str, port: u16) -> Result<u64, Error> {
        let server = self.shared.with(|state, now| {
            let server = state.world.add_server(None, name, now);
            if port != 0 {
                state.first_ports.insert(server, port);
            }
            server
        });
        self.start_server(server)?;
        Ok(server)
    }

    /// Stops and removes a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub async fn remove_server(&self, server: u64) -> Result<(), Error> {
        self.stop_server(server).await?;
        self.shared.with(|state, now| {
            state.reserved.remove(&server);
            state.world.remove_server(server, now);
        });
        Ok(())
    }

    /// Starts a server: opens the port of its console (a new one for a cloud server) and sends its status to its group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server, [`ErrorKind::Listen`] if the port cannot be opened.
    pub fn start_server(&self, server: u64) -> Result<(), Error> {
        self.change("starting a server", |state, _| {
            state.world.game(server).map(|_| ())
        })?;
        listen::start_server(&self.shared, server)
    }

    /// Stops a server: closes the port of its console, ends its console connections without a close frame, removes its
    /// players without an event, and sends its status to its group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub async fn stop_server(&self, server: u64) -> Result<(), Error> {
        self.change("stopping a server", |state, _| {
            state.world.game(server).map(|_| ())
        })?;
        stop::stop_server(&self.shared, server).await;
        Ok(())
    }

    /// Renames a server and sends `group-server-update`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn rename_server(&self, server: u64, name: &str) -> Result<(), Error> {
        self.change("renaming a server", |state, now| {
            name.clone_into(&mut state.world.server_mut(server)?.name);
            let cloud = &mut state.world.cloud;
            cloud.emit_server("group-server-update", server, now);
            Ok(())
        })
    }

    /// The configuration of a server: fleet, region, version and more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn server_info(&self, server: u64) -> Result<ServerInfo, Error> {
        self.change("reading a server's configuration", |state, _| {
            Ok(state.world.server_mut(server)?.info.clone())
        })
    }

    /// Changes the configuration of a server and sends `group-server-update`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn set_server_info(&self, server: u64, info: ServerInfo) -> Result<(), Error> {
        self.change("changing a server's configuration", |state, now| {
            state.world.server_mut(server)?.info = info;
            let cloud = &mut state.world.cloud;
            cloud.emit_server("group-server-update", server, now);
            Ok(())
        })
    }

    /// Sends a `group-server-heartbeat` of a server.
    pub fn heartbeat(&self, server: u64) {
        self.shared.with(|state, now| {
            let cloud = &mut state.world.cloud;
            cloud.emit_server("group-server-heartbeat", server, now);
        });
    }

    /// Sends a `group-server-status` of a server.
    pub fn status(&self, server: u64) {
        self.shared.with(|state, now| {
            let cloud = &mut state.world.cloud;
            cloud.emit_server("group-server-status", server, now);
        });
    }

    /// Lets a server accept commands without running them, like a server that loads its world.
    pub fn stall_console(&self, server: u64) {
        self.change_game(server, |game| game.stalled = true);
    }

    /// Ends [`Sim::stall_console`]. The server runs the commands that it has accepted, in order, and replies to them.
    pub fn resume_console(&self, server: u64) {
        self.shared.with(|state, now| {
            if let Some(game) = state.world.servers.get_mut(&server) {
                game.stalled = false;
            }
            console::run_waiting(state, &self.shared.env, now, server);
        });
        stop::stop_if_quitting(&self.shared, server);
    }

    /// Runs a console command for the user account, without a connection, even if the server is stalled. Consoles that have
    /// subscribed to `CommandExecuted` get it. Returns the `data` of the reply.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server, [`ErrorKind::NotPossible`] if it is offline. The exception of a command is
    /// not an error.
    pub fn run_command(&self, server: u64, line: &str) -> Result<Value, Error> {
        let doing = "running a command";
        let reply = self.change(doing, |state, now| {
            state.world.game(server)?;
            let user = &self.shared.config.user_account;
            let caller = (user.user_id, user.username.clone());
            let online = state.world.is_online(server);
            Ok(online.then(|| console::run_detached(state, now, server, caller, line)))
        })?;
        stop::stop_if_quitting(&self.shared, server);
        let offline = || Error::new(ErrorKind::NotPossible, doing).detail("the server is offline");
        let reply = reply.ok_or_else(offline)?.to_string();
        // It is JSON.
        Ok(serde_json::from_str(&reply).unwrap_or_default())
    }

    /// Writes a line to the log of a server. Consoles that have subscribed to its level get it as an event.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn log(&self, server: u64, line: &LogLine) -> Result<(), Error> {
        self.change("writing to a log", |state, now| {
            state.world.game(server)?;
            state.world.log(server, line, now);
            Ok(())
        })
    }

    /// Lets a server write a line to its log for each command whose line begins with these words, in any letter case. Several lines
    /// of one command keep their order. They follow the two lines that a server writes for every command, and those of commands
    /// whose only output is the log, such as `player progression list`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn log_for_command(&self, server: u64, words: &str, line: LogLine) -> Result<(), Error> {
        let words = words.to_lowercase();
        self.change("adding a log line of a command", |state, _| {
            state
                .world
                .game_mut(server)?
                .scripted_log
                .push((words, line));
            Ok(())
        })
    }

    /// Removes all subscriptions of a server's consoles, like a server that has just started.
    pub fn forget_console_subscriptions(&self, server: u64) {
        self.shared.with(|state, _| {
            for console in state.consoles.values_mut() {
                if console.server == server {
                    console.session.subscriptions.clear();
                }
            }
        });
    }

    /// Sets whether only the `websocket` commands are registered, like on a server that boots. The reply to all others is
    /// "Command not found".
    pub fn set_booting(&self, server: u64, booting: bool) {
        self.change_game(server, |game| game.booting = booting);
    }

    /// Sets whether a server writes frame types and the results of subscribing as numbers.
    pub fn set_numeric_enums(&self, server: u64, numeric: bool) {
        self.change_game(server, |game| game.numeric_enums = numeric);
    }

    /// Adds a console event to a server, like a mod.
    pub fn offer_console_event(&self, server: u64, event_type: &str) {
        self.change_game(server, |game| game.extra_events.push(event_type.to_owned()));
    }

    /// Removes a console event from a server, like bare self-hosted servers, which have no `PlayerJoined` and `PlayerLeft`:
    /// subscribing yields `NotFound`. Connections that are subscribed stay so.
    pub fn withdraw_console_event(&self, server: u64, event_type: &str) {
        self.change_game(server, |game| {
            game.missing_events.push(event_type.to_owned());
        });
    }

    /// Writes the token of a self-hosted server to `console_token.txt` in a folder, and replaces a file that exists. Only the
    /// owner of the file can read it. Returns the path.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`] if it cannot be written.
    pub fn write_console_token(&self, server: u64, folder: &Path) -> Result<PathBuf, Error> {
        let path = folder.join("console_token.txt");
        let token = self.console_token(server);
        match secret_file::write(&path, &token) {
            Ok(()) => {
                self.shared
                    .with(|state, _| state.token_files.insert(server, path.clone()));
                Ok(path)
            }
            Err(source) => {
                let doing = format!("writing {}", path.display());
                Err(Error::new(ErrorKind::File, doing).because(source))
            }
        }
    }

    fn change_game(&self, server: u64, change: impl FnOnce(&mut GameServer)) {
        self.shared.with(|state, _| {
            if let Some(game) = state.world.servers.get_mut(&server) {
                change(game);
            }
        });
    }
}
