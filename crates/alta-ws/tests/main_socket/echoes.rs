//! A server that repeats every token that it received, and control characters for terminals, wherever it can: neither
//! is in an error or a log.

use crate::log::Log;
use crate::support::within;
use crate::support_of_both::check_line;
use alta_auth::{BotTokens, Error, Token, TokenSource};
use alta_model::GroupId;
use alta_ws::{BackoffPolicy, Client, Config, ErrorKind, GroupUpdate, Missed, Topic};
use futures_core::future::BoxFuture;
use futures_util::{SinkExt as _, StreamExt as _};
use http::Method;
use serde_json::{Value, json};
use std::error::Error as StdError;
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// A token that is escaped in JSON.
const TOKEN: &str = "a/token+of \"some\" length=";

/// The content of the migration token.
const MIGRATION: &str = "only-for/this move";

/// The service's own `x-api-key`.
const KEY: &str = "our/key";

/// A control sequence of terminals.
const OBEYED: &str = "\u{1b}[2J\r\n\u{202e}\u{9b}31m\u{2028}";

/// Another token after each refusal.
struct Numbered(AtomicUsize);

impl Numbered {
    fn current(&self) -> Token {
        Token::new(format!("{TOKEN}{}", self.0.load(Ordering::SeqCst)))
    }
}

impl TokenSource for Numbered {
    fn token(&self) -> BoxFuture<'_, Result<Token, Error>> {
        Box::pin(std::future::ready(Ok(self.current())))
    }

    fn renew<'a>(&'a self, stale: &'a Token) -> BoxFuture<'a, Result<Token, Error>> {
        if *stale == self.current() {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
        self.token()
    }
}

/// Every token that arrived.
type Tokens = Arc<Mutex<Vec<String>>>;

type Socket = WebSocketStream<TcpStream>;

async fn accept(listener: &TcpListener, tokens: &Tokens) -> Socket {
    let (stream, _) = listener.accept().await.unwrap();
    let received = Arc::clone(tokens);
    #[allow(clippy::result_large_err, reason = "the library's type")]
    let note = move |request: &Request, response: Response| {
        let header = &request.headers()["authorization"];
        note(&received, std::str::from_utf8(header.as_bytes()).unwrap());
        Ok(response)
    };
    tokio_tungstenite::accept_hdr_async(stream, note)
        .await
        .unwrap()
}

fn note(tokens: &Tokens, header: &str) {
    let token = header.strip_prefix("Bearer ").unwrap().to_owned();
    let mut tokens = tokens.lock().unwrap();
    if !tokens.contains(&token) {
        tokens.push(token);
    }
}

/// Replies in turn with each part that can contain a token, old tokens included.
async fn serve(mut socket: Socket, tokens: &Tokens) {
    while let Some(Ok(frame)) = socket.next().await {
        let Ok(request) = serde_json::from_str::<Value>(frame.to_text().unwrap_or_default()) else {
            continue;
        };
        note(tokens, request["authorization"].as_str().unwrap());
        let text = format!("{KEY}, {}{OBEYED}", tokens.lock().unwrap().join(", "));
        let path = request["path"].as_str().unwrap();
        if path == "migrate" {
            note(tokens, &format!("Bearer {MIGRATION}"));
        }
        let repeated = json!({"message": text, "error_code": text}).to_string();
        let (status, content) = match path {
            "migrate" => (200, json!({"token": MIGRATION}).to_string()),
            "teapot" => (418, repeated),
            // As other serializers write it.
            "slashes" => (418, repeated.replace('/', "\\/")),
            "plain" => (500, text.clone()),
            "stale" => (401, repeated),
            "number" => (200, json!(text).to_string()),
            _ if path.ends_with("/1") => (404, repeated),
            _ => (200, String::new()),
        };
        let method = request["method"].as_str().unwrap();
        let reply = json!({
            "id": request["id"], "event": "response", "key": format!("{method} /ws/{path}"),
            "content": content, "responseCode": status,
        });
        let gateway = json!({"message": text, "connectionId": text, "requestId": text});
        let frames = match path {
            "gateway" => vec![gateway.to_string()],
            "close" => {
                let code = 3000.into();
                let end = text.char_indices().nth(100).map_or(text.len(), |(at, _)| at);
                let reason = text[..end].to_owned().into();
                let _ = socket.close(Some(CloseFrame { code, reason })).await;
                return;
            }
            "migrate" => vec![reply.to_string()],
            _ => vec![
                json!({"id": 0, "event": text, "key": text, "content": text, "responseCode": 200})
                    .to_string(),
                format!("{{\"{}", text.escape_debug()),
                json!({"id": 0, "event": "group-update", "key": "7", "content": json!(text).to_string(),
                    "responseCode": 200})
                .to_string(),
                reply.to_string(),
            ],
        };
        for frame in frames {
            let _ = socket.send(frame.into()).await;
        }
    }
}

