//! `tale wait`.

use crate::run::Town;
use pytale::console::event::PlayerJoined;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn the_event_with_the_text_is_printed() {
    let town = Town::start().await;
    let running = town.running(&["wait", "playerjoined", "--where", "bee", "--timeout", "60"]);
    let subscribed = town.world.wait_for_subscription::<PlayerJoined>();
    subscribed.await.unwrap();
    town.world.player_joins("Ashwick").unwrap();
    town.world.player_joins("-Bee-").unwrap();
    let done = running.done().await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    assert!(
        done.out.ends_with(" user=-Bee-\n") && done.out.lines().count() == 1,
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_event_is_waited_for_over_a_restart() {
    let town = Town::start().await;
    let running = town.running(&["wait", "PlayerJoined", "--json"]);
    let subscribed = || town.world.wait_for_subscription::<PlayerJoined>();
    subscribed().await.unwrap();
    town.world.restart().await.unwrap();
    subscribed().await.unwrap();
    town.world.player_joins("Bo").unwrap();
    let done = running.done().await;
    assert_eq!(done.code, 0, "{done:?}");
    let event: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(event["data"]["user"]["username"], "Bo");
    assert!(done.err.contains("-- events from "), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timeout_has_its_status() {
    let town = Town::start().await;
    let done = town
        .tale(&["wait", "PlayerJoined", "--where", "Bo", "--timeout", "0.5"])
        .await;
    assert_eq!((done.code, done.out.as_str()), (5, ""), "{done:?}");
    assert!(
        done.err
            .contains("waiting for PlayerJoined with \"Bo\" on ws://127.0.0.1")
            && done.err.contains("no such event within 500ms"),
        "{done:?}"
    );
}
