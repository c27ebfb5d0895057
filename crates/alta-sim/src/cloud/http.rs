//! HTTP as such: reading requests, recording them, faults, writing answers.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;

use super::reply::Reply;
use super::{rest, token};
use crate::faults::{Action, Hook, HttpAnswer, Junk};
use crate::journal::{HttpRequest, Service, What};
use crate::link::BoxIo;
use crate::listen;
use crate::shared::Shared;
use crate::upgrade::headers;

/// More than any request of any client.
const BODY_LIMIT: usize = 16 * 1024 * 1024;

/// Serves HTTP/1.1 until the client is done.
pub(crate) async fn serve(shared: &Arc<Shared>, io: BoxIo) {
    let connection = shared.with(|state, _| state.connection_id());
    let service = service_fn(|request| answer(shared, connection, request));
    let mut builder = hyper::server::conn::http1::Builder::new();
    let serving = builder
        .half_close(true)
        .serve_connection(TokioIo::new(io), service);
    // A client that goes away is no concern of anybody.
    let _ = serving.await;
}

async fn answer(
    shared: &Arc<Shared>,
    connection: u64,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Gone> {
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
    shared.record(Service::Http, connection, What::Request(request.clone()));
    let question = if request.query.is_empty() {
        String::new()
    } else {
        format!("?{}", request.query)
    };
    let occasion = format!("{} {}{question}", request.method, request.path);
    let fault = shared.with(|state, _| state.faults.take(Hook::Http, None, &occasion));
    match fault {
        Some(Action::Answer(answer)) => return Ok(response(&answer, false)),
        Some(Action::Refuse(status)) => {
            let refusal = Reply::error(status, "Refused on demand", "UnspecifiedError");
            return Ok(response(&refusal.into_answer(), false));
        }
        _ => {}
    }
    let reply = route(shared, &request);
    let reply = respond(fault, reply.into_answer()).await?;
    Ok(reply)
}

/// Answers as a fault wants it.
async fn respond(fault: Option<Action>, answer: HttpAnswer) -> Result<Response<Answer>, Gone> {
    match fault {
        Some(Action::Drop | Action::Silence) => std::future::pending().await,
        Some(Action::Delay(after)) => tokio::time::sleep(after).await,
        Some(Action::Cut | Action::Close(..)) => return Err(Gone),
        Some(Action::Truncate) => return Ok(response(&answer, true)),
        Some(Action::Instead(junk)) => {
            let body = match junk {
                Junk::Text(text) => Bytes::from(text),
                Junk::Binary(bytes) => Bytes::from(bytes),
                Junk::Oversize(size) => Bytes::from(vec![b'x'; size]),
                Junk::InvalidUtf8 => Bytes::from_static(b"\"\xff\xfe\""),
            };
            let mut response = response(&answer, false);
            *response.body_mut() = Answer {
                rest: body,
                cut_after: None,
            };
            return Ok(response);
        }
        _ => {}
    }
    Ok(response(&answer, false))
}

fn route(shared: &Arc<Shared>, request: &HttpRequest) -> Reply {
    let call = Call::new(request);
    let config = &shared.config;
    let reply = shared.with(|state, now| {
        match call
            .path
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["connect", "token"] => token::token(state, config, now, request),
            [".well-known", "openid-configuration"] => token::discovery(&call),
            ["output", user, file] => rest::file(state, now, &call, user, file),
            _ => rest::route(state, config, now, &call),
        }
    });
    if let Some(server) = reply.launch {
        // The answer has already said that it is being started; the next look tells whether it worked.
        let _ = listen::start_server(shared, server);
    }
    reply
}

/// A request taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) request: &'a HttpRequest,
    /// The decoded segments as sent; compare them in lower case.
    pub(crate) raw: Vec<String>,
    /// The decoded segments in lower case.
    pub(crate) path: Vec<String>,
    /// Names in lower case.
    pub(crate) query: BTreeMap<String, String>,
}

impl<'a> Call<'a> {
    fn new(request: &'a HttpRequest) -> Self {
        let raw: Vec<String> = request
            .path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let path = raw.iter().map(|segment| segment.to_lowercase()).collect();
        let query = form(&request.query)
            .into_iter()
            .map(|(name, value)| (name.to_lowercase(), value))
            .collect();
        Self {
            request,
            raw,
            path,
            query,
        }
    }
}

/// Names and values of a query or a form.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        percent_decode_str(&part.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn response(answer: &HttpAnswer, truncated: bool) -> Response<Answer> {
    let body = Bytes::from(answer.body.clone());
    let cut_after = truncated.then_some(body.len() / 2);
    let mut response = Response::new(Answer {
        rest: body,
        cut_after,
    });
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The connection is to be ended without an answer.
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

/// A body, whole or cut short.
#[derive(Debug)]
struct Answer {
    rest: Bytes,
    cut_after: Option<usize>,
}

impl Body for Answer {
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
