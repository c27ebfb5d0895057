use super::call::Call;
use super::reply::Reply;
use super::{router, token};
use crate::host::{Host, NoFile};
use crate::net::{
    Action, BoxIo, ClientAction, Clock, Hook, HttpReply, HttpRequest, Junk, Service, headers,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// The longest request body, above that of any client.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Serves HTTP/1.1 on one connection until the client closes it.
pub async fn serve<H: Host>(host: &Arc<H>, io: BoxIo) {
    let connection = host.env().connections.next_id();
    let service = service_fn(|request| respond(host, connection, request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    let serving = builder
        .half_close(true)
        .serve_connection(TokioIo::new(io), service);
    // A client may go away at any time.
    let _ = serving.await;
}

async fn respond<H: Host>(
    host: &Arc<H>,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Gone> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(|_| Gone)?
        .to_bytes();
    let request = HttpRequest {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers(&head.headers),
        body,
    };
    let env = host.env();
    env.record(
        Service::Http,
        connection,
        ClientAction::Request(request.clone()),
    );
    let question = if request.query.is_empty() {
        String::new()
    } else {
        format!("?{}", request.query)
    };
    let text = format!("{} {}{question}", request.method, request.path);
    let fault = env.fault(Hook::Http, None, &text);
    match fault {
        Some(Action::Reply(reply)) => return Ok(response(&reply, false)),
        Some(Action::Refuse(status)) => {
            let refusal = Reply::error(status, "Refused on demand", "UnspecifiedError");
            return Ok(response(&refusal.into_http(), false));
        }
        _ => {}
    }
    let reply = route(host, &request).into_http();
    changed(&env.clock, fault, &reply).await
}

/// The response, changed as a fault demands.
async fn changed(
    clock: &Clock,
    fault: Option<Action>,
    reply: &HttpReply,
) -> Result<Response<ReplyBody>, Gone> {
    match fault {
        Some(Action::Drop | Action::Silence) => std::future::pending().await,
        Some(Action::Delay(delay)) => clock.sleep(delay).await,
        Some(Action::Cut | Action::Close(..)) => return Err(Gone),
        Some(Action::Truncate) => return Ok(response(reply, true)),
        Some(Action::Instead(junk)) => {
            let body = match junk {
                Junk::Text(text) => Bytes::from(text),
                Junk::Binary(bytes) => Bytes::from(bytes),
                Junk::Oversize(size) => Bytes::from(vec![b'x'; size]),
                Junk::InvalidUtf8 => Bytes::from_static(b"\"\xff\xfe\""),
            };
            let mut response = response(reply, false);
            *response.body_mut() = ReplyBody {
                rest: body,
                cut_after: None,
            };
            return Ok(response);
        }
        _ => {}
    }
    Ok(response(reply, false))
}

fn route<H: Host>(host: &Arc<H>, request: &HttpRequest) -> Reply {
    let call = Call::new(request);
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let reply = match path.as_slice() {
        ["connect", "token"] => host.with_cloud(|cloud, now| token::token(cloud, now, request)),
        [".well-known", "openid-configuration"] => token::discovery(&call),
        ["output", user, file] => file_of(&**host, request, user, file),
        _ => host.with_cloud(|cloud, now| router::route(cloud, now, &call)),
    };
    if let Some(server) = reply.starts {
        // The reply says that the server is starting; the client's next request shows whether it runs.
        host.start_server(server);
    }
    reply
}

/// `GET /output/{user}/{file}` of a console's file server.
fn file_of<H: Host>(host: &H, request: &HttpRequest, user: &str, file: &str) -> Reply {
    match host.file(request.header("authorization"), user, file) {
        Err(NoFile::Unauthorized) => Reply::gateway(401, "Unauthorized"),
        Err(NoFile::Forbidden) => Reply::gateway(403, "Forbidden"),
        Ok(_) if request.method != "GET" => Reply::wrong_method(),
        Ok(text) => Reply::file(text),
    }
}

fn response(reply: &HttpReply, truncated: bool) -> Response<ReplyBody> {
    let body = Bytes::from(reply.body.clone());
    let cut_after = truncated.then_some(body.len() / 2);
    let mut response = Response::new(ReplyBody {
        rest: body,
        cut_after,
    });
    *response.status_mut() =
        StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &reply.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// Ends the connection without a response.
#[derive(Debug)]
struct Gone;

impl std::fmt::Display for Gone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is cut")
    }
}

impl std::error::Error for Gone {}

impl From<Infallible> for Gone {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// The body of a response, whole or truncated.
#[derive(Debug)]
struct ReplyBody {
    rest: Bytes,
    cut_after: Option<usize>,
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Gone;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Gone>>> {
        match self.cut_after {
            Some(0) => Poll::Ready(Some(Err(Gone))),
            Some(length) => {
                self.cut_after = Some(0);
                let half = self.rest.slice(..length);
                Poll::Ready(Some(Ok(Frame::data(half))))
            }
            None if self.rest.is_empty() => Poll::Ready(None),
            None => Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.rest))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut_after.is_none() && self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
