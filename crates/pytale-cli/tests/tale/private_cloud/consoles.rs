//! The relay, with a websocket client that shows each frame.

use super::support::{BOUND, Own, SERVERS, Service};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A client on a console.
pub(super) struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn open(address: &str, token: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (socket, _) = client_async(format!("ws://{address}/"), stream)
            .await
            .unwrap();
        let mut client = Self(socket);
        client.send(token).await;
        client
    }

    /// A client whose token is accepted.
    pub(super) async fn logged_in(service: &Service, token: &str, server: u64) -> Self {
        let (address, token) = service.access(token, server).await;
        let mut client = Self::open(&address, &token).await;
        let reply = client.text().await.unwrap();
        assert!(reply.contains("Connection Succeeded"), "{reply}");
        client
    }

    async fn send(&mut self, text: &str) {
        self.try_send(text).await.unwrap();
    }

    pub(super) async fn try_send(&mut self, text: &str) -> Result<(), Error> {
        self.0.send(Message::text(text.to_owned())).await
    }

    /// The next text; `None` at the end of the connection.
    async fn text(&mut self) -> Option<String> {
        let next = async {
            loop {
                match self.0.next().await? {
                    Ok(Message::Text(text)) => return Some(text.as_str().to_owned()),
                    Ok(Message::Close(_)) | Err(_) => return None,
                    Ok(_) => {}
                }
            }
        };
        timeout(BOUND, next).await.unwrap()
    }

    /// The reply to a command.
    async fn reply(&mut self, id: u64) -> Value {
        let reply = self.try_reply(id).await;
        reply.expect("the connection is open")
    }

    /// The reply to a command; `None` at the end of the connection.
    pub(super) async fn try_reply(&mut self, id: u64) -> Option<Value> {
        loop {
            let frame: Value = serde_json::from_str(&self.text().await?).unwrap();
            if frame["commandId"] == id {
                return Some(frame);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_pass_both_ways_unchanged_and_in_order() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let mut client = Client::logged_in(&service, &token, SERVERS[0]).await;
    // Servers read frames with white space, other members, and non-ASCII text.
    let sent: Vec<String> = (1..=200)
        .map(|id| {
            format!("{{ \"content\":\"player list\\u0020\", \"id\" : {id}, \"other\":\"ä🦀\" }}")
        })
        .collect();
    for frame in &sent {
        client.send(frame).await;
    }
    for id in 1..=200 {
        let text = client.text().await.unwrap();
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["commandId"], id, "{text}");
        own.assert_no_token(&text);
    }
    let received: Vec<String> = own
        .sim
        .received()
        .iter()
        .filter_map(|entry| entry.text().map(str::to_owned))
        .filter(|text| text.contains("other"))
        .collect();
    assert_eq!(received, sent);
    let player = own.sim.player_joins(own.servers[0], "Ashwick").unwrap();
    client
        .send(r#"{"id":201,"content":"websocket subscribe PlayerLeft"}"#)
        .await;
    client.reply(201).await;
    own.sim.player_leaves(own.servers[0], player).unwrap();
    let event = client.text().await.unwrap();
    assert!(
        event.contains("PlayerLeft") && event.contains("Ashwick"),
        "{event}"
    );
    drop(client);
    let done = service.end().await;
    assert_eq!(done.code, 0, "{done:?}");
    own.assert_no_token(&done.out);
    own.assert_no_token(&done.err);
    let commands: Vec<Value> = own.audit();
    let of_bot: Vec<&Value> = commands
        .iter()
        .filter(|line| line["event"] == "command")
        .collect();
    assert_eq!(of_bot.len(), if cfg!(unix) { 201 } else { of_bot.len() });
    assert_eq!(of_bot[0]["account"], "Example_Bot");
    assert_eq!(of_bot[0]["server_id"], SERVERS[0]);
    assert_eq!(of_bot[0]["command"], "player list ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_with_allowed_commands_runs_only_these() {
    let own = Own::start().await;
    let helper = own.add_bot("Helper_Bot", &["--role", "Helper"]).await;
    let guest = own.add_bot("Guest_Bot", &["--role", "Guest"]).await;
    let service = own.serve().await;
    let token = service.log_in(&helper).await;
    let mut client = Client::logged_in(&service, &token, SERVERS[0]).await;
    client.send(r#"{"id":1,"content":"player list"}"#).await;
    assert!(client.reply(1).await["data"].get("Exception").is_none());
    client
        .send(r#"{"id":2,"content":"player kick Ashwick"}"#)
        .await;
    let refused = client.reply(2).await;
    let message = refused["data"]["Exception"]["Message"].as_str().unwrap();
    assert!(message.contains("may not run this command"), "{refused}");
    client
        .send(r#"{"id":3,"content":"player list","Content":"quit"}"#)
        .await;
    assert!(client.reply(3).await["data"].get("Exception").is_some());
    client.send(r#"{"id":4,"content":"player list"}"#).await;
    assert!(client.reply(4).await["data"].get("Exception").is_none());
    let commands = own.sim.received();
    let commands: Vec<String> = commands
        .iter()
        .filter_map(pytale::testing::Received::command)
        .collect();
    assert!(
        !commands
            .iter()
            .any(|line| line.contains("kick") || line == "quit"),
        "{commands:?}"
    );
    let token = service.log_in(&guest).await;
    let (status, reply) = service.console(&token, SERVERS[0]).await;
    assert_eq!(status, 403, "{reply}");
    service.end().await;
    if cfg!(unix) {
        let refused: Vec<Value> = own
            .audit()
            .into_iter()
            .filter(|line| line["event"] == "refused")
            .collect();
        assert_eq!(refused.len(), 2, "{refused:?}");
        assert_eq!(refused[0]["command"], "player kick Ashwick");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_account_loses_its_consoles() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let mut client = Client::logged_in(&service, &token, SERVERS[0]).await;
    let (address, unused) = service.access(&token, SERVERS[1]).await;
    let done = own.tale(&["remove", "Example_Bot"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(client.text().await, None);
    let mut late = Client::open(&address, &unused).await;
    let refusal = late.text().await.unwrap();
    assert!(refusal.contains("FatalLog"), "{refusal}");
    assert_eq!(late.text().await, None);
    assert_eq!(service.console(&token, SERVERS[0]).await.0, 401);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_new_secret_loses_its_consoles() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let mut client = Client::logged_in(&service, &token, SERVERS[0]).await;
    let done = own.tale(&["rotate", "Example_Bot"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(client.text().await, None);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_token_is_for_one_server_and_no_other_token_opens_a_console() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let (address, first) = service.access(&token, SERVERS[0]).await;
    let mut client = Client::open(&address, &first).await;
    client.text().await.unwrap();
    client.send(r#"{"id":1,"content":"player list"}"#).await;
    client.reply(1).await;
    let count = |server: usize| {
        let service = pytale::testing::Service::Console(own.servers[server]);
        let received = own.sim.received();
        let own_list = |entry: &&pytale::testing::Received| {
            entry.service == service && entry.text() == Some(r#"{"id":1,"content":"player list"}"#)
        };
        received.iter().filter(own_list).count()
    };
    assert_eq!((count(0), count(1)), (1, 0));
    let real = &own.tokens()[0];
    let (head, signature) = first.rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for wrong in [
        real.as_str(),
        token.as_str(),
        "",
        "x",
        &forged,
        &first[..first.len() - 2],
    ] {
        let mut client = Client::open(&address, wrong).await;
        let refusal = client.text().await.unwrap();
        assert!(refusal.contains("Invalid Token"), "{refusal}");
        own.assert_no_token(&refusal);
        assert_eq!(client.text().await, None);
    }
    service.end().await;
    // The key that signs tokens is stored.
    let service = own.serve().await;
    let (status, reply) = service.console(&token, SERVERS[1]).await;
    assert_eq!(status, 200, "{reply}");
    service.end().await;
}
