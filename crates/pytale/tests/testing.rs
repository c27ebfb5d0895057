//! Tests of bots with `pytale::testing`, without a real server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use pytale::console::commands::SpawnArea;
use pytale::kit::Consoles;
use pytale::model::Vector3;
use pytale::prelude::*;
use pytale::testing::{ErrorKind, Sim, Waypoint, World};

#[path = "../examples/job20_without_server.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod without_server;

#[tokio::test]
async fn job_20_a_bot_is_tried_without_a_server() {
    let names = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];
    without_server::run(&names).await.unwrap();
}

#[tokio::test]
async fn a_recording_that_cannot_be_read_is_an_error_before_anything_is_sent() {
    let world = World::start().await.unwrap();
    let event = r#"{"type": "event", "event": "PlayerJoined", "data": {}}"#;
    for (line, problem) in [
        ("[", "EOF"),
        ("7", "it has no `type`"),
        (r#"{"type": "event"}"#, "it has no `event`"),
    ] {
        let recording = format!("{event}\n\n{line}\n");
        let error = world.replay(&recording).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let text = error.to_string();
        assert!(
            text.starts_with("replaying line 3 of a recording: "),
            "{text}"
        );
        assert!(text.contains(problem), "{text}");
    }
    let skipped = r#"{"type": "gap", "since": null, "until": null}"#;
    let recording = format!("{skipped}\n{event}\n{event}");
    assert_eq!(world.replay(&recording).await.unwrap(), 2);
}

/// The README's bot for a self-hosted server, with another console.
async fn welcome(console: Console) -> Result<(), pytale::console::Error> {
    let mut joins = console.subscribe::<PlayerJoined>().await?;
    while let Some(event) = joins.next_event().await {
        let greeting = player::message(event.data.user, "Welcome!");
        // A server that restarts fails a command, not the bot.
        if let Err(error) = console.command(greeting).await {
            eprintln!("{error}");
        }
    }
    Ok(())
}

async fn greets_and_greets_again_after_a_restart(world: &World) {
    for _ in 0..2 {
        world.wait_for_subscription::<PlayerJoined>().await.unwrap();
        for name in ["Ashwick", "Brambletoe"] {
            let player = world.player_joins(name).unwrap();
            assert_eq!(world.message_to(player).await.unwrap(), "Welcome!");
        }
        world.restart().await.unwrap();
    }
}

#[tokio::test]
async fn the_readmes_bot_greets_and_greets_again_after_a_restart() {
    let world = World::start().await.unwrap();
    let console = world.console();
    let bot = tokio::spawn(welcome(console.clone()));
    greets_and_greets_again_after_a_restart(&world).await;
    console.close().await;
    bot.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_cloud_bot_greets_and_greets_again_after_a_restart() {
    let world = World::start().await.unwrap();
    let bot = world.bot().connect().await.unwrap();
    bot.create_console(world.server()).await.unwrap();
    let joins = bot.subscribe::<PlayerJoined>();
    let greet = joins.callback(|bot, event| async move {
        let greeting = player::message(event.data.user, "Welcome!");
        bot.send_command_console(event.server.unwrap(), greeting)
            .await
    });
    greet.await.unwrap();
    greets_and_greets_again_after_a_restart(&world).await;
    bot.close().await;
}

#[tokio::test]
async fn a_self_hosted_bot_with_handlers_greets() {
    let world = World::start().await.unwrap();
    let consoles = Consoles::new();
    consoles.open("Thornwood", world.access());
    let handlers = Handlers::new().on::<PlayerJoined>(|console, event| async move {
        assert_eq!(&*console.label(), "Thornwood");
        let greeting = player::message(event.data.user, "Welcome!");
        console.command(greeting).await
    });
    let runner = Runner::new(consoles, handlers);
    let handle = runner.handle();
    let running = tokio::spawn(runner.run());
    world.wait_for_subscription::<PlayerJoined>().await.unwrap();
    let player = world.player_joins("Ashwick").unwrap();
    assert_eq!(world.message_to(player).await.unwrap(), "Welcome!");
    handle.shutdown(Duration::from_secs(1)).await;
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn actions_of_players_are_events_and_their_messages_are_returned_once() {
    let world = World::start().await.unwrap();
    let console = world.console();
    let events = [
        "PlayerMovedChunk",
        "PlayerKilled",
        "ObjectKilled",
        "PlayerLeft",
        "TradeDeckUsed",
    ];
    let mut events = console.subscribe_to(events).await.unwrap();
    let player = world.player_joins("Ashwick").unwrap();
    world.player_moves(player, "Cave Layer 3").unwrap();
    world.player_kills(player, "Spriggull").unwrap();
    world.player_trades(player, player).unwrap();
    world.player_dies(player).unwrap();
    world.player_leaves(player).unwrap();
    for expected in [
        "PlayerMovedChunk",
        "ObjectKilled",
        "TradeDeckUsed",
        "PlayerKilled",
        "PlayerLeft",
    ] {
        let event = events.next_event().await.unwrap();
        assert_eq!(
            (&*event.console, event.name.as_str()),
            ("Thornwood", expected)
        );
    }
    assert!(world.player_leaves(player).is_err());

    let player = world.player_joins("Ashwick").unwrap();
    for text in ["one", "two"] {
        console
            .command(player::message(player, text))
            .await
            .unwrap();
    }
    assert_eq!(world.messages_to(player), ["one", "two"]);
    assert_eq!(world.message_to(player).await.unwrap(), "one");
    assert_eq!(world.message_to(player).await.unwrap(), "two");
    assert!(world.messages_to(UserId::new(7)).is_empty());
}

#[tokio::test]
async fn commands_are_returned_once_and_positions_can_be_set() {
    let world = World::start().await.unwrap();
    let player = world.player_joins("Ashwick").unwrap();
    let at = Vector3::new(5.0, 0.5, -3.0);
    world.player_at(player, at).unwrap();
    let console = world.console();
    let seen = console.command(player::detailed(player)).await.unwrap();
    assert_eq!(seen.position, Some(at));
    for area in [SpawnArea::Glades, SpawnArea::TowerEnd] {
        let teleport = player::teleport(player, area);
        console.command(teleport).await.unwrap();
    }
    for area in ["Glades", "TowerEnd"] {
        let line = world.wait_for_command("player teleport").await.unwrap();
        assert_eq!(line, format!("player teleport {player} {area}"));
    }
    let line = world.wait_for_command("player detailed").await.unwrap();
    assert_eq!(line, format!("player detailed {player}"));
    assert!(world.player_at(UserId::new(7), at).is_err());
}

#[tokio::test]
async fn a_wait_that_times_out_names_its_condition() {
    let sim = Sim::builder().timeout(Duration::from_millis(20)).start();
    let world = World::from(sim.await.unwrap());
    let player = world.player_joins("Ashwick").unwrap();
    let error = world.message_to(player).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    let said = error.to_string();
    assert!(said.contains(&player.to_string()), "{said}");
    let error = world.wait_for_command("player kick").await.unwrap_err();
    assert!(error.to_string().contains("player kick"), "{error}");
    let error = world
        .wait_for_subscription::<PlayerLeft>()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("PlayerLeft"), "{error}");
    world.stop_server().await.unwrap();
    assert!(world.player_joins("Brambletoe").is_err());
}

#[tokio::test]
async fn a_self_hosted_bot_connects_by_address_and_token_file() {
    let folder = std::env::temp_dir().join(format!("pytale-own-server-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let world = World::start_self_hosted(&folder).await.unwrap();
    let file = world.token_file().unwrap();
    assert_eq!(file, folder.join("console_token.txt"));
    let address = Console::parse_address(&world.console_url().unwrap()).unwrap();
    let console = Console::open(TokenFile::new(address, file));
    let bot = tokio::spawn(welcome(console.clone()));
    world.wait_for_subscription::<PlayerJoined>().await.unwrap();
    let player = world.player_joins("Ashwick").unwrap();
    assert_eq!(world.message_to(player).await.unwrap(), "Welcome!");
    console.close().await;
    bot.await.unwrap().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn the_timeout_of_waits_can_be_set() {
    let world = World::start().await.unwrap();
    let world = world.with_timeout(Duration::from_millis(30));
    let player = world.player_joins("Ashwick").unwrap();
    let error = world.message_to(player).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert!(error.to_string().contains("30ms"), "{error}");
}

#[tokio::test]
async fn positions_of_hands_can_be_set() {
    let world = World::start().await.unwrap();
    let player = world.player_joins("Ashwick").unwrap();
    let (left, right) = (Vector3::new(1.0, 2.0, 3.0), Vector3::new(1.5, 2.0, 3.0));
    world.player_hands(player, left, right).unwrap();
    let detailed = world.console().command(player::detailed(player)).await;
    let detailed = detailed.unwrap();
    assert_eq!(
        (detailed.left_hand_position, detailed.right_hand_position),
        (Some(left), Some(right))
    );
}

#[tokio::test]
async fn a_player_follows_a_path_when_the_clock_is_moved() {
    let world = World::start().await.unwrap();
    let player = world.player_joins("Ashwick").unwrap();
    let end = Vector3::new(10.0, 0.0, 0.0);
    let path = [Waypoint::new(Duration::from_secs(3_600), [10.0, 0.0, 0.0])];
    world.player_follows(player, &path).unwrap();
    let console = world.console();
    let before = console.command(player::detailed(player)).await.unwrap();
    assert_ne!(before.position, Some(end));
    world.advance(Duration::from_secs(3_600)).await.unwrap();
    let after = console.command(player::detailed(player)).await.unwrap();
    assert_eq!(after.position, Some(end));
    assert!(world.player_follows(UserId::new(7), &path).is_err());
}

#[tokio::test]
async fn a_cloud_bot_outlives_its_token_and_its_main_websocket() {
    let world = World::start().await.unwrap();
    let bot = world.bot().connect().await.unwrap();
    bot.create_console(world.server()).await.unwrap();
    let joins = bot.subscribe::<PlayerJoined>();
    let greet = joins.callback(|bot, event| async move {
        let greeting = player::message(event.data.user, "Welcome!");
        bot.send_command_console(event.server.unwrap(), greeting)
            .await
    });
    greet.await.unwrap();
    world.wait_for_subscription::<PlayerJoined>().await.unwrap();
    world.advance(Duration::from_secs(2 * 3_600)).await.unwrap();
    greets_and_greets_again_after_a_restart(&world).await;
    bot.close().await;
}
