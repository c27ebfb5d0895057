//! Messages with several objects or with half an object, and replies with a hidden error.

use crate::common::server::{SUCCESS, joined, reply, server};
use crate::common::{config, next, within};
use att_console::commands::player;
use att_console::event::PlayerJoined;
use att_console::{Console, ErrorKind, Missed, Target, UserId};
use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A console of a server with the reply to `player count` that `frames` makes from the usual reply.
async fn console(frames: impl Fn(String) -> Vec<String> + Clone + Send + 'static) -> Console {
    let access = server(move |id, line| match line {
        "player count" => frames(reply(id, r#"{"Result":1,"ResultString":"1"}"#)),
        _ => vec![reply(id, SUCCESS)],
    })
    .await;
    Console::open_with(access, config())
}

#[tokio::test]
async fn promise_02_every_object_of_a_message_reaches_its_receiver() {
    for between in ["", "\n", " \r\n ", "\0"] {
        let console =
            console(move |reply| vec![[joined("Ashwick"), reply, joined("Iris_")].join(between)])
                .await;
        let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
        let count = within(console.command(player::count())).await.unwrap();
        assert_eq!(count, 1, "the reply follows an event");
        for name in ["Ashwick", "Iris_"] {
            let event = next(&mut joins).await.unwrap();
            assert_eq!(event.data.user.username, name);
            assert_eq!(event.raw().as_str(), joined(name), "only its own object");
        }
        assert_eq!(console.status().totals.malformed, 0);
    }
}

#[tokio::test]
async fn promise_03_an_unreadable_rest_of_a_message_is_counted_and_reported() {
    let cut = joined("Iris_");
    let cut = cut[..cut.len() - 20].to_owned();
    for rest in ["rubbish".to_owned(), "]".to_owned(), cut] {
        let follows = rest.clone();
        let console = console(move |reply| {
            vec![
                format!("{}{reply}{follows}", joined("Ashwick")),
                joined("Bee"),
            ]
        })
        .await;
        let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
        let mut others = within(console.subscribe_to(["PlayerLeft", "PlayerKilled"]))
            .await
            .unwrap();
        within(console.command(player::count())).await.unwrap();
        assert_eq!(
            next(&mut joins).await.unwrap().data.user.username,
            "Ashwick"
        );
        let missed = next(&mut joins).await.unwrap_err();
        assert!(
            matches!(missed, Missed::Undecodable { .. }),
            "{rest}: {missed}"
        );
        assert_eq!(next(&mut joins).await.unwrap().data.user.username, "Bee");
        let missed = next(&mut others).await.unwrap_err();
        assert!(
            matches!(missed, Missed::Undecodable { .. }),
            "{rest}: {missed}"
        );
        assert_eq!((console.status().totals.malformed, others.queued()), (1, 0));
    }
}

#[tokio::test]
async fn promise_03_an_event_that_is_not_json_is_counted_and_reported() {
    let console = console(|reply| vec![joined(r#"Ashwick"x"#), joined("Bee"), reply]).await;
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    within(console.command(player::count())).await.unwrap();
    let missed = next(&mut joins).await.unwrap_err();
    assert!(matches!(missed, Missed::Undecodable { .. }), "{missed}");
    assert_eq!(next(&mut joins).await.unwrap().data.user.username, "Bee");
    assert_eq!(console.status().totals.malformed, 1);
}

/// Runs `player kick`; the reply has this data.
async fn kick(data: &'static str) -> Result<(), ErrorKind> {
    let access = server(move |id, _| vec![reply(id, data)]).await;
    let console = Console::open_with(access, config());
    let kick = console
        .command(player::kick(UserId::new(1_200_000_001)))
        .into_future();
    within(kick).await.map_err(|error| error.kind().clone())
}

#[tokio::test]
async fn promise_05_a_failure_is_never_a_success() {
    for data in [
        r#"{"ResultString":"Fox\ud83d","Exception":{"ClassName":"System.Exception","Message":"no such player"}}"#,
        r#"{"Result":"\udead","Exception":{"ClassName":"System.Exception","Message":"no such player"}}"#,
        r#"{"Exception":{"ClassName":"System.Exception","Message":"no such player"},"exception":null,"ResultString":"a","resultString":"b"}"#,
        r#"{"EXCEPTION":{"className":"System.Exception","MESSAGE":"no such player"},"Result":"Success"}"#,
        r#"{"exception":null,"Exception":"System.Exception: no such player","Result":true}"#,
        r#"{"Exception":{"ClassName":"System.Exception","Message":null,"InnerException":{"Message":"no such player"}}}"#,
        r#"{"Result":"","ResultString":"System.Exception: no such player"}"#,
        r#"{"Result":[],"ResultString":"System.Exception: no such player"}"#,
        r#"{"Result":{"ClassName":"System.Exception","Message":"no such player"}}"#,
        r#"{"Result":"Failed","ResultString":"System.Exception: no such player"}"#,
        r#"{"Result":null,"ResultString":"System.Exception (0x80004005): no such player"}"#,
        r#"{"Result":null,"ResultString":"System.Exception\r\nno such player"}"#,
        r#"{"Result":null,"ResultString":"","StringResult":"System.Exception: no such player"}"#,
        r#"{"Result":"System.Exception: no such player","ResultString":"System.Exception: no such player"}"#,
        r#"{"ResultString":"Fox\ud83d","Command":{"FullName":"\ud83d"},"Exception":["no such player"]}"#,
        r#""System.Exception: no such player""#,
    ] {
        let kind = kick(data).await.unwrap_err();
        assert!(
            matches!(&kind, ErrorKind::Server { message, .. } if message.contains("no such player")),
            "{data}: {kind}"
        );
    }
    for data in [
        r#"{"Exception":0,"ResultString":"Success"}"#,
        r#"{"Exception":{},"ResultString":"Success"}"#,
        r#"{"Exception":{"ClassName":7,"Message":{"text":"no"}},"ResultString":"Success"}"#,
        r#"{"Exception":"","Result":"Success"}"#,
    ] {
        let kind = kick(data).await.unwrap_err();
        assert!(matches!(kind, ErrorKind::Server { .. }), "{data}: {kind}");
    }
    let unreadable = kick(r#"{"ResultString":{"Message":"no such player"}}"#).await;
    assert!(
        matches!(&unreadable, Err(ErrorKind::Decode { reason }) if reason.contains("no such player")),
        "{unreadable:?}"
    );
    for data in [
        r#"{"Exception":null,"ResultString":"Success"}"#,
        r#"{"Result":7,"ResultString":7}"#,
        r#"{"ResultString":"An Exception: it is a title"}"#,
        "{}",
        "null",
    ] {
        assert_eq!(kick(data).await, Ok(()), "{data}");
    }
}

#[tokio::test]
async fn promise_04_a_subscribe_request_whose_reply_is_lost_is_repeated() {
    for lost in ["websocket subscribe", "websocket unsubscribe"] {
        let is_first = Arc::new(AtomicBool::new(true));
        let access = server(move |id, line| {
            if line.starts_with(lost) && is_first.swap(false, Ordering::Relaxed) {
                return Vec::new();
            }
            vec![reply(id, SUCCESS)]
        })
        .await;
        let config = config()
            .linger(Duration::ZERO)
            .resubscribe_after(vec![Duration::from_millis(50)]);
        let console = Console::open_with(access, config);
        for _ in 0..2 {
            drop(within(console.subscribe::<PlayerJoined>()).await.unwrap());
        }
    }
}

#[tokio::test]
async fn nobody_online_has_its_own_error_kind() {
    let access = server(move |id, _| {
        let failed = r#"{"Exception":{"ClassName":"System.Exception","Message":"Couldn't find user with identifier *"}}"#;
        vec![reply(id, failed)]
    })
    .await;
    let console = Console::open_with(access, config());
    let news = player::message(Target::Everyone, "It is noon");
    let error = within(console.command(news)).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::NobodyOnline { .. }),
        "{error}"
    );
    assert!(error.to_string().contains("no player is online"), "{error}");
    assert!(error.reply().is_some() && error.sent().is_none());
    let error = within(console.command(player::message("Ashwick", "*")))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Server { .. }), "{error}");
}