#[derive(Default)]
struct Shown(String);

impl Shown {
    fn error(&mut self, error: &(dyn StdError + 'static)) {
        for error in std::iter::successors(Some(error), |&error| error.source()) {
            writeln!(self.0, "{error}").unwrap();
            self.debug(&error);
        }
    }

    fn debug(&mut self, value: &dyn Debug) {
        writeln!(self.0, "{value:?}").unwrap();
        // The lines of this crate's dependencies are theirs.
        writeln!(self.0, "{}", format!("{value:#?}").replace('\n', " ")).unwrap();
    }
}

#[tokio::test]
async fn promise_12_a_token_that_a_server_repeats_is_in_no_error_and_no_log() {
    let (log, _guard) = Log::capture("debug,alta_ws=trace,alta_socket=trace,alta_auth=trace");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let tokens = Tokens::default();
    let server = {
        let tokens = Arc::clone(&tokens);
        tokio::spawn(async move {
            loop {
                let socket = accept(&listener, &tokens).await;
                let tokens = Arc::clone(&tokens);
                tokio::spawn(async move { serve(socket, &tokens).await });
            }
        })
    };
    let soon = Duration::from_millis(20);
    let config = Config::default()
        .url(url.parse().unwrap())
        .api_key(KEY)
        .backoff(BackoffPolicy::new(soon, soon))
        .linger(soon);
    let client = Client::open_with(BotTokens::new(Numbered(AtomicUsize::new(1))), config).unwrap();
    within(client.ready()).await.unwrap();

    let mut shown = Shown::default();
    let mut updates = within(client.subscribe(GroupUpdate(GroupId::new(7))))
        .await
        .unwrap();
    let mut everything = client.subscribe_to_everything().start();
    // First with one token, then with another after it.
    for _ in 0..2 {
        for path in ["teapot", "slashes", "plain", "gateway"] {
            let error = within(client.request(Method::GET, path, None))
                .await
                .unwrap_err();
            assert!(
                matches!(
                    error.kind(),
                    ErrorKind::Refused { .. } | ErrorKind::Gateway { .. }
                ),
                "{error}"
            );
            shown.error(&error);
            shown.error(error.kind());
        }
        let reply = within(client.request(Method::GET, "number", None))
            .await
            .unwrap();
        // A program gets the unchanged value.
        assert!(reply.json::<String>().unwrap().contains(OBEYED));
        let error = reply.json::<u32>().unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Decode);
        assert!(error.source().is_some());
        shown.error(&error);
        let missed = within(updates.next()).await.unwrap().unwrap_err();
        assert!(matches!(missed, Missed::Undecodable { .. }), "{missed}");
        shown.error(&missed);
        match within(everything.next()).await.unwrap() {
            // A name is given by the program, and shown without control characters.
            Ok(event) => assert!(!event.topic.to_string().contains(char::is_control)),
            Err(missed) => shown.error(&missed),
        }
        let refused = within(client.subscribe(Topic::new("group-update", 1).unwrap())).await;
        shown.error(&refused.unwrap_err());
        shown.debug(&client.status());
        let error = within(client.request(Method::GET, "close", None)).await;
        shown.error(&error.unwrap_err());
        let is_up = |status: &alta_ws::Status| status.totals.connects > 1;
        within(client.statuses().wait_for(is_up)).await.unwrap();
        let stale = within(client.request(Method::GET, "stale", None)).await;
        shown.error(&stale.unwrap_err());
    }
    // The server does not migrate: the second step is refused.
    let _ = tokio::time::timeout(Duration::from_secs(5), client.migrate_now()).await;
    let error = within(client.request(Method::GET, "teapot", None)).await;
    shown.error(&error.unwrap_err());
    within(client.close()).await;
    server.abort();

    let known = tokens.lock().unwrap().clone();
    assert!(known.len() >= 2, "a token was renewed: {known:?}");
    let text = shown.0 + &log.lines().join("\n");
    assert!(
        text.contains("<redacted>") && text.contains("code 3000"),
        "{text}"
    );
    for line in text.lines() {
        let secrets = known.iter().map(String::as_str);
        check_line(
            line,
            secrets.chain([TOKEN, MIGRATION, KEY, "some\\\" length"]),
        );
    }
}
