//! A foreign client, unmodified, against the simulator.
//!
//! `tavernpy` shares no code with this workspace, so its success does not come from a common mistake.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "peers/bot.rs"]
mod bot;
#[path = "peers/install.rs"]
mod install;
#[path = "peers/python.rs"]
mod python;
#[path = "peers/venv.rs"]
mod venv;

use alta_sim::{ClientAction, Received, Service, Sim};
use bot::{Bot, TIMEOUT};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A self-hosted server, a bot for it, and the folder with the server's token file.
struct Town {
    sim: Sim,
    server: u64,
    bot: Bot,
    folder: PathBuf,
}

impl Town {
    /// `None` if `tavernpy` cannot be installed.
    async fn new(name: &str) -> Option<Self> {
        let command = venv::bot().await?;
        let sim = Sim::builder()
            .bare()
            .timeout(TIMEOUT)
            .start()
            .await
            .unwrap();
        let server = sim.add_self_hosted("Hollowmere").unwrap();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("peers-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        sim.write_console_token(server, &folder).unwrap();
        Some(Self {
            sim,
            server,
            bot: Bot::start(command),
            folder,
        })
    }

    fn port(&self) -> u16 {
        let url = self.sim.console_url(self.server).unwrap();
        let port = url.rsplit(':').next().unwrap();
        port.trim_end_matches('/').parse().unwrap()
    }

    fn token_file(&self) -> PathBuf {
        self.folder.join("console_token.txt")
    }

    /// A request to connect, with some settings of `tavernpy` changed.
    fn dial(&self, act: &str, settings: &[(&str, f64)]) -> Value {
        let mut request = json!({
            "do": act,
            "port": self.port(),
            "token_file": self.token_file(),
            "retry": 0.2,
        });
        for (name, value) in settings {
            request[*name] = json!(value);
        }
        request
    }

    async fn connect(&mut self, settings: &[(&str, f64)]) {
        let request = self.dial("connect", settings);
        let connected = self.bot.call(request).await;
        assert_eq!(connected, json!({"did": "connect", "connected": true}));
        self.bot.saw("ready").await;
    }

    async fn subscribe(&mut self, event: &str) -> Value {
        let request = json!({"do": "subscribe", "name": event});
        self.bot.call(request).await["result"].take()
    }

    async fn command(&mut self, line: &str) -> Value {
        self.bot.call(json!({"do": "command", "text": line})).await
    }

    async fn players(&mut self) -> Value {
        self.bot.call(json!({"do": "players"})).await["players"].take()
    }

    /// The number of times that the server received a command.
    fn count(&self, line: &str) -> usize {
        let received = self.sim.received();
        received
            .iter()
            .filter(|entry| is_command(entry, line))
            .count()
    }

    /// Ends the bot. Returns the reports that no caller has taken.
    async fn end(self) -> Vec<Value> {
        let rest = self.bot.end().await;
        self.sim.wait_for_consoles(self.server, 0).await.unwrap();
        std::fs::remove_dir_all(&self.folder).unwrap();
        rest
    }
}

fn is_command(entry: &Received, line: &str) -> bool {
    entry.command().is_some_and(|command| command == line)
}

/// The reports of a bot that ends by itself.
fn end_reports() -> Vec<Value> {
    vec![json!({"saw": "close", "closed": true})]
}

#[tokio::test]
async fn tavernpy_logs_in_with_the_token_file_and_runs_commands() {
    let Some(mut town) = Town::new("commands").await else {
        return;
    };
    let ashwick = town.sim.player_joins(town.server, "Ashwick").unwrap();
    let bracken = town.sim.player_joins(town.server, "Old Bracken").unwrap();
    town.connect(&[]).await;

    let token = town.sim.console_token(town.server);
    let received = town.sim.received();
    let first = received
        .iter()
        .find(|entry| !matches!(entry.action, ClientAction::Opened(_)))
        .unwrap();
    assert_eq!(first.service, Service::Console(town.server));
    assert!(matches!(&first.action, ClientAction::Token(sent) if *sent == token));

    assert_eq!(
        town.players().await,
        json!([["Ashwick", ashwick], ["Old Bracken", bracken]])
    );
    let listed = town.command("player list").await;
    assert_eq!(listed["ok"], true, "{listed}");
    assert_eq!(listed["frame_type"], "CommandResult");
    assert_eq!(
        listed["result"],
        json!([{"id": ashwick, "username": "Ashwick"}, {"id": bracken, "username": "Old Bracken"}])
    );
    // tavernpy hides a type's name beside a real result.
    assert_eq!(listed["text"], "");

    let unknown = town.command("player lst").await;
    assert_eq!(unknown["ok"], false, "{unknown}");
    assert_eq!(unknown["result"], Value::Null);
    let error = unknown["error"].as_str().unwrap();
    assert!(
        error.starts_with("System.Exception: ") && error.contains("Command not found"),
        "{error}"
    );

    let request =
        json!({"do": "message", "player": "Old Bracken", "text": "Mind the gap, it's deep"});
    let sent = town.bot.call(request).await;
    assert_eq!(sent["ok"], true, "{sent}");
    let messages = town.sim.messages(town.server);
    let read: Vec<_> = messages
        .iter()
        .map(|message| (message.player, message.text.as_str()))
        .collect();
    assert_eq!(read, [(bracken, "Mind the gap, it's deep")]);
    assert_eq!(town.end().await, end_reports());
}

#[tokio::test]
async fn tavernpy_gets_the_events_of_its_subscriptions_only() {
    let Some(mut town) = Town::new("events").await else {
        return;
    };
    town.connect(&[]).await;
    assert_eq!(town.subscribe("playerjoined").await, "Success");
    assert_eq!(town.subscribe("PlayerJoined").await, "Unchanged");
    assert_eq!(town.subscribe("NoSuchEvent").await, "NotFound");

    let ashwick = town.sim.player_joins(town.server, "Ashwick").unwrap();
    let event = town.bot.saw("event").await;
    assert_eq!(event["name"], "PlayerJoined", "{event}");
    assert_eq!(event["source"], "feed");
    assert!(
        event["timestamp"]
            .as_str()
            .is_some_and(|at| at.ends_with('Z'))
    );
    let data = &event["data"];
    assert_eq!(data["user"], json!({"id": ashwick, "username": "Ashwick"}));
    assert!(data["mode"].is_string(), "{event}");
    let position = data["position"].as_array().unwrap();
    assert!(
        position.len() == 3 && position.iter().all(Value::is_number),
        "{event}"
    );

    town.sim.player_leaves(town.server, ashwick).unwrap();
    let request = json!({"do": "unsubscribe", "name": "PlayerJoined"});
    assert_eq!(town.bot.call(request).await["result"], "Success");
    let kestrel = town.sim.player_joins(town.server, "Kestrel").unwrap();
    // An event would come before this reply. tavernpy would hide it, so the test checks the server, too.
    assert_eq!(town.players().await, json!([["Kestrel", kestrel]]));
    assert_eq!(town.sim.console_subscriptions(town.server), []);
    let sent = town.sim.sent_console_events(town.server);
    assert_eq!(sent.of("PlayerJoined"), 1);
    assert_eq!(town.end().await, end_reports());
}

#[tokio::test]
async fn tavernpy_reconnects_after_restarts_and_gets_events_again() {
    let Some(mut town) = Town::new("restart").await else {
        return;
    };
    let port = town.port();
    town.connect(&[]).await;
    assert_eq!(town.subscribe("PlayerJoined").await, "Success");
    for (round, name) in ["Ashwick", "Brambletoe"].into_iter().enumerate() {
        town.sim.stall_console(town.server);
        let line = format!("player detailed {round}");
        town.bot.send(json!({"do": "command", "text": &line})).await;
        let sent = town
            .sim
            .wait_for(|received| received.iter().any(|entry| is_command(entry, &line)));
        sent.await.unwrap();
        town.sim.stop_server(town.server).await.unwrap();
        let lost = town.bot.did("command").await;
        assert_eq!(lost["raised"], "ConsoleClosedException", "{lost}");
        assert_eq!(town.bot.saw("close").await["closed"], false);
        let offline = town.command("player list").await;
        assert_eq!(
            offline["raised"], "ConsoleNotConnectedException",
            "{offline}"
        );

        town.sim.resume_console(town.server);
        town.sim.start_server(town.server).unwrap();
        assert_eq!(town.port(), port);
        town.bot.saw("ready").await;
        let subscribed = town
            .sim
            .wait_for_console_subscription(town.server, "PlayerJoined");
        subscribed.await.unwrap();
        town.sim.player_joins(town.server, name).unwrap();
        assert_eq!(
            town.bot.saw("event").await["data"]["user"]["username"],
            name
        );
        assert_eq!(town.count(&line), 1);
    }
    assert_eq!(town.end().await, end_reports());
}

#[tokio::test]
async fn tavernpy_takes_a_missing_reply_as_a_refused_token_until_the_file_is_right() {
    let Some(mut town) = Town::new("token").await else {
        return;
    };
    std::fs::write(town.token_file(), "not-the-token").unwrap();
    let request = town.dial("connect", &[("auth_timeout", 1.0)]);
    let refused = town.bot.call(request).await;
    assert_eq!(refused["raised"], "ConsolePermissionsDenied", "{refused}");
    town.bot.saw("rejected").await;
    let request = town.dial("start", &[("auth_timeout", 1.0)]);
    town.bot.call(request).await;
    let rejected = town.bot.saw("rejected").await;
    assert_eq!(rejected["connected"], false);
    let received = town.sim.received();
    let is_frame = |entry: &Received| matches!(entry.action, ClientAction::Text(_));
    assert!(!received.iter().any(is_frame), "{received:?}");
    assert_eq!(town.sim.console_connections(town.server), Vec::<u64>::new());

    town.sim
        .write_console_token(town.server, &town.folder)
        .unwrap();
    town.bot.saw("ready").await;
    assert_eq!(town.players().await, json!([]));
    assert_eq!(town.end().await, end_reports());
}

#[tokio::test]
async fn tavernpy_keeps_its_connection_while_a_server_loads_its_world() {
    let Some(mut town) = Town::new("loading").await else {
        return;
    };
    let trace = town.folder.join("frames.txt");
    let mut request = town.dial("connect", &[]);
    request["trace"] = json!(trace);
    town.bot.call(request).await;
    town.bot.saw("ready").await;
    town.sim.stall_console(town.server);
    let request = json!({"do": "command", "text": "player count", "timeout": 0.3});
    let late = town.bot.call(request).await;
    assert_eq!(late["raised"], "CommandTimeoutException", "{late}");
    town.sim.set_booting(town.server, true);
    town.sim.resume_console(town.server);
    let unregistered = town.command("player list").await;
    assert!(
        unregistered["error"]
            .as_str()
            .is_some_and(|error| error.contains("Command not found")),
        "{unregistered}"
    );
    town.sim.set_booting(town.server, false);
    let ashwick = town.sim.player_joins(town.server, "Ashwick").unwrap();
    assert_eq!(town.players().await, json!([["Ashwick", ashwick]]));
    let received = town.sim.received();
    let sent: Vec<_> = received
        .iter()
        .filter(|entry| is_command(entry, "player count"))
        .filter_map(Received::text)
        .collect();
    assert_eq!(sent.len(), 1);
    // The late reply arrived, and no other command got it.
    let id = serde_json::from_str::<Value>(sent[0]).unwrap()["id"].take();
    let trace = std::fs::read_to_string(trace).unwrap();
    let frames = trace.lines().filter_map(|line| line.split_once(" < "));
    let replies = frames
        .map(|(_, frame)| serde_json::from_str::<Value>(frame).unwrap())
        .filter(|frame| frame["commandId"] == id);
    assert_eq!(replies.count(), 1, "{trace}");
    assert_eq!(town.end().await, end_reports());
}

#[tokio::test]
async fn tavernpy_reads_enums_that_are_numbers() {
    let Some(mut town) = Town::new("numbers").await else {
        return;
    };
    town.sim.set_numeric_enums(town.server, true);
    town.connect(&[]).await;
    let listed = town.command("player list").await;
    assert!(
        listed["ok"] == true && listed["frame_type"].is_number(),
        "{listed}"
    );
    assert_eq!(town.subscribe("PlayerJoined").await, "Success");
    assert_eq!(town.subscribe("PlayerJoined").await, "Unchanged");
    assert_eq!(town.subscribe("NoSuchEvent").await, "NotFound");
    town.sim.player_joins(town.server, "Ashwick").unwrap();
    let event = town.bot.saw("event").await;
    assert_eq!(event["data"]["user"]["username"], "Ashwick", "{event}");
    assert_eq!(town.end().await, end_reports());
}

#[tokio::test]
async fn tavernpy_keeps_a_connection_that_replies_to_pings() {
    let Some(mut town) = Town::new("pings").await else {
        return;
    };
    town.connect(&[("ping_interval", 2.0)]).await;
    // Without a pong, it would drop the connection and not send the second ping.
    let pings = town.sim.wait_for(|received| {
        let pings = received
            .iter()
            .filter(|entry| matches!(entry.action, ClientAction::Ping));
        pings.count() >= 2
    });
    pings.await.unwrap();
    assert_eq!(town.players().await, json!([]));
    assert_eq!(town.end().await, end_reports());
}
