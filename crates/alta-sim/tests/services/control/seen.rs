//! The doings of clients, and waiting for them.

use super::Town;
use crate::support::{Reply, rest};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::json;

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
async fn many_requests_wait_at_once_and_one_more_is_refused() {
    let town = Town::new().await;
    let wait = json!({"what": "commands", "matching": "player list", "timeout": 60}).to_string();
    let waiting = (0..257).map(|_| town.call("POST", "/wait", &wait));
    let mut waiting: FuturesUnordered<_> = waiting.collect();
    let refused = waiting.next().await.unwrap();
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["error"], "256 requests wait already");
    // Everything else is still possible.
    town.post("/actions", json!({"do": "join", "player": "Ashwick"}))
        .await;
    let mut bot = town.subscribed().await;
    bot.command(2, "player list").await;
    let replies: Vec<Reply> = waiting.collect().await;
    assert_eq!(replies.len(), 256);
    for reply in replies {
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.json()["seen"][0]["text"], "player list");
    }
    // The places are free again.
    let wait = json!({"what": "messages", "timeout": 0}).to_string();
    assert_eq!(town.refused("POST", "/wait", &wait).await.0, 504);
}
