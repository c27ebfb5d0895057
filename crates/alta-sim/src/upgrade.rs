//! The websocket handshake, seen from the server.

use std::sync::Arc;

use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::faults::{Action, Hook, HttpAnswer};
use crate::journal::{Service, What};
use crate::link::BoxIo;
use crate::shared::Shared;

/// Small: there may be a thousand consoles.
const BUFFER: usize = 4 * 1024;

/// The handshake of one connection.
struct Handshake<'a, C> {
    shared: &'a Shared,
    service: Service,
    connection: u64,
    fault: Option<Action>,
    check: C,
}

impl<C: FnOnce(&[(String, String)]) -> Result<(), HttpAnswer>> Callback for Handshake<'_, C> {
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        let headers = headers(request.headers());
        let checked = match self.fault {
            Some(Action::Answer(answer)) => Err(answer),
            Some(Action::Refuse(status)) => Err(HttpAnswer::status(status)),
            _ => (self.check)(&headers),
        };
        match checked {
            Ok(()) => {
                self.shared
                    .record(self.service, self.connection, What::Opened(headers));
                Ok(response)
            }
            Err(answer) => {
                self.shared.record(
                    self.service,
                    self.connection,
                    What::Refused(answer.status, headers),
                );
                Err(refusal(&answer))
            }
        }
    }
}

/// Shakes hands. `None` if the client went away, was refused, or a fault was armed for this.
pub(crate) async fn upgrade(
    shared: &Arc<Shared>,
    io: BoxIo,
    service: Service,
    connection: u64,
    check: impl FnOnce(&[(String, String)]) -> Result<(), HttpAnswer> + Unpin,
) -> Option<WebSocketStream<BoxIo>> {
    let (hook, server) = match service {
        Service::Console(server) => (Hook::ConsoleUpgrade, Some(server)),
        _ => (Hook::MainUpgrade, None),
    };
    let fault = shared.with(|state, _| state.faults.take(hook, server, ""));
    match fault {
        Some(Action::Silence | Action::Drop) => {
            let held = io;
            std::future::pending::<()>().await;
            drop(held);
            return None;
        }
        Some(Action::Cut | Action::CutInside | Action::Truncate | Action::Close(..)) => {
            return None;
        }
        Some(Action::Delay(after)) => tokio::time::sleep(after).await,
        _ => {}
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER);
    let handshake = Handshake {
        shared,
        service,
        connection,
        fault,
        check,
    };
    tokio_tungstenite::accept_hdr_async_with_config(io, handshake, Some(config))
        .await
        .ok()
}

/// Header names in lower case, values as text.
pub(crate) fn headers(map: &http::HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}

/// The value of a header; its name in lower case.
pub(crate) fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn refusal(answer: &HttpAnswer) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(answer.body.clone()));
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).unwrap_or(http::StatusCode::BAD_REQUEST);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (
            http::HeaderName::try_from(name),
            http::HeaderValue::try_from(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    if let Ok(length) = http::HeaderValue::try_from(answer.body.len().to_string()) {
        response
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, length);
    }
    response
}
