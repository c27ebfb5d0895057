//! Performs actions by the methods of [`Sim`].

use super::values::{Reference, Span, Which};
use super::{Action, find};
use crate::error::{Error, ErrorKind};
use crate::sim::Sim;
use crate::world::{LogLine, Waypoint};
use alta_cloud::net::Fault as Armed;
use serde_json::{Value, json};

impl Action {
    /// Performs the action. The result is a JSON object with the ids and addresses of new things, and is empty for most actions.
    ///
    /// # Errors
    ///
    /// Those of the methods of [`Sim`]. [`ErrorKind::NotFound`] names the field, and lists the things that exist.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, a restart may have stopped the server, and [`Action::Advance`] may have moved the clock by a part
    /// of the time.
    pub async fn perform(&self, sim: &Sim) -> Result<Value, Error> {
        match self {
            Self::RemoveServer { server } => {
                let server = find::server(sim, server.as_ref())?;
                sim.remove_server(server).await?;
                forget(sim, Some(server));
            }
            Self::Stop { server } => {
                let server = find::server(sim, server.as_ref())?;
                sim.stop_server(server).await?;
                forget(sim, Some(server));
            }
            Self::Restart { server } => {
                let server = find::server(sim, server.as_ref())?;
                sim.stop_server(server).await?;
                forget(sim, Some(server));
                sim.start_server(server)?;
                return Ok(json!({ "console": sim.console_url(server)? }));
            }
            Self::Advance { by: Span(by) } => {
                sim.advance(*by).await?;
                return Ok(json!({ "elapsed": sim.elapsed().as_secs_f64() }));
            }
            _ => return self.perform_at_once(sim),
        }
        Ok(json!({}))
    }

