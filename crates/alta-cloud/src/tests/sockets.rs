//! Malformed and malicious use of the main websocket.

use super::support::{TIMEOUT, World, exchange};
use crate::host::Host as _;
use crate::net::{Limits, Rate};
use crate::state::{Identity, Membership, Purpose, Scopes};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A client of the main websocket.
pub(super) struct Client(WebSocketStream<DuplexStream>);

async fn try_open(world: &World, token: &str) -> Result<Client, Error> {
    Client::open(world.socket(), token).await
}

/// A socket of one of the bots, and its token.
async fn open(world: &World, bot: usize) -> (Client, String) {
    let token = world.bot_token(world.bots[bot], Scopes::ALL);
    let client = try_open(world, &token).await.unwrap();
    (client, token)
}

impl Client {
    pub(super) async fn open(stream: DuplexStream, token: &str) -> Result<Self, Error> {
        let mut request = "ws://127.0.0.1/".into_client_request().unwrap();
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert("authorization", bearer);
        let opening = client_async(request, stream);
        let (socket, _) = timeout(TIMEOUT, opening).await.expect("a reply in time")?;
        Ok(Self(socket))
    }

    async fn send(&mut self, message: Message) -> bool {
        timeout(TIMEOUT, self.0.send(message))
            .await
            .expect("a write in time")
            .is_ok()
    }

