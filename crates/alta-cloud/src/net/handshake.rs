use super::env::Env;
use super::faults::{Action, Hook, HttpReply};
use super::io::{BoxIo, Socket};
use super::journal::{ClientAction, Service};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{
    Callback, ErrorResponse, Request, Response,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The size of each connection's buffers; small, since there may be a thousand connections.
const BUFFER: usize = 4 * 1024;

/// The handshake of one connection.
struct Handshake<'a, C, T> {
    env: &'a Env,
    service: Service,
    connection: u64,
    fault: Option<Action>,
    check: C,
    accepted: &'a mut Option<T>,
}

impl<C, T> Callback for Handshake<'_, C, T>
where
    C: FnOnce(&[(String, String)]) -> Result<T, HttpReply>,
{
    fn on_request(self, request: &Request, response: Response) -> Result<Response, ErrorResponse> {
        let headers = headers(request.headers());
        let checked = match self.fault {
            Some(Action::Reply(reply)) => Err(reply),
            Some(Action::Refuse(status)) => Err(HttpReply::status(status)),
            _ => (self.check)(&headers),
        };
        let (action, result) = match checked {
            Ok(accepted) => {
                *self.accepted = Some(accepted);
                let mut response = response;
                self.env.sign(response.headers_mut());
                (ClientAction::Opened(headers), Ok(response))
            }
            Err(reply) => {
                let mut response = refusal(&reply);
                self.env.sign(response.headers_mut());
                (ClientAction::Refused(reply.status, headers), Err(response))
            }
        };
        self.env.record(self.service, self.connection, action);
        result
    }
}

/// Performs the handshake. Returns `None` if the client went away or was refused, or if a fault ended the connection.
pub(super) async fn upgrade<T>(
    env: &Env,
    io: BoxIo,
    service: Service,
    connection: u64,
    check: impl FnOnce(&[(String, String)]) -> Result<T, HttpReply> + Unpin,
) -> Option<(Socket, T)> {
    let (hook, server) = match service {
        Service::Console(server) => (Hook::ConsoleUpgrade, Some(server)),
        _ => (Hook::MainUpgrade, None),
    };
    let fault = env.fault(hook, server, "");
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
        Some(Action::Delay(delay)) => env.clock.sleep(delay).await,
        _ => {}
    }
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(env.limits.message))
        .max_frame_size(Some(env.limits.message));
    let mut accepted = None;
    let handshake = Handshake {
        env,
        service,
        connection,
        fault,
        check,
        accepted: &mut accepted,
    };
    let io = env.guarded(io);
    let accepting = tokio_tungstenite::accept_hdr_async_with_config(io, handshake, Some(config));
    let socket = match env.limits.head_timeout {
        Some(limit) => timeout(limit, accepting).await.ok()?,
        None => accepting.await,
    };
    let socket = socket.ok()?;
    Some((socket, accepted?))
}

/// Header names in lower case, values as text.
pub fn headers(map: &http::HeaderMap) -> Vec<(String, String)> {
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
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn refusal(reply: &HttpReply) -> ErrorResponse {
    let mut response = ErrorResponse::new(Some(reply.body.clone()));
    *response.status_mut() =
        http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::BAD_REQUEST);
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (
            http::HeaderName::try_from(name),
            http::HeaderValue::try_from(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    if let Ok(length) = http::HeaderValue::try_from(reply.body.len().to_string()) {
        response
            .headers_mut()
            .insert(http::header::CONTENT_LENGTH, length);
    }
    response
}
