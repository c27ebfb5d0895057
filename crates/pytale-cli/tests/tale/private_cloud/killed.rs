//! A service that is killed in the middle of its writes.

use super::consoles::Client;
use super::http::http;
use super::support::{BOUND, Credentials, GROUP, Own, SERVERS, Service};
use pytale::bot::ManagedBot;
use pytale::kit::Handlers;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The number of kills.
const ROUNDS: usize = 6;

/// The state of a user in the group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Stranger,
    Invited,
    Member(u64),
    Banned,
}

/// A user whose state one client changes.
#[derive(Clone, Debug)]
struct Target {
    id: u64,
    token: String,
    /// The state that the service has acknowledged.
    known: State,
    /// The state after the change that was not acknowledged.
    doubtful: Option<State>,
}

/// A change of a state: the method, the path below the group, and the state after it.
type Change = (&'static str, String, State);

impl Target {
    /// A change that the present state allows; `None` if the user accepts the invitation.
    fn change(&self) -> Option<Change> {
        let id = self.id;
        let bans = format!("bans/{id}");
        let role = fastrand::u64(1..=4);
        let member = format!("members/{id}");
        let mut changes = match self.known {
            State::Stranger => vec![("POST", format!("invites/{id}"), State::Invited)],
            State::Invited if fastrand::bool() => return None,
            State::Invited => vec![("DELETE", format!("invites/{id}"), State::Stranger)],
            State::Member(_) => vec![
                ("POST", format!("{member}/role/{role}"), State::Member(role)),
                ("DELETE", member, State::Stranger),
            ],
            State::Banned => vec![("DELETE", bans.clone(), State::Stranger)],
        };
        if self.known != State::Banned {
            changes.push(("POST", bans, State::Banned));
        }
        fastrand::choice(changes)
    }

    /// Changes the state until the service is gone.
    async fn change_until_killed(
        mut self,
        rest: String,
        owner: String,
        acknowledged: watch::Sender<usize>,
    ) -> Self {
        loop {
            let (method, path, to, token) = if let Some((method, path, to)) = self.change() {
                (method, format!("groups/{GROUP}/{path}"), to, &owner)
            } else {
                let path = format!("groups/invites/{GROUP}");
                ("POST", path, State::Member(1), &self.token)
            };
            let Ok((status, reply)) = call(&rest, method, &path, token).await else {
                self.doubtful = Some(to);
                return self;
            };
            assert_eq!(
                status, 200,
                "{method} {path} from {:?}: {reply}",
                self.known
            );
            self.known = to;
            acknowledged.send_modify(|count| *count += 1);
        }
    }
}

async fn call(rest: &str, method: &str, path: &str, token: &str) -> io::Result<(u16, Value)> {
    let headers = format!("Authorization: Bearer {token}\r\n");
    http(method, &format!("{rest}/{path}"), &headers, "").await
}

/// The states of all users who have one, read with a token of before the kill.
async fn states(service: &Service, token: &str) -> BTreeMap<u64, State> {
    let mut states = BTreeMap::new();
    for list in ["members", "invites", "bans"] {
        let path = format!("groups/{GROUP}/{list}?limit=100");
        let (status, listed) = call(&service.rest_url, "GET", &path, token).await.unwrap();
        assert_eq!(status, 200, "the token ended: {listed}");
        for row in listed.as_array().unwrap() {
            let state = match list {
                "members" => State::Member(row["role_id"].as_u64().unwrap()),
                "invites" => State::Invited,
                _ => State::Banned,
            };
            let other = states.insert(row["user_id"].as_u64().unwrap(), state);
            assert_eq!(other, None, "two states: {row}");
        }
    }
    states
}

/// Adds a user, who logs in when the service runs.
async fn add_user(own: &Own, name: &str, more: &[&str]) -> (u64, Value) {
    let user = own.json(&[&["add-user", name], more].concat()).await;
    let hash = alta_cloud::state::password_hash(user["password"].as_str().unwrap());
    let id = user["user_id"].as_str().unwrap().parse().unwrap();
    (id, json!({"username": name, "password_hash": hash}))
}

async fn user_token(service: &Service, login: &Value) -> String {
    let url = format!("{}/sessions", service.rest_url);
    let (status, reply) = http("POST", &url, "", &login.to_string()).await.unwrap();
    assert_eq!(status, 200, "{reply}");
    reply["access_token"].as_str().unwrap().to_owned()
}

/// A managed bot that reports each session with a console.
async fn managed(
    service: &Service,
    account: Credentials,
) -> (ManagedBot, mpsc::UnboundedReceiver<u64>) {
    let (opened, openings) = mpsc::unbounded_channel();
    let handlers = Handlers::new().on_session(move |console| {
        let server = console.server().unwrap().get().cast_unsigned();
        // The test may have ended.
        let _ = opened.send(server);
        async {}
    });
    let bot = service.managed_bot(account, handlers).await;
    (bot, openings)
}

/// Runs commands until the service is gone. Returns the lines that the server has replied to.
async fn command_until_killed(mut client: Client, round: usize) -> BTreeSet<String> {
    let mut replied = BTreeSet::new();
    for id in 1.. {
        let line = format!("player list {round}.{id}");
        let frame = json!({"id": id, "content": line}).to_string();
        if client.try_send(&frame).await.is_err() || client.try_reply(id).await.is_none() {
            break;
        }
        replied.insert(line);
    }
    replied
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_service_has_lost_nothing_that_it_acknowledged() {
    let own = Own::start().await;
    own.fix_ports();
    let (_, owner) = add_user(&own, "Ashwick", &["--role", "Owner"]).await;
    let mut logins = Vec::new();
    for name in ["Larch", "Rowan", "Alder", "Hazel"] {
        logins.push(add_user(&own, name, &["--no-group"]).await);
    }
    let bot = own.add_bot("Example_Bot", &[]).await;
    let plain = own.add_bot("Plain_Bot", &[]).await;
    let mut service = own.launch().await;
    let owner = user_token(&service, &owner).await;
    let console_user = service.log_in(&plain).await;
    let mut targets = Vec::new();
    for (id, login) in logins {
        targets.push(Target {
            id,
            token: user_token(&service, &login).await,
            known: State::Stranger,
            doubtful: None,
        });
    }
    let (bot, mut openings) = managed(&service, bot).await;
    let mut replied = BTreeSet::new();
    for round in 0..=ROUNDS {
        // The connections of the bot come back by themselves.
        let mut open = BTreeSet::new();
        while open.len() < SERVERS.len() {
            let opened = timeout(BOUND, openings.recv()).await;
            open.insert(opened.expect("the consoles come back").unwrap());
        }
        let found = states(&service, &owner).await;
        for target in &mut targets {
            let state = found.get(&target.id).copied().unwrap_or(State::Stranger);
            let doubtful = target.doubtful.take();
            let is_right = state == target.known || Some(state) == doubtful;
            assert!(is_right, "{state:?} after {target:?}, {doubtful:?}");
            target.known = state;
        }
        let audited: BTreeSet<String> = own
            .audit()
            .iter()
            .filter_map(|line| Some(line["command"].as_str()?.to_owned()))
            .collect();
        let missing: Vec<&String> = replied.difference(&audited).collect();
        assert!(missing.is_empty(), "not in the audit log: {missing:?}");
        if round == ROUNDS {
            break;
        }
        let (acknowledged, mut count) = watch::channel(0);
        let mut writers = JoinSet::new();
        for target in targets.drain(..) {
            let (rest, owner) = (service.rest_url.clone(), owner.clone());
            writers.spawn(target.change_until_killed(rest, owner, acknowledged.clone()));
        }
        let client = Client::logged_in(&service, &console_user, SERVERS[0]).await;
        let commands = tokio::spawn(command_until_killed(client, round));
        let enough = fastrand::usize(1..60);
        let waiting = count.wait_for(|count| *count >= enough);
        timeout(BOUND, waiting).await.unwrap().unwrap();
        // A random moment of the next change.
        tokio::time::sleep(Duration::from_micros(fastrand::u64(0..3_000))).await;
        service.kill().await;
        targets = timeout(BOUND, writers.join_all()).await.unwrap();
        replied.extend(timeout(BOUND, commands).await.unwrap().unwrap());
        service = own.launch().await;
    }
    assert!(!replied.is_empty());
    bot.shutdown(Duration::from_secs(1)).await;
    service.end().await;
}