    /// The next frame; `None` at the end of the connection.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(TIMEOUT, self.0.next())
                .await
                .expect("a frame in time")
            {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn request(&mut self, token: &str, method: &str, path: &str, content: &Value) -> Value {
        let frame = json!({
            "id": 1,
            "method": method,
            "path": path,
            "authorization": format!("Bearer {token}"),
            "content": content.to_string(),
        });
        assert!(self.send(Message::text(frame.to_string())).await);
        self.next().await.unwrap()
    }

    pub(super) async fn subscribe(&mut self, token: &str, event: &str, key: u64) -> Value {
        let path = format!("subscription/{event}/{key}");
        let reply = self.request(token, "POST", &path, &Value::Null).await;
        reply["responseCode"].clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_does_not_end_is_cut() {
    let world = World::new(Limits::default());
    for start in ["", "GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\n"] {
        let begin = Instant::now();
        let text = exchange(world.socket(), start.as_bytes()).await;
        assert_eq!(text, "");
        assert!(begin.elapsed() >= world.env().limits.head_timeout.unwrap());
    }
}

#[tokio::test]
async fn only_bots_open_a_socket() {
    let world = World::new(Limits::default());
    let (bot, user) = (Identity::Bot(world.bots[3]), Identity::User(world.users[0]));
    let tokens = [
        ("garbage".to_owned(), 401),
        (world.token(user, Purpose::Access), 403),
        (world.token(bot, Purpose::Refresh), 403),
        (world.token(bot, Purpose::Identity), 403),
        (world.token(bot, Purpose::Console(world.server)), 403),
    ];
    for (token, expected) in tokens {
        match try_open(&world, &token).await.map(drop) {
            Err(Error::Http(response)) => assert_eq!(response.status(), expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn large_messages_end_the_connection() {
    let world = World::new(Limits::default());
    let limit = world.env().limits.message;
    let (mut client, _) = open(&world, 1).await;
    client.send(Message::text("x".repeat(limit + 1))).await;
    assert_eq!(client.next().await, None);

    // The parts are small, the message never ends.
    let (mut client, _) = open(&world, 1).await;
    let mut kind = Data::Text;
    for _ in 0..=limit / 8_192 {
        let part = Frame::message(vec![b'x'; 8_192], OpCode::Data(kind), false);
        if !client.send(Message::Frame(part)).await {
            break;
        }
        kind = Data::Continue;
    }
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn garbage_is_refused_and_the_connection_stays() {
    let world = World::new(Limits::default());
    let (mut client, token) = open(&world, 1).await;
    for text in [
        "ping".to_owned(),
        "{}".to_owned(),
        "[]".to_owned(),
        "[".repeat(10_000),
        "{'id':".repeat(10_000),
        "{\"id\":-1,\"method\":\"GET\",\"path\":\"migrate\"}".to_owned(),
        "{\"id\":1,\"method\":{},\"path\":[]}".to_owned(),
    ] {
        assert!(client.send(Message::text(text.clone())).await);
        let reply = client.next().await.unwrap();
        assert_eq!(reply["responseCode"], 400, "{text}");
    }
    client.send(Message::binary(vec![0; 1_000])).await;
    client.send(Message::Ping(vec![0; 100].into())).await;
    for (path, content) in [
        ("subscription", json!(null)),
        ("subscription/group-update", json!(null)),
        ("subscription/group-update/1/2", json!(null)),
        ("subscription/../migrate", json!(null)),
        ("subscription/group-update/%00", json!(null)),
        ("migrate", json!({"token": "migration-0"})),
        ("migrate", json!([])),
        ("subscription/batch", json!({})),
    ] {
        let reply = client.request(&token, "POST", path, &content).await;
        let code = reply["responseCode"].as_u64().unwrap();
        assert!((400..500).contains(&code), "{path}: {reply}");
    }
    let keys: Vec<String> = (0..101).map(|key| key.to_string()).collect();
    let many = json!([{"event": "group-update", "keys": keys}]);
    let reply = client
        .request(&token, "POST", "subscription/batch", &many)
        .await;
    assert_eq!(reply["responseCode"], 400);
    let code = client.subscribe(&token, "group-update", world.group).await;
    assert_eq!(code, 200);
}

#[tokio::test]
async fn a_request_needs_the_token_of_the_account_that_opened_the_socket() {
    let world = World::new(Limits::default());
    let (mut client, token) = open(&world, 0).await;
    let (owner, user) = (Identity::Bot(world.bots[3]), Identity::User(world.users[0]));
    let stranger = Identity::Bot(world.bots[0]);
    for (token, expected) in [
        (String::new(), 401),
        ("garbage".to_owned(), 401),
        (world.bot_token(world.bots[3], Scopes::ALL), 403),
        (world.token(owner, Purpose::Access), 403),
        (world.token(user, Purpose::Access), 403),
        (world.token(stranger, Purpose::Refresh), 403),
        (world.token(stranger, Purpose::Console(world.server)), 403),
        (world.bot_token(world.bots[0], Scopes::NONE), 403),
        (token, 404),
    ] {
        let code = client.subscribe(&token, "group-update", world.group).await;
        assert_eq!(code, expected);
        let code = client
            .subscribe(&token, "me-group-create", world.bots[3])
            .await;
        assert_eq!(code, expected);
    }
}

#[tokio::test]
async fn each_event_needs_its_scope() {
    let world = World::new(Limits::default());
    let (mut client, _) = open(&world, 1).await;
    let (me, group) = (world.bots[1], world.group);
    for (event, key, scope) in [
        ("me-group-create", me, "ws.group"),
        ("me-group-invite-create", me, "ws.group_invites"),
        ("me-group-request-delete", me, "ws.group_invites"),
        ("group-update", group, "ws.group"),
        ("group-member-create", group, "ws.group_members"),
        ("group-server-status", group, "ws.group_servers"),
        ("group-ban-create", group, "ws.group_bans"),
        ("group-invite-delete", group, "ws.group_invites"),
        ("group-request-create", group, "ws.group_invites"),
    ] {
        let others = Scopes::ALL.names().filter(|name| *name != scope);
        let others = others.collect::<Vec<_>>().join(" ");
        for (scopes, expected) in [(others.as_str(), 403), (scope, 200)] {
            let token = world.bot_token(me, scopes.parse().unwrap());
            let code = client.subscribe(&token, event, key).await;
            assert_eq!(code, expected, "{event} with {scopes}");
        }
    }
}

#[tokio::test]
async fn a_migration_moves_only_the_subscriptions_of_the_own_account() {
    let world = World::new(Limits::default());
    let (mut victim, token) = open(&world, 3).await;
    assert_eq!(
        victim.subscribe(&token, "group-update", world.group).await,
        200
    );
    let reply = victim.request(&token, "GET", "migrate", &Value::Null).await;
    let content: Value = serde_json::from_str(reply["content"].as_str().unwrap()).unwrap();

    let (mut intruder, stranger) = open(&world, 0).await;
    let reply = intruder
        .request(&stranger, "POST", "migrate", &content)
        .await;
    assert!(reply["responseCode"].as_u64().unwrap() >= 400, "{reply}");
    let (mut next, _) = open(&world, 3).await;
    for expected in [true, false] {
        let reply = next.request(&token, "POST", "migrate", &content).await;
        assert_eq!(reply["responseCode"] == 200, expected, "{reply}");
    }
    world
        .service
        .with_cloud(|cloud, _| cloud.group_updated(world.group));
    assert_eq!(next.next().await.unwrap()["event"], "group-update");

    // A token ends with the connection that has requested it.
    let reply = next.request(&token, "GET", "migrate", &Value::Null).await;
    assert_eq!(reply["responseCode"], 200);
    drop(next);
    let mut changes = world.env().changes();
    let is_empty = || {
        world
            .service
            .with_cloud(|cloud, _| cloud.migrations.is_empty())
    };
    let waiting = async {
        while !is_empty() {
            changes.changed().await.unwrap();
        }
    };
    timeout(TIMEOUT, waiting).await.unwrap();
}

#[tokio::test]
async fn a_former_member_gets_no_events_of_the_group() {
    let world = World::new(Limits::default());
    let (mut client, token) = open(&world, 1).await;
    let (me, group) = (world.bots[1], world.group);
    assert_eq!(client.subscribe(&token, "group-update", group).await, 200);
    assert_eq!(client.subscribe(&token, "me-group-delete", me).await, 200);
    world.service.with_cloud(|cloud, now| {
        cloud.change_membership(group, me, Membership::Kicked, now);
        cloud.group_updated(group);
    });
    assert_eq!(client.next().await.unwrap()["event"], "me-group-delete");
    assert_eq!(client.subscribe(&token, "group-update", group).await, 404);
}

#[tokio::test]
async fn subscriptions_and_sockets_are_limited() {
    let limits = Limits {
        subscriptions: 2,
        sockets_per_account: 2,
        ..Limits::default()
    };
    let world = World::new(limits);
    let (mut client, token) = open(&world, 1).await;
    let group = world.group;
    assert_eq!(client.subscribe(&token, "group-update", group).await, 200);
    assert_eq!(
        client.subscribe(&token, "group-server-status", group).await,
        200
    );
    assert_eq!(
        client.subscribe(&token, "group-ban-create", group).await,
        400
    );
    assert_eq!(client.subscribe(&token, "group-update", group).await, 200);

    let (mut second, _) = open(&world, 1).await;
    match try_open(&world, &token).await.map(|_| ()) {
        Err(Error::Http(response)) => assert_eq!(response.status(), 429),
        other => panic!("{other:?}"),
    }
    // A migration does not lead past the limit.
    assert_eq!(
        second.subscribe(&token, "group-ban-create", group).await,
        200
    );
    let reply = client.request(&token, "GET", "migrate", &Value::Null).await;
    let content: Value = serde_json::from_str(reply["content"].as_str().unwrap()).unwrap();
    let reply = second.request(&token, "POST", "migrate", &content).await;
    assert!(reply["responseCode"].as_u64().unwrap() >= 400, "{reply}");
    // Another account has its own limit.
    open(&world, 2).await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_messages_is_read_at_the_rate() {
    let limits = Limits {
        messages: Rate::new(5, Duration::from_secs(1)),
        ..Limits::default()
    };
    let world = World::new(limits);
    let (mut client, _) = open(&world, 1).await;
    let begin = Instant::now();
    for _ in 0..15 {
        assert!(client.send(Message::text("ping")).await);
    }
    for _ in 0..15 {
        assert_eq!(client.next().await.unwrap()["responseCode"], 400);
    }
    assert!(begin.elapsed() >= Duration::from_secs(10));
}

#[tokio::test]
async fn a_revoked_account_gets_no_event_and_its_socket_is_closed() {
    let world = World::new(Limits::default());
    let (mut revoked, old) = open(&world, 1).await;
    let (mut other, token) = open(&world, 2).await;
    for (client, token) in [(&mut revoked, &old), (&mut other, &token)] {
        let status = client.subscribe(token, "group-server-heartbeat", world.group);
        assert_eq!(status.await, 200);
    }
    world.service.with_cloud(|cloud, now| {
        cloud.tokens.generations.insert(world.bots[1], 1);
        cloud.emit_server("group-server-heartbeat", world.server, now);
    });
    assert_eq!(revoked.next().await, None);
    let event = other.next().await.unwrap();
    assert_eq!(event["event"], "group-server-heartbeat");
}
