//! Actions, and the beginning again.

use super::Town;
use crate::support::{TIMEOUT, console, main_socket};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn several_actions_are_performed_in_order_up_to_an_error() {
    let town = Town::new().await;
    let join = json!({"do": "join", "player": "Ashwick"});
    let body = json!([join, join, {"do": "leave", "player": "Ashwick"}]);
    let reply = town.call("POST", "/actions", &body.to_string()).await;
    assert_eq!(reply.status, 409);
    let error = reply.json();
    assert_eq!(error["results"].as_array().unwrap().len(), 1);
    let text = error["error"].as_str().unwrap();
    assert!(
        text.starts_with("action 1: ") && text.ends_with("on the server already"),
        "{text}"
    );
    assert_eq!(town.sim.players(town.sim.server()).len(), 1);
    // All are read before the first one is performed.
    let body = json!([{"do": "leave", "player": "Ashwick"}, {"do": "nothing"}]);
    let (status, error) = town.refused("POST", "/actions", &body.to_string()).await;
    assert_eq!(status, 400);
    assert!(
        error.starts_with("action 1: `do`: unknown action `nothing`"),
        "{error}"
    );
    assert_eq!(town.sim.players(town.sim.server()).len(), 1);
}

#[tokio::test]
async fn after_a_reset_the_world_is_as_at_the_start() {
    let town = Town::new().await;
    let before = town.get("/state").await;
    let mut bot = town.subscribed().await;
    town.post(
        "/actions",
        json!([
            {"do": "join", "player": "Ashwick"},
            {"do": "add-group", "name": "Another"},
            {"do": "add-self-hosted", "name": "Hollowmere"},
            {"do": "fault", "hook": "http", "action": "cut"},
        ]),
    )
    .await;
    let hollowmere = town.get("/state").await["servers"][1].clone();
    town.post("/reset", json!(null)).await;
    while bot.frame().await.is_some() {}

    let after = town.get("/state").await;
    for member in ["token_url", "bots", "groups", "users", "armed_faults"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    assert_eq!(after["servers"].as_array().unwrap().len(), 1);
    assert_eq!(after["servers"][0]["online"], true);
    assert_eq!(after["servers"][0]["players"], json!([]));
    assert_eq!(town.get("/seen/commands").await["seen"], json!([]));
    assert_eq!(town.get("/seen/connections").await["seen"], json!([]));
    // A self-hosted server has the port that it had.
    let again = json!({"do": "add-self-hosted", "name": "Hollowmere"});
    let again = town.post("/actions", again).await;
    assert_eq!(again["console"], hollowmere["console_url"]);
    assert_eq!(again["token"], hollowmere["token"]);
    let mut bot = town.subscribed().await;
    assert_eq!(
        bot.command(2, "player list").await["data"]["Result"],
        json!([])
    );
    let seen = town.get("/seen/commands").await;
    assert_eq!(seen["seen"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_control_port_closes_with_the_simulator() {
    let Town { sim, url } = Town::new().await;
    let address = url.trim_start_matches("http://").to_owned();
    let mut idle = TcpStream::connect(&address).await.unwrap();
    sim.shutdown().await;
    let mut rest = Vec::new();
    let _ = timeout(TIMEOUT, idle.read_to_end(&mut rest)).await.unwrap();
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn resets_at_the_same_time_and_in_the_middle_of_everything_leave_one_world() {
    let town = Town::new().await;
    let join = json!({"do": "join", "player": "Ashwick"}).to_string();
    let reset = || town.call("POST", "/reset", "null");
    let act = || town.call("POST", "/actions", &join);
    let restart = || town.call("POST", "/actions", r#"{"do": "restart"}"#);
    let replies = tokio::join!(reset(), act(), reset(), restart(), reset(), act(), reset());
    assert_eq!(
        [
            replies.0.status,
            replies.2.status,
            replies.4.status,
            replies.6.status
        ],
        [200; 4]
    );
    town.post("/reset", json!(null)).await;
    let mut bot = town.subscribed().await;
    town.post("/actions", json!({"do": "join", "player": "Ashwick"}))
        .await;
    assert_eq!(bot.json().await["eventType"], "PlayerJoined");
    assert_eq!(
        town.get("/state").await["servers"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn one_connection_is_closed_silenced_and_cut_by_its_id() {
    let town = Town::new().await;
    let mut consoles = Vec::new();
    for _ in 0..2 {
        consoles.push(town.subscribed().await);
    }
    let (mut first, mut second) = (consoles.remove(0), consoles.remove(0));
    let mut main = main_socket(&town.sim).await;
    let connections = town.get("/seen/connections").await;
    let ids = |kind: &str| -> Vec<Value> {
        let all = connections["seen"].as_array().unwrap().iter();
        let of_kind = all.filter(|connection| connection["text"] == kind);
        of_kind
            .map(|connection| connection["connection"].clone())
            .collect()
    };
    let (consoles, mains) = (ids("console"), ids("main-websocket"));
    let act = async |action: Value| town.post("/actions", action).await;

    let id = town.sim.group();
    let event = json!({"do": "main-event", "event": "group-update", "key": id, "content": {}, "connection": mains[0]});
    act(event).await;
    assert_eq!(main.json().await["event"], "group-update");
    act(json!({"do": "close", "connection": mains[0], "code": 4_001, "reason": "enough"})).await;
    let frame = main.frame().await.unwrap();
    assert!(format!("{frame:?}").contains("enough"), "{frame:?}");

    act(json!({"do": "cut", "connection": consoles[0]})).await;
    assert!(first.frame().await.is_none());
    let left = town.get("/seen/connections?matching=console").await;
    assert_eq!(left["seen"].as_array().unwrap().len(), 1);
    act(json!({"do": "join", "player": "Ashwick"})).await;
    assert_eq!(second.json().await["eventType"], "PlayerJoined");
    act(json!({"do": "silence", "connection": consoles[1]})).await;

    let gone = json!({"do": "cut", "connection": consoles[0]}).to_string();
    let (status, error) = town.refused("POST", "/actions", &gone).await;
    assert_eq!(status, 404, "{error}");
    assert!(error.contains("there is no open connection"), "{error}");
    let both = json!({"do": "cut", "connection": consoles[1], "which": "consoles"}).to_string();
    let (status, error) = town.refused("POST", "/actions", &both).await;
    assert_eq!(status, 400, "{error}");
    assert!(
        error.starts_with("`connection`: it is one connection"),
        "{error}"
    );
}

#[tokio::test]
async fn a_recording_is_replayed_to_consoles() {
    let town = Town::new().await;
    let mut bot = town.subscribed().await;
    let recording = [
        json!({"type": "opened", "at": 1}),
        json!({"type": "event", "event": "PlayerJoined", "data": {"user": {"id": 7, "username": "Ashwick"}}}),
        json!({"type": "event", "event": "PlayerLeft", "data": {}}),
        json!({"type": "event", "event": "PlayerJoined", "data": {"user": {"id": 8, "username": "Bracken"}}}),
    ]
    .map(|line| line.to_string());
    let replay = json!({"do": "replay", "recording": recording.join("\n")});
    assert_eq!(town.post("/actions", replay).await["events"], 3);
    for id in [7, 8] {
        assert_eq!(bot.json().await["data"]["user"]["id"], id);
    }
    let wrong = json!({"do": "replay", "recording": "{\"type\": 7}"}).to_string();
    let (status, error) = town.refused("POST", "/actions", &wrong).await;
    assert_eq!(status, 400);
    assert_eq!(error, "replaying line 1 of a recording: it has no `type`");
}

#[tokio::test]
async fn a_selection_is_shared_and_main_websockets_read_slowly() {
    let town = Town::new().await;
    let prepare = json!([
        {"do": "share-selection"},
        {"do": "add-entity", "prefab": "Torch", "position": [0, 0, 0]},
        {"do": "read-slowly", "pause": "100ms"},
    ]);
    let entity = town.post("/actions", prepare).await[1]["entity"].clone();
    let mut one = console(&town.sim, town.sim.server()).await;
    let mut other = console(&town.sim, town.sim.server()).await;
    let selected = one.command(1, &format!("select {entity}")).await;
    assert_eq!(selected["data"]["Exception"], Value::Null, "{selected}");
    let got = other.command(1, "select get").await;
    assert!(
        got["data"]["Result"]
            .to_string()
            .contains(&entity.to_string()),
        "{got}"
    );

    let mut main = main_socket(&town.sim).await;
    let path = format!("subscription/group-update/{}", town.sim.group());
    let before = std::time::Instant::now();
    for id in 0..4 {
        main.request(&town.sim, id, "POST", &path).await;
    }
    assert!(
        before.elapsed().as_millis() >= 200,
        "{:?}",
        before.elapsed()
    );
}
