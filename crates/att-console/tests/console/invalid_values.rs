//! An invalid value in an event or in a reply does not affect the values beside it.

use crate::common::server::{SUCCESS, reply, server};
use crate::common::{config, next, within};
use alta_model::console::event::{ChangeType, InventoryType};
use att_console::commands::player;
use att_console::event::{InfoLog, InventoryChanged, PlayerJoined, PlayerKilled};
use att_console::{Console, ErrorKind, UserId};

fn event(name: &str, data: &str) -> String {
    format!(
        r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:02.5Z","eventType":"{name}","data":{data}}}"#
    )
}

/// A console of a server that sends these events, and then this data as the reply to `player list`.
async fn console(events: Vec<String>, data: &'static str) -> Console {
    let access = server(move |id, line| match line {
        "player list" | "player list-detailed" | "player kick 1" => {
            let mut frames = events.clone();
            frames.push(reply(id, data));
            frames
        }
        _ => vec![reply(id, SUCCESS)],
    })
    .await;
    Console::open_with(access, config())
}

#[tokio::test]
async fn promise_03_invalid_values_do_not_lose_events() {
    let ashwick = r#""user":{"id":1,"username":"Ashwick"}"#;
    let events = vec![
        event(
            "PlayerJoined",
            r#"{"user":{"id":2,"username":"Fox\ud83d"}}"#,
        ),
        event(
            "PlayerJoined",
            &format!(r#"{{{ashwick},"position":[null,null,null]}}"#),
        ),
        event("PlayerJoined", &format!(r#"{{"position":[],{ashwick}}}"#)),
        event(
            "PlayerKilled",
            r#"{"killedPlayer":{"id":1},"killerPlayer":{},"source":"Impact"}"#,
        ),
        event(
            "InfoLog",
            r#"{"message":"hello","timeStamp":"9999-12-31T23:59:59.9999999"}"#,
        ),
        event(
            "InventoryChanged",
            r#"{"User":{"id":1},"ChangeType":3,"InventoryType":1}"#,
        ),
    ];
    let console = console(events, r#"{"Result":[]}"#).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let mut kills = within(console.subscribe::<PlayerKilled>()).await.unwrap();
    let mut logs = within(console.subscribe::<InfoLog>()).await.unwrap();
    let mut items = within(console.subscribe::<InventoryChanged>())
        .await
        .unwrap();
    assert!(
        within(console.command(player::list()))
            .await
            .unwrap()
            .is_empty()
    );

    let fox = next(&mut joins).await.unwrap();
    assert_eq!(fox.data.user.username, "Fox\u{fffd}");
    assert!(
        fox.raw().as_str().contains(r"Fox\ud83d"),
        "the raw frame is unchanged"
    );
    for _ in 0..2 {
        let joined = next(&mut joins).await.unwrap().data;
        assert_eq!(
            (joined.user.username.as_str(), joined.position),
            ("Ashwick", None)
        );
        assert_eq!(joined.skipped().to_string(), "position");
    }
    let killed = next(&mut kills).await.unwrap().data;
    assert_eq!(
        (killed.killed_player.id, killed.killer_player),
        (UserId::new(1), None)
    );
    assert!(next(&mut logs).await.unwrap().data.time_stamp.is_some());
    let item = next(&mut items).await.unwrap().data;
    assert_eq!(item.change_type, Some(ChangeType::Undock));
    assert_eq!(item.inventory_type, Some(InventoryType::Player));
}

#[tokio::test]
async fn invalid_entries_and_lone_surrogates_lose_no_other_player() {
    let data =
        r#"{"Result":[{"id":null,"username":"Ashwick"},{"id":2,"username":"Fox\ud83d"},null]}"#;
    let players = within(console(Vec::new(), data).await.command(player::list()))
        .await
        .unwrap();
    assert_eq!(
        (players.len(), players[0].username.as_str()),
        (1, "Fox\u{fffd}")
    );
    assert_eq!(players.skipped().to_string(), "[0], [2]");

    let data = r#"{"Result":[{"id":1,"LeftHandPosition":[],"Position":[1,2,3]},{"id":2,"Position":[1,2,3]}]}"#;
    let players = console(Vec::new(), data).await;
    let players = within(players.command(player::list_detailed()))
        .await
        .unwrap();
    assert_eq!((players.len(), players.skipped().count()), (2, 0));
    assert_eq!(players[0].skipped().to_string(), "LeftHandPosition");
    assert!(players[0].position.is_some());

    let data = r#"{"Result":[{"id":null,"username":"Ashwick"}]}"#;
    let nobody = within(console(Vec::new(), data).await.command(player::list())).await;
    let error = nobody.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Decode { .. }),
        "not an empty list: {error}"
    );
}

#[tokio::test]
async fn a_lone_surrogate_hides_no_failure() {
    for data in [
        r#"{"ResultString":"Fox\ud83d","Exception":{"ClassName":"System.Exception","Message":"no \ud83d"}}"#,
        r#"{"Result":"","ResultString":"System.Exception: no \ude00"}"#,
    ] {
        let console = console(Vec::new(), data).await;
        let error = within(console.command(player::kick(UserId::new(1))))
            .await
            .unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
    }
}
