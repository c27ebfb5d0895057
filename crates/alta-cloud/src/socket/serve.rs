use super::request::{Reply, Request};
use super::subscriptions::Rights;
use super::{migrate, subscriptions};
use crate::host::Host;
use crate::net::{
    Action, Admission, BoxIo, ClientAction, Count, Hook, HttpReply, Incoming, Limits, Link,
    Outgoing, Reader, Reading, Service, header, serve_websocket,
};
use crate::state::{Cloud, Grant, Identity, MainSocket, Purpose, Refusal};
use crate::wire::main_socket;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Serves one connection, including the handshake, until it ends.
pub async fn serve<H: Host>(host: &Arc<H>, io: BoxIo, admission: Admission) {
    let host = &**host;
    let limits = &host.env().limits;
    let check = |headers: &[(String, String)]| {
        let grant = host.with_cloud(|cloud, now| {
            let header = header(headers, "authorization");
            let grant = cloud.tokens.check_header(header, now)?;
            let generation = cloud.tokens.generation(grant.identity.id());
            Ok::<_, Refusal>((grant, generation))
        });
        match grant {
            Ok((grant, generation)) if grant.purpose == Purpose::Access => match grant.identity {
                Identity::Bot(_) if host.with_cloud(|cloud, _| has_room(cloud, limits, &grant)) => {
                    Ok((grant.identity, generation))
                }
                Identity::Bot(_) => Err(gateway(429, "Too many connections")),
                Identity::User(_) => Err(gateway(403, "Forbidden")),
            },
            Ok(_) => Err(gateway(403, "Forbidden")),
            Err(_) => Err(gateway(401, "Unauthorized")),
        }
    };
    let begin = |link: &Link, (identity, generation)| {
        let socket = MainSocket {
            link: link.clone(),
            identity,
            generation,
            subscriptions: BTreeSet::new(),
        };
        host.with_cloud(|cloud, _| cloud.sockets.insert(link.id, socket));
        Requests {
            host,
            link: link.clone(),
        }
    };
    serve_websocket(host.env(), Service::MainSocket, io, check, begin).await;
    drop(admission);
}

/// Returns whether the account of a grant may open another main websocket.
fn has_room(cloud: &Cloud, limits: &Limits, grant: &Grant) -> bool {
    let sockets = cloud.sockets.values();
    let of_account = sockets.filter(|socket| socket.identity == grant.identity);
    of_account.count() < limits.sockets_per_account
}

/// The response of the API gateway in front of the real service.
fn gateway(status: u16, message: &str) -> HttpReply {
    HttpReply::status(status).body(
        "application/json",
        &format!("{{\"message\":\"{message}\"}}"),
    )
}

/// Reads a client's requests. Closes the connection when it is idle or too old, as the gateway does.
struct Requests<'a, H> {
    host: &'a H,
    link: Link,
}

impl<H: Host> Reader for Requests<'_, H> {
    async fn read(&self, reading: &mut Reading) -> Option<u16> {
        let Self { host, link } = self;
        let (life, idle) = host.with_cloud(|cloud, _| {
            let config = &cloud.config;
            (config.socket_life, config.socket_idle)
        });
        let clock = &host.env().clock;
        let end = clock.after(life);
        let mut is_closing = false;
        let mut messages = Count::default();
        loop {
            let deadline = end.min(clock.after(idle));
            let incoming = if is_closing {
                reading.next().await
            } else if let Some(incoming) = clock.timeout_at(deadline, reading.next()).await {
                incoming
            } else {
                is_closing = true;
                link.push(Outgoing::Close(1001, "Going away".to_owned()));
                continue;
            };
            while let Err(wait) = messages.take(host.env().limits.messages, clock.elapsed()) {
                // Unread messages fill the client's buffers, so it becomes as slow as it may be.
                clock.sleep(wait).await;
            }
            let record = |action| host.env().record(Service::MainSocket, link.id, action);
            match incoming {
                Incoming::Gone(code) => return code,
                Incoming::Text(text) => {
                    record(ClientAction::Text(text.clone()));
                    link.room().await;
                    let pause = host.with_cloud(|cloud, _| cloud.config.read_pause);
                    if !pause.is_zero() {
                        clock.sleep(pause).await;
                    }
                    respond(*host, link, &text);
                }
                other => {
                    if let Some(action) = other.client_action() {
                        record(action);
                    }
                }
            }
        }
    }

    fn ended(&self) {
        let id = self.link.id;
        self.host.with_cloud(|cloud, _| {
            cloud.sockets.remove(&id);
            cloud.migrations.retain(|_, from| *from != id);
        });
    }
}

/// Performs the request in a text frame and queues the reply.
fn respond<H: Host>(host: &H, link: &Link, text: &str) {
    let env = host.env();
    host.with_cloud(|cloud, now| {
        let Some(request) = Request::parse(text) else {
            let fault = env.fault(Hook::MainRequest, None, text);
            link.send(&main_socket("text-ping", 0), "id", None, fault);
            return;
        };
        let (method, path) = (&request.method, &request.path);
        let fault = env.fault(Hook::MainRequest, None, &format!("{method} {path}"));
        let token = cloud
            .tokens
            .check_header(request.authorization.as_deref(), now);
        let (reply, fault) = match (fault, token) {
            (Some(Action::Refuse(status)), _) => (
                Reply::error(status, "Refused on demand", "UnspecifiedError"),
                None,
            ),
            (fault, Err(Refusal::Expired)) => {
                (Reply::error(401, "Expired token", "ExpiredToken"), fault)
            }
            (fault, Err(_)) => (
                Reply::error(401, "Unauthorized", "InvalidPermissionsToPerformAction"),
                fault,
            ),
            (fault, Ok(grant)) => {
                let limit = env.limits.subscriptions;
                let reply = perform(cloud, link.id, &request, &grant, limit);
                (reply, fault)
            }
        };
        let frame = main_socket("subscribe", 0)
            .with("id", request.id.clone())
            .with("key", format!("{method} /ws/{path}"))
            .with("content", reply.content)
            .with("responseCode", u64::from(reply.status));
        link.send(&frame, "id", None, fault);
    });
}

/// Performs a request of an account that has this grant. A main websocket belongs to the account that has opened it.
fn perform(
    cloud: &mut Cloud,
    connection: u64,
    request: &Request,
    grant: &Grant,
    limit: usize,
) -> Reply {
    let is_owner = cloud
        .sockets
        .get(&connection)
        .is_some_and(|socket| socket.identity == grant.identity);
    if !is_owner || grant.purpose != Purpose::Access {
        return Reply::error(403, "Forbidden", "InvalidPermissionsToPerformAction");
    }
    let rights = Rights {
        scopes: grant.scopes,
        subscriptions: limit,
    };
    let path: Vec<&str> = request.path.split('/').collect();
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["subscription", "batch"]) => {
            subscriptions::batch(cloud, connection, &request.json_content(), rights)
        }
        ("POST", ["subscription", event, key]) => {
            subscriptions::subscribe(cloud, connection, event, key, rights)
        }
        ("DELETE", ["subscription", event, key]) => {
            subscriptions::unsubscribe(cloud, connection, event, key)
        }
        ("GET", ["migrate"]) => migrate::token(cloud, connection),
        ("POST", ["migrate"]) => {
            migrate::migrate(cloud, connection, &request.json_content(), limit)
        }
        _ => Reply::sample("subscribe-not-found"),
    }
}
