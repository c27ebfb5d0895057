//! A game server's console: the token, then commands in, answers and events out.

use std::sync::Arc;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::answer;
use super::commands::Session;
use crate::clock::console_time;
use crate::faults::{Action, Hook};
use crate::journal::{Service, What};
use crate::json::Node;
use crate::link::{BoxIo, Link, Outgoing, Reader, Reading, pump};
use crate::recordings;
use crate::shared::{ConsoleLink, Shared};
use crate::tokens::Purpose;
use crate::upgrade::upgrade;

/// Serves one connection until it ends.
pub(crate) async fn serve(shared: &Arc<Shared>, server: u64, io: BoxIo) {
    let id = shared.with(|state, _| state.connection_id());
    let service = Service::Console(server);
    let Some(socket) = upgrade(shared, io, service, id, |_| Ok(())).await else {
        return;
    };
    let (link, outgoing) = Link::new(id, shared.config.queue, shared.stop.child_token());
    shared.with(|state, _| {
        state.opened(service, &link);
        // It may have gone down during the handshake.
        if !state
            .world
            .servers
            .get(&server)
            .is_some_and(|server| server.online)
        {
            link.push(Outgoing::Cut);
        }
    });
    let visit = Visit {
        shared,
        link: &link,
        server,
    };
    let code = pump(socket, &link, outgoing, shared, visit).await;
    shared.with(|state, _| state.ended(id));
    shared.record(service, id, What::Closed(code));
}

/// Something a client sent, or its going.
enum Incoming {
    Text(String),
    Other,
    Gone(Option<u16>),
}

/// Reads the next frame.
async fn next(reading: &mut Reading, code: &mut Option<u16>) -> (Incoming, Option<What>) {
    match reading.next().await {
        Some(Ok(Message::Text(text))) => (Incoming::Text(text.as_str().to_owned()), None),
        Some(Ok(Message::Binary(bytes))) => (Incoming::Other, Some(What::Binary(bytes))),
        Some(Ok(Message::Ping(_))) => (Incoming::Other, Some(What::Ping)),
        Some(Ok(Message::Close(frame))) => {
            *code = frame.map(|frame| frame.code.into());
            (Incoming::Other, None)
        }
        Some(Ok(_)) => (Incoming::Other, None),
        Some(Err(_)) | None => (Incoming::Gone(*code), None),
    }
}

/// One client on one console.
struct Visit<'a> {
    shared: &'a Shared,
    link: &'a Link,
    server: u64,
}

impl Reader for Visit<'_> {
    async fn read(self, reading: &mut Reading) -> Option<u16> {
        let mut code = None;
        let token = loop {
            match self.take(reading, &mut code).await {
                Incoming::Text(token) => break token,
                Incoming::Other => {}
                Incoming::Gone(code) => return code,
            }
        };
        self.record(What::Token(token.clone()));
        let fault = self
            .shared
            .with(|state, _| state.faults.take(Hook::ConsoleToken, Some(self.server), ""));
        let delay = match fault {
            Some(Action::Delay(delay)) => self.shared.config.login_delay + delay,
            _ => self.shared.config.login_delay,
        };
        let accepted_at = Instant::now() + delay;
        let mut early = false;
        while let Ok(incoming) = timeout_at(accepted_at, self.take(reading, &mut code)).await {
            match incoming {
                Incoming::Text(text) => {
                    self.record(What::Text(text));
                    early = true;
                }
                Incoming::Other => {}
                Incoming::Gone(code) => return code,
            }
        }
        let accepted = self.log_in(&token, early, fault);
        loop {
            match self.take(reading, &mut code).await {
                Incoming::Text(text) => {
                    self.record(What::Text(text.clone()));
                    if accepted {
                        self.link.room().await;
                        self.command(&text);
                    }
                }
                Incoming::Other => {}
                Incoming::Gone(code) => return code,
            }
        }
    }
}

impl Visit<'_> {
    async fn take(&self, reading: &mut Reading, code: &mut Option<u16>) -> Incoming {
        let (incoming, what) = next(reading, code).await;
        if let Some(what) = what {
            self.record(what);
        }
        incoming
    }

    fn record(&self, what: What) {
        self.shared
            .record(Service::Console(self.server), self.link.id, what);
    }

    /// Answers the token. A self-hosted server says nothing to a wrong one.
    fn log_in(&self, token: &str, early: bool, fault: Option<Action>) -> bool {
        let (shared, link) = (self.shared, self.link);
        shared.with(|state, now| {
            let Some(server) = state.world.servers.get(&self.server) else {
                return false;
            };
            let (numeric, self_hosted) = (server.numeric_enums, server.self_hosted);
            let caller = if self_hosted {
                (token.trim() == state.console_token(self.server)).then(|| (0, "Server".to_owned()))
            } else {
                match state.tokens.check(token, now) {
                    Ok(grant) if grant.purpose == Purpose::Console(self.server) => Some((
                        grant.identity.id(),
                        state.world.username(grant.identity.id()),
                    )),
                    _ => None,
                }
            };
            let (caller, fault) = match fault {
                Some(Action::Refuse(_)) => {
                    let refusal =
                        recordings::console("auth-refused", 0).with("timeStamp", console_time(now));
                    link.send(shared, &refusal, "commandId", None, None);
                    return false;
                }
                Some(Action::Delay(_)) => (caller, None),
                fault @ Some(Action::Drop | Action::Silence) => {
                    if fault == Some(Action::Silence) {
                        link.push(Outgoing::Silence);
                    }
                    return false;
                }
                fault => (caller, fault),
            };
            let Some(caller) = caller else {
                if !self_hosted {
                    let refusal =
                        recordings::console("auth-refused", 0).with("timeStamp", console_time(now));
                    link.send(shared, &refusal, "commandId", None, fault);
                }
                return false;
            };
            let template = if numeric {
                recordings::console("numeric-enums", 0)
            } else {
                recordings::console("auth-accepted", 0)
            };
            let welcome = template.with("timeStamp", console_time(now)).with(
                "data",
                format!(
                    "Connection Succeeded, Authenticated as: {} - {}",
                    caller.0, caller.1
                ),
            );
            link.send(shared, &welcome, "commandId", None, fault);
            if early {
                let complaint =
                    recordings::console("double-answers", 1).with("timeStamp", console_time(now));
                link.send(shared, &complaint, "commandId", None, None);
            }
            let console = ConsoleLink {
                link: link.clone(),
                server: self.server,
                caller,
                session: Session::default(),
                doubled: early,
            };
            state.consoles.insert(link.id, console);
            true
        })
    }

    /// Takes a command. What is no command's JSON is passed over in silence.
    fn command(&self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else {
            return;
        };
        let Some(line) = frame.get("content").and_then(Value::as_str) else {
            return;
        };
        let Some(id) = frame
            .get("id")
            .filter(|id| id.as_u64().is_some_and(|id| u32::try_from(id).is_ok()))
        else {
            return;
        };
        let id = Node::from(id.clone());
        self.shared.with(|state, now| {
            answer::run_or_keep(state, self.shared, now, self.link.id, id, line);
        });
    }
}