    /// The actions that do not wait.
    fn perform_at_once(&self, sim: &Sim) -> Result<Value, Error> {
        let at = |server: &Option<Reference>| find::server(sim, server.as_ref());
        let within = |group: &Option<Reference>| find::group(sim, group.as_ref());
        let named = |user: &Reference| find::username(sim, user);
        let on = |server: &Option<Reference>, player: &Reference| {
            let server = at(server)?;
            Ok::<_, Error>((server, find::player(sim, server, "player", player)?))
        };
        match self {
            // These wait, so `perform` has performed them.
            Self::RemoveServer { .. }
            | Self::Stop { .. }
            | Self::Restart { .. }
            | Self::Advance { .. } => {}

            Self::Join { server, player } => {
                let player = sim.player_joins(at(server)?, player)?;
                return Ok(json!({ "player": player }));
            }
            Self::Leave { server, player } => {
                let (server, player) = on(server, player)?;
                sim.player_leaves(server, player)?;
            }
            Self::Move {
                server,
                player,
                chunk,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_moves(server, player, chunk)?;
            }
            Self::Place {
                server,
                player,
                position,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_at(server, player, *position)?;
            }
            Self::Hands {
                server,
                player,
                left,
                right,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_hands(server, player, *left, *right)?;
            }
            Self::Path {
                server,
                player,
                waypoints,
            } => {
                let (server, player) = on(server, player)?;
                let path: Vec<Waypoint> = waypoints.iter().map(Into::into).collect();
                sim.player_follows(server, player, &path)?;
            }
            Self::Die {
                server,
                player,
                killer,
            } => {
                let (server, player) = on(server, player)?;
                match killer {
                    None => sim.player_dies(server, player)?,
                    Some(killer) => {
                        let killer = find::player(sim, server, "killer", killer)?;
                        sim.player_killed_by(server, player, killer)?;
                    }
                }
            }
            Self::Kill {
                server,
                player,
                creature,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_kills(server, player, creature)?;
            }
            Self::Trade {
                server,
                buyer,
                seller,
            } => {
                let server = at(server)?;
                let buyer = find::player(sim, server, "buyer", buyer)?;
                let seller = find::player(sim, server, "seller", seller)?;
                sim.player_trades(server, buyer, seller)?;
            }
            Self::State {
                server,
                player,
                state,
                enter,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_state(server, player, state, *enter)?;
            }
            Self::Inventory {
                server,
                player,
                slot,
                item,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_carries(server, player, *slot, item.as_deref())?;
            }
            Self::Handle {
                server,
                player,
                item,
                change,
            } => {
                let (server, player) = on(server, player)?;
                sim.player_handles(server, player, item, change)?;
            }
            Self::Body {
                server,
                player,
                present,
            } => {
                let (server, player) = on(server, player)?;
                sim.set_body(server, player, *present)?;
            }
            Self::Home {
                server,
                player,
                position,
            } => {
                let server = at(server)?;
                sim.set_home(server, find::user_of(sim, server, player)?, *position)?;
            }
            Self::Balance {
                server,
                player,
                change,
            } => {
                let server = at(server)?;
                let user = find::user_of(sim, server, player)?;
                let balance = sim.change_balance(server, user, *change)?;
                return Ok(json!({ "balance": balance }));
            }
            Self::Message {
                server,
                player,
                text,
                duration,
            } => {
                let (server, player) = on(server, player)?;
                if text.contains('"') {
                    return Err(find::invalid(
                        "text",
                        "a command has no way to write a double quote",
                    ));
                }
                let seconds = duration.0.as_secs_f64();
                sim.run_command(
                    server,
                    &format!("player message {player} \"{text}\" {seconds}"),
                )?;
            }
            Self::Command { server, line } => return sim.run_command(at(server)?, line),
            Self::Chunk {
                server,
                name,
                min,
                max,
            } => sim.add_chunk(at(server)?, name, *min, *max)?,
            Self::AddPrefab { name, hash } => sim.add_prefab(name, *hash)?,
            Self::AddEntity {
                server,
                prefab,
                position,
            } => {
                let entity = sim.add_entity(at(server)?, prefab, *position)?;
                return Ok(json!({ "entity": entity }));
            }
            Self::RemoveEntity { server, entity } => sim.remove_entity(at(server)?, *entity)?,
            Self::Log {
                server,
                level,
                logger,
                message,
                for_command,
            } => {
                let line = LogLine::new(*level, logger, message);
                match for_command {
                    None => sim.log(at(server)?, &line)?,
                    Some(words) => sim.log_for_command(at(server)?, words, line)?,
                }
            }
            Self::ConsoleEvent {
                server,
                event,
                data,
            } => sim.emit_console_event(at(server)?, event, data.clone()),
            Self::MainEvent {
                event,
                key,
                content,
            } => sim.emit_main_event(event, *key, content.clone()),
            Self::OfferEvent { server, event } => sim.offer_console_event(at(server)?, event),
            Self::WithdrawEvent { server, event } => {
                sim.withdraw_console_event(at(server)?, event);
            }
            Self::AddGroup { name } => return Ok(json!({ "group": sim.add_group(name) })),
            Self::RenameGroup { group, name } => sim.rename_group(within(group)?, name)?,
            Self::AddMember { group, user } => {
                let user = sim.add_member(within(group)?, &named(user)?)?;
                return Ok(json!({ "user": user }));
            }
            Self::Invite { group, user } => {
                let user = sim.invite(within(group)?, &named(user)?)?;
                return Ok(json!({ "user": user }));
            }
            Self::Uninvite { group, user } => {
                sim.uninvite(within(group)?, &named(user)?)?;
            }
            Self::RequestToJoin { group, user } => {
                let user = sim.ask_to_join(within(group)?, &named(user)?)?;
                return Ok(json!({ "user": user }));
            }
            Self::WithdrawRequest { group, user } => {
                sim.withdraw_request(within(group)?, &named(user)?)?;
            }
            Self::Kick { group, user } => {
                sim.kick(within(group)?, &named(user)?)?;
            }
            Self::Ban { group, user } => {
                let user = sim.ban(within(group)?, &named(user)?)?;
                return Ok(json!({ "user": user }));
            }
            Self::Unban { group, user } => {
                sim.unban(within(group)?, &named(user)?)?;
            }
            Self::Role { group, user, role } => {
                let group = within(group)?;
                let user = find::user(sim, user)?;
                sim.set_role(group, user, find::role(sim, group, role)?)?;
            }
            Self::AddRole {
                group,
                name,
                permissions,
            } => {
                let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
                let role = sim.add_role(within(group)?, name, &permissions)?;
                return Ok(json!({ "role": role }));
            }
            Self::AddServer { group, name } => {
                let server = sim.add_server(within(group)?, name)?;
                return Ok(json!({ "server": server }));
            }
            Self::AddSelfHosted { name } => {
                let server = sim.add_self_hosted(name)?;
                return Ok(json!({
                    "server": server,
                    "console": sim.console_url(server)?,
                    "token": sim.console_token(server),
                }));
            }
            Self::Start { server } => {
                let server = at(server)?;
                sim.start_server(server)?;
                return Ok(json!({ "console": sim.console_url(server)? }));
            }
            Self::Stall { server } => sim.stall_console(at(server)?),
            Self::Resume { server } => sim.resume_console(at(server)?),
            Self::Booting { server, booting } => sim.set_booting(at(server)?, *booting),
            Self::NumericEnums { server, numeric } => {
                sim.set_numeric_enums(at(server)?, *numeric);
            }
            Self::ForgetSubscriptions { server } => sim.forget_console_subscriptions(at(server)?),
            Self::Configure {
                server,
                name,
                fleet,
                region,
                version,
                scene_index,
                target,
                join_type,
            } => {
                let server = at(server)?;
                let mut info = sim.server_info(server)?;
                set(&mut info.fleet, fleet.as_ref());
                set(&mut info.region, region.as_ref());
                set(&mut info.version, version.as_ref());
                set(&mut info.scene_index, scene_index.as_ref());
                set(&mut info.target, target.as_ref());
                set(&mut info.join_type, join_type.as_ref());
                sim.set_server_info(server, info)?;
                if let Some(name) = name {
                    sim.rename_server(server, name)?;
                }
            }
            Self::Heartbeat { server } => sim.heartbeat(at(server)?),
            Self::Status { server } => sim.status(at(server)?),
            Self::Cut { which, server } => {
                let target = target(sim, *which, server.as_ref())?;
                match target {
                    Some(server) => sim.drop_consoles(server),
                    None => sim.drop_main_sockets(),
                }
                forget(sim, target);
            }
            Self::Close {
                which,
                server,
                code,
                reason,
            } => match target(sim, *which, server.as_ref())? {
                Some(server) => sim.close_consoles(server, *code, reason),
                None => sim.close_main_sockets(*code, reason),
            },
            Self::Silence { which, server } => match target(sim, *which, server.as_ref())? {
                Some(server) => sim.silence_consoles(server),
                None => sim.silence_main_sockets(),
            },
            Self::Fault {
                hook,
                action,
                server,
                containing,
                after,
                times,
                every,
            } => {
                let mut fault = Armed::new((*hook).into(), action.clone().into()).after(*after);
                if let Some(server) = server {
                    fault = fault.server(find::server(sim, Some(server))?);
                }
                if let Some(part) = containing {
                    fault = fault.containing(part);
                }
                if let Some(every) = every {
                    fault = fault.every(*every);
                }
                if let Some(times) = times {
                    fault = fault.times(*times);
                }
                sim.faults().arm(fault);
            }
            Self::ClearFaults {} => sim.faults().clear(),
            Self::Migrate {
                overlap,
                refuse_token,
                refuse,
            } => {
                if let Some(overlap) = overlap {
                    sim.set_migration_overlap(*overlap);
                }
                if let Some(status) = refuse_token {
                    sim.faults().fail_migration_token(*status);
                }
                if let Some(status) = refuse {
                    sim.faults().fail_migration(*status);
                }
            }
            Self::ExpireTokens {} => sim.expire_tokens(),
        }
        Ok(json!({}))
    }
}

fn set<T: Clone>(value: &mut T, wanted: Option<&T>) {
    if let Some(wanted) = wanted {
        value.clone_from(wanted);
    }
}

/// Removes the connections of a server, or the main websockets, which are about to end: after the action, only new ones are listed.
fn forget(sim: &Sim, server: Option<u64>) {
    sim.shared.with(|state, _| match server {
        Some(server) => state.remove_consoles(server),
        None => state.world.cloud.sockets.clear(),
    });
}

/// The server of consoles; `None` for main websockets.
fn target(sim: &Sim, which: Which, server: Option<&Reference>) -> Result<Option<u64>, Error> {
    match (which, server) {
        (Which::Consoles, server) => find::server(sim, server).map(Some),
        (Which::MainWebsockets, None) => Ok(None),
        (Which::MainWebsockets, Some(_)) => Err(Error::new(ErrorKind::Invalid, "`server`")
            .detail("main websockets are of no server; `which` can be \"consoles\"")),
    }
}
