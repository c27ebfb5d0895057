//! Driving the world: everything a test can make happen.

use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::game::answer;
use crate::journal::Service;
use crate::json::Node;
use crate::link::Outgoing;
use crate::listen;
use crate::shared::State;
use crate::sim::Sim;
use crate::world::{ITEMS, Item, Standing};

impl Sim {
    /// Makes a group owned by the user account. The bot has nothing to do with it yet.
    pub fn add_group(&self, name: &str) -> u64 {
        self.shared.with(|state, now| {
            let owner = state.accounts.user.user_id;
            state.world.add_group(name, owner, now)
        })
    }

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

    /// Whether after a migration the old main websocket still gets the events too.
    pub fn set_migration_overlap(&self, overlap: bool) {
        self.shared
            .with(|state, _| state.migration_overlap = overlap);
    }

    /// Writes the token of a self-hosted server to `console_token.txt` in a folder.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`] if it cannot be written.
    pub fn write_console_token(&self, server: u64, folder: &Path) -> Result<(), Error> {
        let path = folder.join("console_token.txt");
        std::fs::write(&path, self.console_token(server)).map_err(|source| {
            Error::new(ErrorKind::File, format!("writing {}", path.display())).because(source)
        })
    }

    /// Ends every main websocket without a close frame.
    pub fn drop_main_sockets(&self) {
        self.end_all(|service| service == Service::MainSocket, &Outgoing::Cut);
    }

    /// Closes every main websocket with a code.
    pub fn close_main_sockets(&self, code: u16, reason: &str) {
        self.end_all(
            |service| service == Service::MainSocket,
            &Outgoing::Close(code, reason.to_owned()),
        );
    }

