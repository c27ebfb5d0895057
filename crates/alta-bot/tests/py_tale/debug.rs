//! The observer of a bot's traffic.

use crate::support::{TEST_TIMEOUT, builder, server, user, within};
use alta_auth::Password;
use alta_bot::commands::player;
use alta_bot::{Channel, Direction, Traffic};
use alta_rest::ConsoleOptions;
use alta_sim::Sim;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn the_traffic_of_every_channel_is_shown_without_secrets() {
    let sim = Sim::builder().start().await.unwrap();
    let seen: Arc<Mutex<Vec<Traffic>>> = Arc::default();
    let watching = Arc::clone(&seen);
    let watched = builder(&sim)
        .user(user(&sim))
        .on_traffic(move |traffic| watching.lock().unwrap().push(traffic.clone()));
    let bot = within(watched.connect()).await.unwrap();
    let id = server(&sim);
    let access = within(bot.request_post_console(id, ConsoleOptions::default()))
        .await
        .unwrap();
    within(bot.create_console(id).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let mut joins = within(bot.console_sub("PlayerJoined")).await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    within(joins.next_event()).await.unwrap();
    within(bot.send_command_console(id, player::message("Ashwick", "Hello")))
        .await
        .unwrap();
    within(bot.socket().unwrap().migrate_now()).await.unwrap();
    within(bot.close()).await;

    let seen = seen.lock().unwrap();
    let console = Channel::Console(id);
    for (direction, channel, part) in [
        (Direction::Sent, Channel::Http, "client_secret=<redacted>"),
        (
            Direction::Received,
            Channel::Http,
            "200 to POST /connect/token {",
        ),
        (Direction::Sent, Channel::Http, "POST /api/sessions {"),
        (Direction::Received, Channel::Http, "Thornwood"),
        (
            Direction::Sent,
            Channel::MainSocket,
            "subscription/group-server-status",
        ),
        (Direction::Sent, Channel::MainSocket, "migrate"),
        (
            Direction::Received,
            Channel::MainSocket,
            "\"responseCode\":200",
        ),
        (Direction::Sent, console, "<redacted>"),
        (Direction::Received, console, "Authenticated as"),
        (Direction::Sent, console, "websocket subscribe PlayerJoined"),
        (
            Direction::Received,
            console,
            "\"eventType\":\"PlayerJoined\"",
        ),
        (Direction::Sent, console, "player message"),
        (Direction::Received, console, "\"CommandResult\""),
    ] {
        let found = seen.iter().any(|traffic| {
            let text = traffic.text.replace("\\\"", "\"");
            (traffic.direction, traffic.channel) == (direction, channel) && text.contains(part)
        });
        assert!(found, "{direction:?} {channel:?} {part}: {seen:#?}");
    }
    let (account, person) = (sim.bot(), sim.user());
    let hash = Password::plain(person.password.clone());
    let token = access.token.unwrap();
    for secret in [
        "eyJ",
        &account.client_secret,
        &person.password,
        hash.expose_hash(),
        token.expose(),
    ] {
        let shown = seen.iter().find(|traffic| traffic.text.contains(secret));
        assert!(shown.is_none(), "{shown:?}");
    }
}

#[tokio::test]
async fn without_an_observer_nothing_is_shown_and_debug_can_be_switched_off() {
    let sim = Sim::builder().start().await.unwrap();
    let seen: Arc<Mutex<u32>> = Arc::default();
    let counting = Arc::clone(&seen);
    let builder = builder(&sim).on_traffic(move |_| *counting.lock().unwrap() += 1);
    let bot = within(builder.debug(false).connect()).await.unwrap();
    within(bot.close()).await;
    assert_eq!(*seen.lock().unwrap(), 0);
}
