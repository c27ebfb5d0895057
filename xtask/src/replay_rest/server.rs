//! A server on the loopback that gives the fixture's reply: `wiremock`, or a plain listener for bodies that `wiremock` cannot send.

use super::recorded::{PAGING, Recorded, Transfer};
use crate::Error;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

/// The size of the parts in which `Transfer::Drip` sends a body, in bytes.
const DRIP_SIZE: usize = 7;

/// A received request.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) method: String,
    pub(super) url: Url,
    /// The names are in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

pub(super) enum Server {
    Whole(MockServer),
    Bare {
        address: String,
        received: Arc<Mutex<Vec<Sent>>>,
        task: JoinHandle<()>,
    },
}

impl Server {
    pub(super) async fn start(recorded: &Recorded) -> Result<Self, Error> {
        let Some(transfer) = recorded.response.transfer else {
            let server = MockServer::start().await;
            Mock::given(any())
                .respond_with(Replies::of(recorded))
                .mount(&server)
                .await;
            return Ok(Self::Whole(server));
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let received = Arc::default();
        let log = Arc::clone(&received);
        let (head, body) = (head(recorded), recorded.reply());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // The client reports errors of the connection.
                let _ = serve(stream, &log, &head, &body, transfer).await;
            }
        });
        Ok(Self::Bare {
            address,
            received,
            task,
        })
    }

    /// The address of the server, without a slash at the end.
    pub(super) fn uri(&self) -> String {
        match self {
            Self::Whole(server) => server.uri(),
            Self::Bare { address, .. } => address.clone(),
        }
    }

    pub(super) async fn received(&self) -> Vec<Sent> {
        match self {
            Self::Whole(server) => server
                .received_requests()
                .await
                .into_iter()
                .flatten()
                .map(|request| Sent {
                    method: request.method.to_string(),
                    headers: request
                        .headers
                        .iter()
                        .map(|(name, value)| {
                            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                            (name.as_str().to_owned(), value)
                        })
                        .collect(),
                    url: request.url,
                    body: request.body,
                })
                .collect(),
            Self::Bare { received, .. } => received
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Self::Bare { task, .. } = self {
            task.abort();
        }
    }
}

/// The fixture's reply, and the replies that a client needs before and after it.
struct Replies {
    recorded: ResponseTemplate,
    is_renewal: bool,
    /// The paging token that the fixture's request sends: the server sends an empty page with it first.
    token: Option<String>,
    count: AtomicUsize,
}

impl Replies {
    fn of(recorded: &Recorded) -> Self {
        let mut template = ResponseTemplate::new(recorded.response.status);
        for (name, value) in &recorded.response.headers {
            template = template.insert_header(name.as_str(), value.as_str());
        }
        let kind = recorded
            .response
            .headers
            .get("content-type")
            .map_or("application/octet-stream", String::as_str);
        if !recorded.response.body.is_null() {
            template = template.set_body_raw(recorded.reply(), kind);
        }
        Self {
            recorded: template,
            is_renewal: recorded.request.method == "PUT" && recorded.request.path == "/sessions",
            token: recorded.request.query.get(PAGING).cloned(),
            count: AtomicUsize::new(0),
        }
    }
}

impl Respond for Replies {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        // The client logs in before it renews a session, and again after a refusal.
        if self.is_renewal && request.method.as_str() != "PUT" {
            return ResponseTemplate::new(200).set_body_json(serde_json::json!({
                "access_token": "<user access token>", "refresh_token": "<refresh token>",
            }));
        }
        let empty = || ResponseTemplate::new(200).set_body_raw("[]", "application/json");
        match (self.count.fetch_add(1, Ordering::SeqCst), &self.token) {
            (0, Some(token)) => empty().insert_header(PAGING, token.as_str()),
            (0, None) | (1, Some(_)) => self.recorded.clone(),
            _ => empty(),
        }
    }
}

fn head(recorded: &Recorded) -> String {
    let response = &recorded.response;
    let headers: String = response
        .headers
        .iter()
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        .collect();
    format!(
        "HTTP/1.1 {} recorded\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        response.status,
        recorded.reply().len()
    )
}

async fn serve(
    mut stream: TcpStream,
    log: &Mutex<Vec<Sent>>,
    head: &str,
    body: &[u8],
    transfer: Transfer,
) -> Result<(), Error> {
    let sent = read(&mut stream).await?;
    log.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(sent);
    stream.set_nodelay(true)?;
    stream.write_all(head.as_bytes()).await?;
    match transfer {
        Transfer::Cut => stream.write_all(&body[..body.len() / 2]).await?,
        Transfer::Drip => {
            for part in body.chunks(DRIP_SIZE) {
                stream.write_all(part).await?;
                tokio::task::yield_now().await;
            }
        }
    }
    stream.shutdown().await?;
    Ok(())
}

/// Reads one request of our own client, which always sends `content-length` with a body.
async fn read(stream: &mut TcpStream) -> Result<Sent, Error> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head)?;
    let mut lines = head.lines();
    let mut start = lines.next().unwrap_or_default().split(' ');
    let method = start.next().unwrap_or_default().to_owned();
    let path = start.next().unwrap_or_default();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers
        .get("content-length")
        .map_or(Ok(0), |length| length.parse())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Sent {
        method,
        url: Url::parse(&format!("http://localhost{path}"))?,
        headers,
        body,
    })
}
