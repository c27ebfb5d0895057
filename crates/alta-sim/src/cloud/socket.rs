//! The main websocket.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use super::{migrate, subscriptions};
use crate::faults::{Action, Hook, HttpAnswer};
use crate::journal::{Service, What};
use crate::json::Node;
use crate::lenient;
use crate::link::{BoxIo, Link, Outgoing, Reader, Reading, pump};
use crate::recordings;
use crate::shared::{MainLink, Shared, State};
use crate::tokens::{Identity, Purpose, Refusal};
use crate::upgrade::{header, upgrade};

/// Serves one connection until it ends.
pub(crate) async fn serve(shared: &Arc<Shared>, io: BoxIo) {
    let id = shared.with(|state, _| state.connection_id());
    let mut identity = None;
    let check = |headers: &[(String, String)]| {
        let allowed = shared.with(|state, now| {
            match state
                .tokens
                .check_header(header(headers, "authorization"), now)
            {
                Ok(grant) if grant.purpose == Purpose::Access => Ok(grant.identity),
                Ok(_) => Err((403, "Forbidden")),
                Err(_) => Err((401, "Unauthorized")),
            }
        });
        match allowed {
            Ok(found @ Identity::Bot(_)) => {
                identity = Some(found);
                Ok(())
            }
            Ok(Identity::User(_)) => Err(gateway(403, "Forbidden")),
            Err((status, message)) => Err(gateway(status, message)),
        }
    };
    let Some(socket) = upgrade(shared, io, Service::MainSocket, id, check).await else {
        return;
    };
    let Some(identity) = identity else { return };
    let (link, outgoing) = Link::new(id, shared.config.queue, shared.stop.child_token());
    shared.with(|state, _| {
        state.opened(Service::MainSocket, &link);
        state.mains.insert(
            id,
            MainLink {
                link: link.clone(),
                identity,
                subscriptions: BTreeSet::new(),
            },
        );
    });
    let code = pump(
        socket,
        &link,
        outgoing,
        shared,
        Requests {
            shared,
            link: &link,
        },
    )
    .await;
    shared.with(|state, _| state.ended(id));
    shared.record(Service::MainSocket, id, What::Closed(code));
}

fn gateway(status: u16, message: &str) -> HttpAnswer {
    HttpAnswer::status(status).body(
        "application/json",
        &format!("{{\"message\":\"{message}\"}}"),
    )
}

/// Takes a client's requests; idle and old connections are closed as the gateway does.
struct Requests<'a> {
    shared: &'a Shared,
    link: &'a Link,
}

impl Reader for Requests<'_> {
    async fn read(self, reading: &mut Reading) -> Option<u16> {
        let Self { shared, link } = self;
        let end = Instant::now() + shared.config.socket_life;
        let mut told = false;
        let mut code = None;
        loop {
            let deadline = end.min(Instant::now() + shared.config.socket_idle);
            let message = if told {
                reading.next().await
            } else if let Ok(message) = timeout_at(deadline, reading.next()).await {
                message
            } else {
                told = true;
                link.push(Outgoing::Close(1001, "Going away".to_owned()));
                continue;
            };
            let what = match message {
                Some(Ok(Message::Text(text))) => What::Text(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => What::Binary(bytes),
                Some(Ok(Message::Ping(_))) => What::Ping,
                Some(Ok(Message::Close(frame))) => {
                    code = frame.map(|frame| frame.code.into());
                    continue;
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return code,
            };
            let text = if let What::Text(text) = &what {
                Some(text.clone())
            } else {
                None
            };
            shared.record(Service::MainSocket, link.id, what);
            if let Some(text) = text {
                link.room().await;
                let delay = shared.look(|state| state.main_read_delay);
                if !delay.is_zero() {
                    tokio::time::sleep(delay).await;
                }
                answer(shared, link, &text);
            }
        }
    }
}

/// A request, taken apart.
pub(crate) struct Asked {
    pub(crate) id: Node,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) content: Value,
}

