//! The addresses and the accounts of a simulator, as clients need them.

use crate::Sim;
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Serialize)]
pub(super) struct Addresses {
    pub(super) token_url: String,
    pub(super) rest_url: String,
    pub(super) socket_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) control_url: Option<String>,
    /// The file with the self-made certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate: Option<PathBuf>,
    pub(super) bots: Vec<Bot>,
    pub(super) users: Vec<Player>,
    pub(super) groups: Vec<Group>,
    pub(super) servers: Vec<Server>,
    pub(super) self_hosted: Vec<SelfHosted>,
}

#[derive(Debug, Serialize)]
pub(super) struct Bot {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) scopes: String,
    pub(super) user_id: u64,
    pub(super) username: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Player {
    pub(super) username: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) user_id: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Group {
    pub(super) id: u64,
    pub(super) name: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Server {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) group: u64,
    /// `None` if the server has not been online.
    pub(super) console_url: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct SelfHosted {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) console_url: Option<String>,
    pub(super) token_file: Option<PathBuf>,
}

impl Addresses {
    pub(super) fn of(sim: &Sim, certificate: Option<&Path>) -> Self {
        let config = &sim.shared.config;
        let bots = config.bots().cloned().map(|bot| Bot {
            client_id: bot.client_id,
            client_secret: bot.client_secret,
            scopes: bot.scopes,
            user_id: bot.user_id,
            username: bot.username,
        });
        let users = config.users().cloned().map(|user| Player {
            username: user.username,
            email: user.email,
            password: user.password,
            user_id: user.user_id,
        });
        let groups = sim.groups().into_iter();
        let (servers, self_hosted) = servers(sim);
        Self {
            token_url: sim.token_url(),
            rest_url: sim.rest_url(),
            socket_url: sim.socket_url(),
            control_url: None,
            certificate: certificate.map(Path::to_owned),
            bots: bots.collect(),
            users: users.collect(),
            groups: groups.map(|(id, name)| Group { id, name }).collect(),
            servers,
            self_hosted,
        }
    }
}

fn servers(sim: &Sim) -> (Vec<Server>, Vec<SelfHosted>) {
    let (servers, token_files) = sim.shared.look(|state| {
        let servers = state.world.cloud.servers.values();
        let shown = servers.map(|server| (server.id, server.name.clone(), server.group));
        (shown.collect::<Vec<_>>(), state.token_files.clone())
    });
    let (mut of_groups, mut self_hosted) = (Vec::new(), Vec::new());
    for (id, name, group) in servers {
        let console_url = sim.console_url(id).ok();
        match group {
            Some(group) => of_groups.push(Server {
                id,
                name,
                group,
                console_url,
            }),
            None => self_hosted.push(SelfHosted {
                id,
                name,
                console_url,
                token_file: token_files.get(&id).cloned(),
            }),
        }
    }
    (of_groups, self_hosted)
}
