//! `tale events`.

use crate::run::{Town, assert_documented, tale};
use pytale::console::event::PlayerJoined;
use pytale::console::event::PlayerMovedChunk;
use serde_json::Value;

/// A town whose server holds the subscription of the running program.
async fn subscribed(town: &Town) {
    let subscribed = town.world.wait_for_subscription::<PlayerJoined>();
    subscribed.await.unwrap();
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_over_a_restart_until_ctrl_c() {
    let town = Town::start().await;
    let mut running = town.running(&["events", "--follow", "--only", "playerjoined"]);
    subscribed(&town).await;
    town.world.player_joins("O'Neil").unwrap();
    let line = running.line().await;
    assert!(
        line.contains(" PlayerJoined mode=") && line.ends_with(" user=O'Neil"),
        "{line}"
    );
    town.world.restart().await.unwrap();
    subscribed(&town).await;
    let gap = running.line().await;
    assert!(gap.starts_with("-- events from "), "{gap}");
    town.world.player_joins("J.K.").unwrap();
    running.line_with("user=J.K.").await;
    running.interrupt().await;
    let done = running.done().await;
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_line_for_each_event_and_each_gap() {
    let town = Town::start().await;
    let mut running = town.running(&["events", "--count", "2", "--only", "PlayerJoined", "--json"]);
    subscribed(&town).await;
    town.world.player_joins("Ash\u{1b}wick").unwrap();
    let joined: Value = serde_json::from_str(&running.line().await).unwrap();
    assert_eq!(joined["name"], "PlayerJoined");
    assert_eq!(joined["data"]["user"]["username"], "Ash\u{1b}wick");
    town.world.restart().await.unwrap();
    subscribed(&town).await;
    let gap: Value = serde_json::from_str(&running.line().await).unwrap();
    assert_eq!(gap["missed"], "gap");
    assert!(
        gap["since"].as_str().unwrap() <= gap["until"].as_str().unwrap(),
        "{gap}"
    );
    town.world.player_joins("Bo").unwrap();
    let joined: Value = serde_json::from_str(&running.line().await).unwrap();
    assert_eq!(joined["data"]["user"]["username"], "Bo");
    let done = running.done().await;
    assert_eq!((done.code, done.out.as_str()), (0, ""), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documentation_shows_an_event_as_text() {
    let town = Town::start().await;
    let player = town.world.player_joins("Ashwick").unwrap();
    let arguments = ["events", "--count", "1", "--only", "PlayerMovedChunk"];
    let running = town.running(&arguments);
    let subscribed = town.world.wait_for_subscription::<PlayerMovedChunk>();
    subscribed.await.unwrap();
    town.world.player_moves(player, "Cave Layer 3").unwrap();
    let done = running.done().await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_documented(&format!("12:00:00{}", &done.out[8..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_events_with_the_text_are_printed_and_counted() {
    let town = Town::start().await;
    let running = town.running(&["events", "--count", "1", "--where", "BEE"]);
    subscribed(&town).await;
    town.world.player_joins("Ashwick").unwrap();
    town.world.player_joins("-Bee-").unwrap();
    let done = running.done().await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("user=-Bee-"), "{done:?}");
    assert_eq!(done.out.lines().count(), 1, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_ends_the_program_quietly() {
    let town = Town::start().await;
    let mut running = town.running(&["events", "--follow", "--only", "PlayerJoined"]);
    subscribed(&town).await;
    town.world.player_joins("Ashwick").unwrap();
    running.line_with("Ashwick").await;
    let closed = running.close_output();
    town.world.player_joins("Bo").unwrap();
    assert_eq!(closed.done().await, (0, String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_of_listening_is_limited() {
    let town = Town::start().await;
    let done = town.tale(&["events", "--seconds", "0.5"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_use_is_told_before_and_an_unknown_event_after_connecting() {
    let town = Town::start().await;
    let endless = town.tale(&["events"]).await;
    assert_eq!(endless.code, 2, "{endless:?}");
    assert!(endless.err.contains("--follow"), "{endless:?}");
    let unknown = town
        .tale(&["events", "--follow", "--only", "PlayerJoind"])
        .await;
    assert_eq!(unknown.code, 1, "{unknown:?}");
    assert!(
        unknown.err.contains("did you mean PlayerJoined"),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_ends_the_program_with_advice() {
    let town = Town::start().await;
    let arguments = ["--port", "1", "--token-file", town.token_file()];
    for command in [
        &["events", "--follow"][..],
        &["players", "--watch", "5"],
        &["wait", "PlayerJoined"],
        &["save"],
    ] {
        let done = tale(&[&arguments[..], command].concat()).await;
        assert_eq!(done.code, 3, "{command:?} {done:?}");
        assert!(
            done.err.contains("127.0.0.1:1") && done.err.contains("tale doctor"),
            "{done:?}"
        );
    }
}