impl Asked {
    /// As forgiving as REST is with bodies: single quotes, numbers in strings, member names in any case.
    fn parse(text: &str) -> Option<Self> {
        let frame = lenient::parse(text.as_bytes())?;
        let text = |name: &str| lenient::text(&frame, name).map(str::to_owned);
        Some(Self {
            id: lenient::number(lenient::member(&frame, "id"))?.into(),
            method: text("method")?,
            path: text("path")?,
            authorization: text("authorization"),
            content: lenient::member(&frame, "content")
                .cloned()
                .unwrap_or_default(),
        })
    }

    /// The content, whether it came as JSON or as a string that holds JSON.
    pub(crate) fn json_content(&self) -> Value {
        match &self.content {
            Value::String(text) => lenient::parse(text.as_bytes()).unwrap_or_default(),
            other => other.clone(),
        }
    }
}

/// What is answered: a status and the content as text.
pub(crate) struct Outcome {
    pub(crate) status: u16,
    pub(crate) content: String,
}

impl Outcome {
    pub(crate) fn ok(content: impl Into<String>) -> Self {
        Self {
            status: 200,
            content: content.into(),
        }
    }

    /// An error with the content of a fixture.
    pub(crate) fn recorded(recording: &str) -> Self {
        let frame = recordings::main_socket(recording, 0);
        let status = frame
            .get("responseCode")
            .map_or(400, |code| code.to_string().parse().unwrap_or(400));
        let content = frame
            .get("content")
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned();
        Self { status, content }
    }

    pub(crate) fn error(status: u16, message: &str, code: &str) -> Self {
        let content = recordings::main_content("subscribe-not-found");
        Self {
            status,
            content: content
                .with("message", message)
                .with("error_code", code)
                .to_string(),
        }
    }
}

/// Answers a text frame.
fn answer(shared: &Shared, link: &Link, text: &str) {
    shared.with(|state, now| {
        let Some(asked) = Asked::parse(text) else {
            let fault = state.faults.take(Hook::MainRequest, None, text);
            link.send(
                shared,
                &recordings::main_socket("text-ping", 0),
                "id",
                None,
                fault,
            );
            return;
        };
        let fault = state.faults.take(
            Hook::MainRequest,
            None,
            &format!("{} {}", asked.method, asked.path),
        );
        let token = state
            .tokens
            .check_header(asked.authorization.as_deref(), now);
        let (outcome, fault) = match (fault, token) {
            (Some(Action::Refuse(status)), _) => (
                Outcome::error(status, "Refused on demand", "UnspecifiedError"),
                None,
            ),
            (fault, Err(Refusal::Expired)) => {
                (Outcome::error(401, "Expired token", "ExpiredToken"), fault)
            }
            (fault, Err(_)) => (
                Outcome::error(401, "Unauthorized", "InvalidPermissionsToPerformAction"),
                fault,
            ),
            (fault, Ok(_)) => (perform(state, link.id, &asked), fault),
        };
        let frame = recordings::main_socket("subscribe", 0)
            .with("id", asked.id.clone())
            .with("key", format!("{} /ws/{}", asked.method, asked.path))
            .with("content", outcome.content)
            .with("responseCode", u64::from(outcome.status));
        link.send(shared, &frame, "id", None, fault);
    });
}

fn perform(state: &mut State, connection: u64, asked: &Asked) -> Outcome {
    let path: Vec<&str> = asked.path.split('/').collect();
    match (asked.method.as_str(), path.as_slice()) {
        ("POST", ["subscription", "batch"]) => {
            subscriptions::batch(state, connection, &asked.json_content())
        }
        ("POST", ["subscription", event, key]) => {
            subscriptions::subscribe(state, connection, event, key)
        }
        ("DELETE", ["subscription", event, key]) => {
            subscriptions::unsubscribe(state, connection, event, key)
        }
        ("GET", ["migrate"]) => migrate::token(state, connection),
        ("POST", ["migrate"]) => migrate::migrate(state, connection, &asked.json_content()),
        _ => Outcome::recorded("subscribe-not-found"),
    }
}
