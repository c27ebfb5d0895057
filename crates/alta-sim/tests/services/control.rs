//! The control port, as a test in another language uses it.

use crate::support::{Reply, Socket, TIMEOUT, console, http, rest, try_open};
use alta_sim::Sim;
use serde_json::{Value, json};
use std::net::Ipv4Addr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A simulator, and the address of its control port.
struct Town {
    sim: Sim,
    url: String,
}

impl Town {
    async fn new() -> Self {
        let sim = Sim::builder().timeout(TIMEOUT).start().await.unwrap();
        let address = sim.serve_control((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let url = format!("http://{address}");
        Self { sim, url }
    }

    async fn call(&self, method: &str, path: &str, body: &str) -> Reply {
        http(method, &format!("{}{path}", self.url), &[], body).await
    }

    async fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, "").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let reply = self.call("POST", path, &body.to_string()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.json()
    }

    /// The status and the error of a request that fails.
    async fn refused(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let reply = self.call(method, path, body).await;
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        (reply.status, error)
    }

    async fn subscribed(&self) -> Socket {
        let mut bot = console(&self.sim, self.sim.server()).await;
        bot.command(1, "websocket subscribe PlayerJoined").await;
        bot
    }
}

#[tokio::test]
async fn actions_happen_and_clients_are_seen() {
    let town = Town::new().await;
    let waiting = town.post(
        "/wait",
        json!({"what": "subscriptions", "matching": "playerjoined", "server": "Thornwood", "timeout": 60}),
    );
    let (mut bot, seen) = tokio::join!(town.subscribed(), waiting);
    assert_eq!(seen["seen"][0]["server"], town.sim.server());

    let joined = town
        .post("/actions", json!({"do": "join", "player": "Ashwick"}))
        .await;
    assert_eq!(bot.json().await["data"]["user"]["id"], joined["player"]);
    bot.command(2, "player message ashwick \"Welcome\" 5").await;
    let wanted =
        json!({"what": "messages", "matching": {"player": joined["player"], "text": "Welcome"}});
    let shown = town.post("/wait", wanted).await;
    assert_eq!(shown["seen"][0]["player_name"], "Ashwick");

    let commands = town.get("/seen/commands?matching=MESSAGE").await;
    assert_eq!(
        commands["seen"][0]["text"],
        "player message ashwick \"Welcome\" 5"
    );
    let after = commands["seen"][0]["number"].to_string();
    let later = town.get(&format!("/seen/commands?after={after}")).await;
    assert_eq!(later, json!({"seen": [], "left_out": 0}));

    rest(&town.sim, "POST", "groups/invites/7", "{\"a\":1}").await;
    let request = json!({"what": "requests", "matching": {"method": "POST", "body": {"a": 1}}});
    let seen = town.post("/wait", request).await;
    assert_eq!(seen["seen"][0]["text"], "POST /api/groups/invites/7");

    let state = town.get("/state").await;
    assert_eq!(state["rest_url"], town.sim.rest_url());
    assert_eq!(
        state["bots"][0]["client_secret"],
        town.sim.bot().client_secret
    );
    assert_eq!(state["servers"][0]["players"][0]["name"], "Ashwick");
}

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
async fn a_timeout_says_what_was_seen_instead() {
    let town = Town::new().await;
    let mut bot = town.subscribed().await;
    bot.command(2, "player list").await;
    let body = json!({"what": "commands", "matching": "player kick", "timeout": "10ms"});
    let reply = town.call("POST", "/wait", &body.to_string()).await;
    assert_eq!(reply.status, 504);
    let error = reply.json();
    assert_eq!(
        error["error"],
        "0 commands matching \"player kick\" within 0.01 s; there were 2: \"websocket subscribe PlayerJoined\", \"player list\""
    );
    assert_eq!(error["seen"][1]["text"], "player list");
    assert_eq!(error["counts"]["connections"], 1);
    assert_eq!(error["counts"]["messages"], 0);
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
async fn an_error_names_the_field_and_what_is_allowed() {
    let town = Town::new().await;
    for (method, path, body, status, expected) in [
        (
            "POST",
            "/actions",
            "{",
            400,
            "the body is no JSON: EOF while parsing",
        ),
        (
            "POST",
            "/actions",
            "7",
            400,
            "invalid type: integer `7`, expected a map",
        ),
        (
            "POST",
            "/actions",
            r#"{"do": "leave", "player": "X"}"#,
            404,
            "`player`: there is no player on the server \"X\"; there is none",
        ),
        (
            "POST",
            "/actions",
            r#"{"do": "stop", "server": 5}"#,
            404,
            "`server`: there is no server 5; there is ",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "things"}"#,
            400,
            "`what`: unknown variant `things`, expected one of `commands`, `requests`",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "matching": 7}"#,
            400,
            "`matching`: expected a string",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "timeout": 1e9}"#,
            400,
            "`timeout`: at most 3600 seconds",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "timeout": 1e300}"#,
            400,
            "`timeout`: ",
        ),
        (
            "POST",
            "/wait",
            r#"{"what": "commands", "extra": 7}"#,
            400,
            "`extra`: unknown field `extra`, expected one of `what`",
        ),
        (
            "GET",
            "/seen/things",
            "",
            400,
            "the path: unknown variant `things`, expected one of `commands`",
        ),
        (
            "GET",
            "/seen/commands?extra=1",
            "",
            400,
            "Failed to deserialize query string: extra: unknown field `extra`, expected one of `server`",
        ),
        (
            "GET",
            "/seen/commands?server=Nowhere",
            "",
            404,
            "`server`: there is no server \"Nowhere\"; there is ",
        ),
        (
            "GET",
            "/stat",
            "",
            404,
            "there is no path /stat; there is /actions, ",
        ),
        ("DELETE", "/state", "", 405, "/state does not allow DELETE"),
    ] {
        let (got, error) = town.refused(method, path, body).await;
        assert!(error.starts_with(expected), "{path} {body}: {error}");
        assert_eq!(got, status, "{path} {body}: {error}");
    }
    let large = " ".repeat(5 << 20);
    assert_eq!(town.refused("POST", "/actions", &large).await.0, 413);
    let many = format!("[{}7]", "7,".repeat(10_000));
    assert_eq!(town.refused("POST", "/actions", &many).await.0, 413);
    let deep = "[".repeat(100_000);
    assert_eq!(town.refused("POST", "/wait", &deep).await.0, 400);
}

