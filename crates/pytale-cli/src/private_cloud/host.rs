//! The program around the service: the state, the real consoles and the audit log.

use super::allowed::Allowed;
use super::audit::{Audit, Who};
use super::config::Config;
use alta_cloud::net::Env;
use alta_cloud::state::{Account, Cloud, Group, Membership, Purpose};
use alta_cloud::store::{SharedCloud, StoreError, StoreErrorKind};
use alta_cloud::wire::json::Node;
use alta_cloud::{Host, NoFile};
use jiff::Timestamp;
use pytale::console::TokenFile;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The reason why a client gets no console.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(pub(crate) &'static str);

/// A private cloud that runs.
pub(crate) struct PrivateCloud {
    env: Arc<Env>,
    state: Arc<SharedCloud>,
    /// `true` after the database failed.
    is_failing: AtomicBool,
    /// The access to the real consoles, by server id.
    consoles: BTreeMap<u64, Arc<TokenFile>>,
    audit: Audit,
}

impl PrivateCloud {
    pub(crate) fn new(env: Env, state: SharedCloud, config: &Config, audit: Audit) -> Self {
        let console = |server: &super::config::ServerConfig| {
            // The configuration has been checked.
            let url = server.url().ok()?;
            let file = config.path_in(&server.token_file);
            Some((server.id, Arc::new(TokenFile::new(url, file))))
        };
        Self {
            env: Arc::new(env),
            state: Arc::new(state),
            is_failing: AtomicBool::new(false),
            consoles: config.servers().filter_map(console).collect(),
            audit,
        }
    }

    pub(crate) fn audit(&self) -> &Audit {
        &self.audit
    }

    /// The access to the real console of a server.
    pub(crate) fn access(&self, server: u64) -> Option<Arc<TokenFile>> {
        self.consoles.get(&server).cloned()
    }

    /// The account and the server of a console token.
    pub(crate) fn console_client(&self, token: &str) -> Result<(Who, Account), Refused> {
        self.with_cloud(|cloud, now| {
            let grant = cloud.tokens.check(token, now);
            let grant = grant.map_err(|_| Refused("Invalid Token"))?;
            let Purpose::Console(server_id) = grant.purpose else {
                return Err(Refused("Invalid Token: it is not for a console"));
            };
            let user_id = grant.identity.id();
            let server = cloud.servers.get(&server_id);
            let who = Who {
                account: cloud.username(user_id).into(),
                user_id,
                server: server.map_or("", |server| &server.name).into(),
                server_id,
            };
            let account = cloud.accounts.get(user_id);
            let account = account.ok_or(Refused("the account is removed"))?.clone();
            permission(cloud, &who, &account).map(|_| (who, account))
        })
    }

    /// The commands that an account may run on a server. `account` is the account at the time of its login.
    pub(crate) fn permission(&self, who: &Who, account: &Account) -> Result<Allowed, Refused> {
        self.state.look(|cloud| permission(cloud, who, account))
    }

    /// Takes over the accounts that another program has changed.
    pub(crate) fn reload(&self) {
        // A failure is logged; the next attempt follows soon.
        let _ = self.told(self.state.reload(&self.env));
    }

    /// Logs the first of several failures of the database.
    fn told<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        // The database works: the request is tried again with what the other program has written.
        let is_conflict = |error: &StoreError| error.kind() == StoreErrorKind::ChangedElsewhere;
        if result.as_ref().is_err_and(is_conflict) {
            return result;
        }
        let was_failing = self.is_failing.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !was_failing => {
                tracing::error!("the database fails, and changes are refused: {error}");
            }
            Ok(_) if was_failing => tracing::warn!("the database works again"),
            _ => {}
        }
        result
    }
}

impl Host for PrivateCloud {
    fn env(&self) -> &Env {
        &self.env
    }

    fn with_cloud<T>(&self, work: impl FnOnce(&mut Cloud, Timestamp) -> T) -> T {
        let (result, stored) = self.state.run(&self.env, work);
        // A failure is logged. Such work changes nothing that clients rely on later.
        let _ = self.told(stored);
        result
    }

    async fn change<T: Send>(
        &self,
        work: impl FnOnce(&mut Cloud, Timestamp) -> T + Send,
    ) -> Result<T, StoreError> {
        self.told(self.state.change(&self.env, work).await)
    }

    /// Nothing: only the launcher, the container or the service of the owner starts a server.
    fn start_server(self: &Arc<Self>, _server: u64) {}

    /// No file: the files of a game server stay on its machine.
    fn file(
        &self,
        _authorization: Option<&str>,
        _user: &str,
        _file: &str,
    ) -> Result<String, NoFile> {
        Err(NoFile::Forbidden)
    }
}

fn permission(cloud: &Cloud, who: &Who, account: &Account) -> Result<Allowed, Refused> {
    // Its secret differs after `rotate`.
    if cloud.accounts.get(who.user_id) != Some(account) {
        return Err(Refused("the account is removed or has a new secret"));
    }
    let server = cloud.servers.get(&who.server_id);
    let group = server.and_then(|server| cloud.group_of(server));
    let group = group.ok_or(Refused("the server is not known anymore"))?;
    if !group.permissions(who.user_id).any(|it| it == "Console") {
        return Err(Refused("your role has no permission for the console"));
    }
    Ok(allowed_commands(group, who.user_id))
}

/// The `allowed_commands` of a member's role.
fn allowed_commands(group: &Group, user: u64) -> Allowed {
    let member = group.member(user, Membership::Accepted);
    let role = member.and_then(|member| group.role(member.role_id));
    let commands = role.and_then(|role| role.get("allowed_commands"));
    let commands = commands.map_or(&[][..], Node::as_array);
    Allowed::new(commands.iter().filter_map(Node::as_str))
}
