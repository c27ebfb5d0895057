//! The state of the simulator as JSON.

use crate::sim::Sim;
use serde_json::{Value, json};

/// The addresses, credentials, groups, servers and players.
pub(super) fn state(sim: &Sim) -> Value {
    let config = &sim.shared.config;
    let bots = config.bots().map(|bot| {
        json!({
            "client_id": bot.client_id,
            "client_secret": bot.client_secret,
            "scopes": bot.scopes,
            "user_id": bot.user_id,
            "username": bot.username,
        })
    });
    let users = config.users().map(|user| {
        json!({
            "username": user.username,
            "password": user.password,
            "email": user.email,
            "user_id": user.user_id,
        })
    });
    let failures = sim.timeline_failures().into_iter();
    let failures =
        failures.map(|failure| json!({ "at": failure.at.as_secs_f64(), "reason": failure.reason }));
    json!({
        "token_url": sim.token_url(),
        "rest_url": sim.rest_url(),
        "socket_url": sim.socket_url(),
        "bots": bots.collect::<Vec<Value>>(),
        "users": users.collect::<Vec<Value>>(),
        "groups": groups(sim),
        "servers": servers(sim),
        "elapsed": sim.elapsed().as_secs_f64(),
        "armed_faults": sim.faults().armed(),
        "timeline_failures": failures.collect::<Vec<Value>>(),
    })
}

fn groups(sim: &Sim) -> Vec<Value> {
    sim.shared.look(|state| {
        let groups = state.world.cloud.groups.values();
        let groups = groups.map(|group| {
            let members = group.members.values().map(|member| {
                json!({
                    "user": member.user_id,
                    "username": member.username,
                    "membership": format!("{:?}", member.membership),
                    "role": member.role_id,
                })
            });
            let members: Vec<Value> = members.collect();
            json!({ "id": group.id, "name": group.name, "members": members })
        });
        groups.collect()
    })
}

fn servers(sim: &Sim) -> Vec<Value> {
    let servers = sim.servers().into_iter().map(|(id, name)| {
        let (group, players) = sim.shared.look(|state| {
            let group = state.world.cloud.servers.get(&id);
            let game = state.world.servers.get(&id).into_iter();
            let players = game.flat_map(|game| game.players.values()).map(|player| {
                json!({
                    "id": player.id,
                    "name": player.username,
                    "chunk": player.chunk,
                    "position": player.position,
                })
            });
            (
                group.and_then(|found| found.group),
                players.collect::<Vec<Value>>(),
            )
        });
        // A cloud server's console token comes from `POST servers/{id}/console`.
        let token = group.is_none().then(|| sim.console_token(id));
        json!({
            "id": id,
            "name": name,
            "group": group,
            "online": sim.is_online(id),
            "console_url": sim.console_url(id).ok(),
            "token": token,
            "players": players,
        })
    });
    servers.collect()
}