#[tokio::test]
async fn garbage_does_not_stop_the_control_port() {
    let town = Town::new().await;
    let address = town.url.trim_start_matches("http://");
    for garbage in [
        &b"\0\xff\xfe garbage\r\n\r\n"[..],
        b"POST /actions HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /actions HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n{",
        b"POST /actions HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"GET /seen/%ff HTTP/1.1\r\nhost: a\r\n\r\n",
        b"GET /seen/commands?after=%ff HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut reply = Vec::new();
        // The connection may end by a reset.
        let _ = timeout(TIMEOUT, stream.read_to_end(&mut reply))
            .await
            .unwrap();
        assert!(!reply.starts_with(b"HTTP/1.1 2"), "{garbage:?}");
    }
    for action in [
        json!({"do": "close", "which": "main-websockets", "code": 0, "reason": "x".repeat(1_000)}),
        json!({"do": "fault", "hook": "http", "action": {"reply": {"status": 1, "headers": [["\n", "\0"]]}}}),
        json!({"do": "fault", "hook": "console-command", "action": {"fragments": 0}}),
        json!({"do": "console-event", "event": "\0", "data": {"a": [null, 1e308]}}),
        json!({"do": "command", "line": "\"'\0 player kick"}),
        json!({"do": "advance", "by": 1e-9}),
    ] {
        town.post("/actions", action).await;
    }
    let mut bot = try_open(&town.sim.console_url(town.sim.server()).unwrap(), None)
        .await
        .unwrap();
    bot.send("no token").await;
    assert_eq!(
        town.get("/seen/journal?matching=token").await["seen"][0]["frame"],
        "no token"
    );
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

/// A document's schema with its references.
fn validator(document: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = document["components"].clone();
    jsonschema::validator_for(&root).unwrap()
}

fn check(document: &Value, schema: &Value, instance: &Value) {
    if let Err(error) = validator(document, schema).validate(instance) {
        panic!("{instance}: {error}");
    }
}

/// The values of the examples of a request.
fn examples(operation: &Value) -> Vec<(String, Value)> {
    let body = &operation["requestBody"]["content"]["application/json"];
    let examples = body["examples"].as_object().unwrap();
    let of = |(name, example): (&String, &Value)| (name.clone(), example["value"].clone());
    examples.iter().map(of).collect()
}

#[tokio::test]
async fn the_document_has_the_paths_and_methods_of_the_server() {
    let town = Town::new().await;
    let document = town.get("/openapi.json").await;
    let (_, listed) = town.refused("GET", "/nothing", "").await;
    let mut listed: Vec<&str> = listed
        .split("there is ")
        .nth(2)
        .unwrap()
        .split(", ")
        .collect();
    listed.sort_unstable();
    let paths = document["paths"].as_object().unwrap();
    let mut documented: Vec<&str> = paths.keys().map(String::as_str).collect();
    documented.sort_unstable();
    assert_eq!(listed, documented);
    for (path, operations) in paths {
        let path = path.replace("{what}", "commands");
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let reply = town.call(method, &path, "").await;
            let is_documented = operations.get(method.to_lowercase()).is_some();
            assert_eq!(reply.status != 405, is_documented, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn every_action_has_an_example_that_the_schema_and_the_server_accept() {
    let town = Town::new().await;
    let document = town.get("/openapi.json").await;
    let operation = &document["paths"]["/actions"]["post"];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let reply = &operation["responses"]["200"]["content"]["application/json"]["schema"];
    let examples = examples(operation);
    let variants = document["components"]["schemas"]["Action"]["oneOf"]
        .as_array()
        .unwrap();
    for variant in variants {
        let name = variant["properties"]["do"]["const"].as_str().unwrap();
        assert!(
            examples
                .iter()
                .any(|(key, value)| key == name && value["do"] == name),
            "{name}"
        );
    }
    let prepare = json!([
        {"do": "join", "player": "Ashwick"},
        {"do": "join", "player": "Bracken"},
        {"do": "add-entity", "prefab": "Torch", "position": [0, 0, 0]},
        {"do": "add-member", "user": "Fern"},
        {"do": "invite", "user": "Cinder"},
        {"do": "ban", "user": "Dusk"},
        {"do": "request-to-join", "user": "Ember"},
    ]);
    for (name, action) in examples {
        check(&document, schema, &action);
        town.post("/reset", json!(null)).await;
        let results = town.post("/actions", prepare.clone()).await;
        check(&document, reply, &results);
        if name == "remove-entity" {
            assert_eq!(action["entity"], results[2]["entity"]);
        }
        let result = town.post("/actions", action.clone()).await;
        check(&document, reply, &result);
        // Neither the schema nor the server accepts a field that an action does not have.
        if action.is_object() {
            let mut wrong = action;
            wrong["extra"] = json!(7);
            assert!(!validator(&document, schema).is_valid(&wrong), "{name}");
            let (status, error) = town.refused("POST", "/actions", &wrong.to_string()).await;
            assert!(
                status == 400 && error.contains("unknown field `extra`"),
                "{name}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn requests_to_wait_and_all_replies_are_as_documented() {
    let town = Town::new().await;
    let document = town.get("/openapi.json").await;
    let mut bot = town.subscribed().await;
    town.post("/actions", json!({"do": "join", "player": "Ashwick"}))
        .await;
    bot.json().await;
    bot.command(2, "player message * hello 1").await;
    rest(&town.sim, "GET", "groups/joined?limit=3", "").await;
    let response = |path: &str, method: &str, status: u16| {
        let responses = &document["paths"][path][method]["responses"];
        responses[status.to_string()]["content"]["application/json"]["schema"].clone()
    };
    let state = town.get("/state").await;
    check(&document, &response("/state", "get", 200), &state);
    let kinds = document["components"]["schemas"]["What"]["oneOf"]
        .as_array()
        .unwrap();
    assert_eq!(kinds.len(), 7);
    for kind in kinds {
        let what = kind["const"].as_str().unwrap();
        let seen = town.get(&format!("/seen/{what}?limit=10")).await;
        check(&document, &response("/seen/{what}", "get", 200), &seen);
        let is_empty = seen["seen"].as_array().unwrap().is_empty();
        assert_eq!(is_empty, what == "socket-requests", "{what}");
    }
    let operation = &document["paths"]["/wait"]["post"];
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    for (_, mut example) in examples(operation) {
        check(&document, schema, &example);
        example["timeout"] = json!(0);
        let reply = town.call("POST", "/wait", &example.to_string()).await;
        assert_eq!(reply.status, 504, "{}", reply.text);
        check(&document, &response("/wait", "post", 504), &reply.json());
    }
    let seen = town.post("/wait", json!({"what": "messages"})).await;
    check(&document, &response("/wait", "post", 200), &seen);
    let error = town.call("POST", "/actions", "7").await.json();
    check(&document, &response("/actions", "post", 400), &error);
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