    /// Ends every connection to a server's console without a close frame. What was sent before still arrives.
    pub fn drop_consoles(&self, server: u64) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Cut,
        );
    }

    /// Closes every connection to a server's console with a code.
    pub fn close_consoles(&self, server: u64, code: u16, reason: &str) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Close(code, reason.to_owned()),
        );
    }

    /// Leaves every connection to a server's console open, but neither reads nor writes any more.
    pub fn silence_consoles(&self, server: u64) {
        self.end_all(
            |service| service == Service::Console(server),
            &Outgoing::Silence,
        );
    }

    /// Leaves every main websocket open, but neither reads nor writes any more.
    pub fn silence_main_sockets(&self) {
        self.end_all(|service| service == Service::MainSocket, &Outgoing::Silence);
    }

    fn end_all(&self, which: impl Fn(Service) -> bool, how: &Outgoing) {
        self.shared.with(|state, _| {
            for (_, link) in state.open.values().filter(|(service, _)| which(*service)) {
                link.push(how.clone());
            }
        });
    }

    /// Sends a console event of any type with any data to whoever subscribed to it.
    pub fn emit_console_event(&self, server: u64, event_type: &str, data: Value) {
        let data = Node::from(data);
        self.shared
            .with(|state, _| state.world.tell_console(server, event_type, data));
    }

    /// Sends a console event many times, as fast as the slowest client takes them: no queue overflows. `data` gets the
    /// numbers from 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] if a client takes nothing for [`Builder::patience`](crate::Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops after what was sent so far.
    pub async fn emit_console_events(
        &self,
        server: u64,
        event_type: &str,
        count: u64,
        mut data: impl FnMut(u64) -> Value,
    ) -> Result<(), Error> {
        let burst = (self.shared.config.queue / 2).max(1);
        let mut left = 0..count;
        loop {
            let numbers: Vec<u64> = left.by_ref().take(burst).collect();
            if numbers.is_empty() {
                return Ok(());
            }
            self.shared.with(|state, _| {
                for number in numbers {
                    state
                        .world
                        .tell_console(server, event_type, Node::from(data(number)));
                }
            });
            self.flush().await?;
        }
    }

    /// Sends an event of the main websocket to whoever subscribed to it; the content goes out as text.
    pub fn emit_main_event(&self, event: &str, key: u64, content: Value) {
        let content = Node::from(content);
        self.shared
            .with(|state, _| state.world.tell_main(event, key, content));
    }

    /// Invites the bot to a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn invite_bot(&self, group: u64) -> Result<(), Error> {
        self.bot_standing("inviting the bot", group, Standing::Invited)
    }

    /// Takes the bot's invite to a group back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn uninvite_bot(&self, group: u64) -> Result<(), Error> {
        self.bot_standing("taking an invite back", group, Standing::Kicked)
    }

    /// Makes the bot a member of a group at once, with a role (1 member, 2 moderator, 7 owner).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn admit_bot(&self, group: u64, role_id: u64) -> Result<(), Error> {
        self.bot_standing("admitting the bot", group, Standing::Accepted)?;
        self.set_role(group, self.bot().user_id, role_id)
    }

    /// Throws the bot out of a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn kick_bot(&self, group: u64) -> Result<(), Error> {
        self.bot_standing("kicking the bot", group, Standing::Kicked)
    }

    fn bot_standing(
        &self,
        doing: &'static str,
        group: u64,
        standing: Standing,
    ) -> Result<(), Error> {
        self.change(doing, |state, now| {
            let bot = state.accounts.bot.user_id;
            state
                .world
                .change_standing(group, bot, standing, now)
                .map(|_| ())
        })
    }

    /// Makes somebody a member of a group; an account of that name is made if there is none. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn add_member(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.named_standing("adding a member", group, username, Standing::Accepted)
    }

    /// Lets somebody ask to join a group. Returns the user id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn ask_to_join(&self, group: u64, username: &str) -> Result<u64, Error> {
        self.named_standing("asking to join", group, username, Standing::RequestedJoin)
    }

    fn named_standing(
        &self,
        doing: &'static str,
        group: u64,
        username: &str,
        standing: Standing,
    ) -> Result<u64, Error> {
        self.change(doing, |state, now| {
            state.world.groups.get(&group)?;
            let user = state.world.person(username, false, now);
            state
                .world
                .change_standing(group, user, standing, now)
                .map(|_| user)
        })
    }

    /// Makes an account in the cloud, or finds it. Returns the user id.
    pub fn add_person(&self, username: &str) -> u64 {
        self.shared
            .with(|state, now| state.world.person(username, false, now))
    }

    /// Gives a member of a group another role.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group or member.
    pub fn set_role(&self, group: u64, user: u64, role_id: u64) -> Result<(), Error> {
        self.change("setting a role", |state, now| {
            state.world.set_role(group, user, role_id, now).map(|_| ())
        })
    }

    /// Renames a group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such group.
    pub fn rename_group(&self, group: u64, name: &str) -> Result<(), Error> {
        self.change("renaming a group", |state, _| {
            name.clone_into(&mut state.world.groups.get_mut(&group)?.name);
            state.world.tell_group_update(group);
            Some(())
        })
    }

    /// Somebody joins a server. Returns the player's id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server, [`ErrorKind::NotPossible`] if it is offline or they are
    /// there already.
    pub fn player_joins(&self, server: u64, username: &str) -> Result<u64, Error> {
        self.change("joining a server", |state, _| {
            state.world.servers.contains_key(&server).then_some(())
        })?;
        let joined = self
            .shared
            .with(|state, now| state.world.join(server, username, now));
        joined.ok_or_else(|| {
            Error::new(
                ErrorKind::NotPossible,
                format!("letting {username} join server {server}"),
            )
        })
    }

    /// A player leaves.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_leaves(&self, server: u64, player: u64) -> Result<(), Error> {
        self.change("leaving a server", |state, now| {
            state.world.leave(server, player, now)
        })
    }

    /// A player goes to another chunk, such as `Cave Layer 3`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_moves(&self, server: u64, player: u64, chunk: &str) -> Result<(), Error> {
        self.change("moving a player", |state, _| {
            state.world.move_to_chunk(server, player, chunk)
        })
    }

    /// Puts a player at a position within the chunk: no event, but `player detailed` and its like show it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_at(&self, server: u64, player: u64, position: [f64; 3]) -> Result<(), Error> {
        self.change("placing a player", |state, _| {
            state.world.put_at(server, player, position)
        })
    }

    /// A player enters or leaves a state, such as `Combat`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_state(
        &self,
        server: u64,
        player: u64,
        state_name: &str,
        enter: bool,
    ) -> Result<(), Error> {
        self.change("changing a player's state", |state, _| {
            state.world.change_state(server, player, state_name, enter)
        })
    }

    /// A player dies of something: the six frames as recorded.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_dies(&self, server: u64, player: u64) -> Result<(), Error> {
        self.change("killing a player", |state, _| {
            state.world.die(server, player, None, "Unknown")
        })
    }

    /// A player is killed by another.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if one of them is not there.
    pub fn player_killed_by(&self, server: u64, player: u64, killer: u64) -> Result<(), Error> {
        self.change("killing a player", |state, _| {
            state.world.die(server, player, Some(killer), "Impact")
        })
    }

    /// A player kills something, such as `Turabada Large Variant`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if no such player is there.
    pub fn player_kills(&self, server: u64, player: u64, creature: &str) -> Result<(), Error> {
        self.change("killing a creature", |state, _| {
            state.world.kill_object(server, creature, player)
        })
    }

    /// Somebody buys two of something from somebody for half a coin.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn player_trades(&self, server: u64, buyer: u64, seller: u64) -> Result<(), Error> {
        self.change("trading", |state, _| {
            state.world.trade(server, buyer, seller, ITEMS[1], 0.5, 2)
        })
    }

    /// A player does something with an item (by name or hash; see `spawn list`): `Pickup`, `Drop`, `Dock`, `Undock`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such player or item.
    pub fn player_handles(
        &self,
        server: u64,
        player: u64,
        item: &str,
        change: &str,
    ) -> Result<(), Error> {
        self.change("handling an item", |state, _| {
            state
                .world
                .handle_item(server, player, Item::find(item)?, change)
        })
    }

    /// Somebody's balance at the bank changes. Returns the new balance.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is no such server.
    pub fn change_balance(&self, server: u64, user: u64, change: i64) -> Result<i64, Error> {
        self.change("changing a balance", |state, _| {
            state.world.change_balance(server, user, change)
        })
    }

    fn change<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut State, Timestamp) -> Option<T>,
    ) -> Result<T, Error> {
        self.shared
            .with(work)
            .ok_or_else(|| Error::new(ErrorKind::NotFound, doing))
    }
}
