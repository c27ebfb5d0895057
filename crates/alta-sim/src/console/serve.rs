use super::run;
use super::token::self_hosted_token;
use crate::commands::Session;
use crate::samples;
use crate::shared::Shared;
use crate::state::ConsoleConnection;
use crate::stop;
use alta_cloud::net::{
    Action, BoxIo, ClientAction, Hook, Incoming, Link, Outgoing, Reader, Reading, Service,
    serve_websocket,
};
use alta_cloud::state::Purpose;
use alta_cloud::wire::json::Node;
use alta_cloud::wire::time::console_time;
use serde_json::Value;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};

/// Serves one connection, including the handshake, until it ends.
pub(crate) async fn serve(shared: &Arc<Shared>, server: u64, io: BoxIo) {
    let begin = |link: &Link, ()| {
        // The server may have stopped during the handshake.
        if !shared.look(|state| state.world.is_online(server)) {
            link.push(Outgoing::Cut);
        }
        Visit {
            shared,
            link: link.clone(),
            server,
        }
    };
    let service = Service::Console(server);
    serve_websocket(&shared.env, service, io, |_| Ok(()), begin).await;
}

/// One client on one console.
struct Visit<'a> {
    shared: &'a Arc<Shared>,
    link: Link,
    server: u64,
}

impl Reader for Visit<'_> {
    async fn read(&self, reading: &mut Reading) -> Option<u16> {
        let token = loop {
            match self.next(reading).await {
                Incoming::Text(token) => break token,
                Incoming::Gone(code) => return code,
                _ => {}
            }
        };
        self.record(ClientAction::Token(token.clone()));
        let env = &self.shared.env;
        let fault = env.fault(Hook::ConsoleToken, Some(self.server), "");
        let login_delay = self.shared.config.login_delay;
        let delay = match fault {
            Some(Action::Delay(delay)) => login_delay + delay,
            _ => login_delay,
        };
        let accepted_at = Instant::now() + delay;
        let mut early = false;
        while let Ok(incoming) = timeout_at(accepted_at, self.next(reading)).await {
            match incoming {
                Incoming::Text(text) => {
                    self.record(ClientAction::Text(text));
                    early = true;
                }
                Incoming::Gone(code) => return code,
                _ => {}
            }
        }
        let accepted = self.log_in(&token, early, fault);
        loop {
            match self.next(reading).await {
                Incoming::Text(text) => {
                    self.record(ClientAction::Text(text.clone()));
                    if accepted {
                        self.link.room().await;
                        self.command(&text);
                    }
                }
                Incoming::Gone(code) => return code,
                _ => {}
            }
        }
    }

    fn ended(&self) {
        self.shared
            .with(|state, _| state.remove_console(self.link.id));
    }
}

impl Visit<'_> {
    /// The next message. Messages that are not text are recorded here.
    async fn next(&self, reading: &mut Reading) -> Incoming {
        match reading.next().await {
            incoming @ (Incoming::Text(_) | Incoming::Gone(_)) => incoming,
            other => {
                if let Some(action) = other.client_action() {
                    self.record(action);
                }
                Incoming::Other
            }
        }
    }

    fn record(&self, action: ClientAction) {
        let service = Service::Console(self.server);
        self.shared.env.record(service, self.link.id, action);
    }

    /// Checks the token and replies to it. Returns whether it was accepted. A self-hosted server does not reply to a wrong
    /// token.
    fn log_in(&self, token: &str, early: bool, fault: Option<Action>) -> bool {
        let send = |frame: Node, fault| self.link.send(&frame, "commandId", None, fault);
        self.shared.with(|state, now| {
            let stamped =
                |name, nth| samples::console(name, nth).with("timeStamp", console_time(now));
            let world = &state.world;
            let self_hosted = world.is_self_hosted(self.server);
            let caller = if self_hosted {
                let expected = self_hosted_token(state, self.server, self.shared.config.seed);
                (token.trim() == expected).then(|| (0, "Server".to_owned()))
            } else {
                let grant = world.cloud.tokens.check(token, now).ok();
                let grant = grant.filter(|it| it.purpose == Purpose::Console(self.server));
                grant.map(|grant| (grant.identity.id(), world.username(grant.identity.id())))
            };
            let fault = match fault {
                Some(Action::Refuse(_)) => {
                    send(stamped("auth-refused", 0), None);
                    return false;
                }
                Some(Action::Silence) => {
                    self.link.push(Outgoing::Silence);
                    return false;
                }
                Some(Action::Drop) => return false,
                // The delay is over.
                Some(Action::Delay(_)) => None,
                fault => fault,
            };
            let Some(caller) = caller else {
                if !self_hosted {
                    send(stamped("auth-refused", 0), fault);
                }
                return false;
            };
            let accepted = if world.has_numeric_enums(self.server) {
                stamped("numeric-enums", 0)
            } else {
                stamped("auth-accepted", 0)
            };
            let (id, name) = &caller;
            let text = format!("Connection Succeeded, Authenticated as: {id} - {name}");
            send(accepted.with("data", text), fault);
            if early {
                send(stamped("double-replies", 1), None);
            }
            let console = ConsoleConnection {
                link: self.link.clone(),
                server: self.server,
                caller,
                session: Session::default(),
                doubled: early,
            };
            state.consoles.insert(self.link.id, console);
            true
        })
    }

    /// Runs the command in a text frame. Frames that are not commands are ignored.
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
        let env = &self.shared.env;
        self.shared.with(|state, now| {
            run::run_or_wait(state, env, now, self.link.id, id, line);
        });
        stop::stop_if_quitting(self.shared, self.server);
    }
}
