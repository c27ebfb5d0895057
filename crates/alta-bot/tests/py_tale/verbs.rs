//! py-tale's functions against the simulated cloud.

use crate::support::{TEST_TIMEOUT, builder, connect, group, server, user, within};
use alta_bot::{ErrorKind, UserId};
use alta_model::{GroupId, MemberType, ServerId};
use alta_rest::ConsoleOptions;
use alta_sim::{Action, Fault, Hook, Sim};
use std::time::Duration;
use tokio::sync::mpsc;

#[tokio::test]
async fn every_request_of_py_tale_works() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).user(user(&sim)).connect())
        .await
        .unwrap();
    let (group, server) = (group(&sim), server(&sim));

    let access = within(bot.request_post_console(server, ConsoleOptions::default()))
        .await
        .unwrap();
    assert!(access.allowed && access.token.is_some());
    assert_eq!(
        within(bot.request_server_by_id(server)).await.unwrap().name,
        "Thornwood"
    );
    let joined = within(bot.request_current_groups()).await.unwrap();
    assert_eq!(joined[0].group.id, group);
    let member = within(bot.request_members(group)).await.unwrap();
    assert!(
        member
            .iter()
            .any(|member| Some(member.user_id) == bot.user_id())
    );
    assert_eq!(within(bot.request_consoles()).await.unwrap()[0].id, server);
    assert_eq!(
        within(bot.request_search_username("Ashwick"))
            .await
            .unwrap()
            .username,
        "Ashwick"
    );

    let player = UserId::new(sim.add_user("Brambletoe").try_into().unwrap());
    let invited = within(bot.request_invite_player_id(group, player))
        .await
        .unwrap();
    assert_eq!(invited.r#type, Some(MemberType::Invited));
    let revoked = within(bot.request_uninvite_player_id(group, player))
        .await
        .unwrap();
    assert_eq!(revoked.r#type, Some(MemberType::Kicked));

    let other = sim.add_group("Hollowmere");
    let other_group = GroupId::new(other.try_into().unwrap());
    sim.invite_bot(other).unwrap();
    assert_eq!(
        within(bot.request_invites()).await.unwrap()[0].id,
        other_group
    );
    let rejected = within(bot.request_reject_invite(other_group))
        .await
        .unwrap();
    assert_eq!(rejected.r#type, Some(MemberType::Left));
    sim.invite_bot(other).unwrap();
    let accepted = within(bot.request_accept_invite(other_group))
        .await
        .unwrap();
    assert_eq!(accepted.r#type, Some(MemberType::Accepted));
    within(bot.close()).await;
}

#[tokio::test]
async fn a_request_that_requires_another_account_is_an_error_that_says_so() {
    let sim = Sim::builder().bot_role(1).start().await.unwrap();
    let bot = connect(&sim).await;
    let searched = within(bot.request_search_username("Ashwick"))
        .await
        .unwrap_err();
    assert!(matches!(searched.kind(), ErrorKind::NoAccount { needs } if needs.contains("user")));
    let asked = within(bot.request_post_console(server(&sim), ConsoleOptions::default())).await;
    assert_eq!(*asked.unwrap_err().kind(), ErrorKind::PermissionDenied);
    let nowhere = ServerId::new(42);
    let unknown = within(bot.request_server_by_id(nowhere)).await.unwrap_err();
    assert_eq!(*unknown.kind(), ErrorKind::NoSuchServer(nowhere));

    let nobody = within(crate::support::user_only(&sim).connect())
        .await
        .unwrap();
    let socket = nobody.socket().unwrap_err();
    assert!(
        matches!(socket.kind(), ErrorKind::NoAccount { .. }),
        "{socket}"
    );
}

#[tokio::test]
async fn a_console_is_created_once_and_can_be_used_and_listed() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let id = server(&sim);
    let early = within(bot.send_command_console(id, "player list"))
        .await
        .unwrap_err();
    assert_eq!(*early.kind(), ErrorKind::NotOpen(id));
    let body = r#"{"should_launch":"false","ignore_offline":"false"}"#;
    within(bot.create_console(id).ensure_open(TEST_TIMEOUT).body(body))
        .await
        .unwrap();
    assert_eq!(
        bot.get_active_consoles().into_keys().collect::<Vec<_>>(),
        [id]
    );
    let twice = within(bot.create_console(id)).await.unwrap_err();
    assert_eq!(*twice.kind(), ErrorKind::AlreadyOpen(id));

    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let reply = within(bot.send_command_console(id, "player list"))
        .await
        .unwrap();
    assert_eq!(reply.result().unwrap()[0]["username"], "Ashwick");
    let typed = within(bot.send_command_console(id, alta_bot::commands::player::list()))
        .await
        .unwrap();
    assert_eq!(typed[0].username, "Ashwick");
    let unsure = alta_bot::commands::player::message("Ashwick", "a \"quoted\" word");
    let unsure = within(bot.send_command_console(id, unsure))
        .await
        .unwrap_err();
    assert!(
        matches!(unsure.kind(), ErrorKind::ArgumentFormat { .. }),
        "{unsure}"
    );

    let malformed = within(bot.create_console(ServerId::new(7)).body("{"))
        .await
        .unwrap_err();
    assert!(
        matches!(malformed.kind(), ErrorKind::ArgumentFormat { .. }),
        "{malformed}"
    );
}

#[tokio::test]
async fn a_refused_console_can_be_created_again() {
    let sim = Sim::builder().bot_role(1).start().await.unwrap();
    let bot = connect(&sim).await;
    let id = server(&sim);
    let console = within(bot.create_console(id)).await.unwrap();
    within(console.ready()).await.unwrap_err();
    assert!(bot.get_active_consoles().is_empty());
    sim.set_role(sim.group(), sim.bot().user_id, 2).unwrap();
    within(bot.create_console(id).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_subscription_on_all_consoles_includes_consoles_created_later() {
    let sim = Sim::builder().start().await.unwrap();
    let second = sim.add_server(sim.group(), "Hollowmere").unwrap();
    sim.start_server(second).unwrap();
    let bot = connect(&sim).await;
    within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let mut joins = within(bot.console_sub("playerJOINED")).await.unwrap();
    let later = ServerId::new(second.try_into().unwrap());
    within(bot.create_console(later).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    sim.wait_for_console_subscription(second, "PlayerJoined")
        .await
        .unwrap();

    // Events before the next read of the stream are not lost.
    sim.player_joins(second, "Brambletoe").unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let mut seen = [
        within(joins.next_event()).await.unwrap(),
        within(joins.next_event()).await.unwrap(),
    ]
    .map(|(server, event)| (server, event.data["user"]["username"].to_string()));
    seen.sort();
    assert_eq!(
        seen,
        [
            (server(&sim), "\"Ashwick\"".to_owned()),
            (later, "\"Brambletoe\"".to_owned())
        ]
    );

    let subs = bot.get_console_subs();
    assert_eq!(subs[&later]["PlayerJoined"], 1);
    assert_eq!(subs.len(), 2);
    within(bot.close()).await;
    assert!(within(joins.next()).await.is_none());
}

#[tokio::test]
async fn unsubscribing_on_one_server_keeps_the_others_and_unsubscribing_on_all_ends_the_stream() {
    let sim = Sim::builder().start().await.unwrap();
    let second = sim.add_server(sim.group(), "Hollowmere").unwrap();
    sim.start_server(second).unwrap();
    let linger = att_console::Config::default().linger(Duration::ZERO);
    let bot = within(builder(&sim).console_config(linger).connect())
        .await
        .unwrap();
    let later = ServerId::new(second.try_into().unwrap());
    for id in [server(&sim), later] {
        within(bot.create_console(id).ensure_open(TEST_TIMEOUT))
            .await
            .unwrap();
    }
    let mut joins = within(bot.console_sub("PlayerJoined")).await.unwrap();
    // After one read, the stream has the subscriptions of both.
    sim.player_joins(sim.server(), "Iris_").unwrap();
    within(joins.next_event()).await.unwrap();
    assert_eq!(bot.console_unsub("playerleft", None), 0);
    assert_eq!(bot.console_unsub("playerjoined", server(&sim)), 1);
    assert_eq!(bot.console_unsub("playerjoined", server(&sim)), 0);
    assert!(!bot.get_console_subs()[&server(&sim)].contains_key("PlayerJoined"));
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.player_joins(second, "Brambletoe").unwrap();
    let joined = within(joins.next_event()).await.unwrap();
    assert_eq!(joined.1.data["user"]["username"], "Brambletoe");
    let thornwood = sim.server();
    within(sim.wait_until(|sim| sim.console_subscriptions(thornwood).is_empty()))
        .await
        .unwrap();

    assert_eq!(bot.console_unsub("PlayerJoined", None), 1);
    assert!(within(joins.next()).await.is_none());
    within(sim.wait_until(|sim| sim.console_subscriptions(second).is_empty()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_mistyped_event_is_an_error_with_suggestions_and_a_closed_console_one_with_its_server() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let id = server(&sim);
    let unopened = within(bot.console_sub("PlayerJoined").server(id))
        .await
        .unwrap_err();
    assert_eq!(*unopened.kind(), ErrorKind::NotOpen(id));
    within(bot.create_console(id).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    for sub in [
        bot.console_sub("PlayerJoind"),
        bot.console_sub("PlayerJoind").server(id),
    ] {
        let error = within(sub).await.unwrap_err();
        let ErrorKind::NoSuchEvent { suggestions } = error.kind() else {
            panic!("{error}")
        };
        assert_eq!(suggestions[0], "PlayerJoined");
    }
    assert!(bot.get_console_subs()[&id].is_empty());
}

#[tokio::test]
async fn a_subscription_does_not_wait_for_a_stopped_server_and_begins_when_it_starts() {
    let sim = Sim::builder().server_online(false).start().await.unwrap();
    let bot = connect(&sim).await;
    within(bot.create_console(server(&sim))).await.unwrap();
    let mut joins = within(bot.subscribe::<alta_bot::event::PlayerJoined>())
        .await
        .unwrap();
    sim.start_server(sim.server()).unwrap();
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    let joined = within(joins.next_event()).await.unwrap();
    assert_eq!(joined.1.data.user.username, "Ashwick");

    within(bot.console(server(&sim)).unwrap().ready())
        .await
        .unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    sim.start_server(sim.server()).unwrap();
    let (of, gap) = within(joins.next()).await.unwrap();
    gap.unwrap_err();
    assert_eq!(of, server(&sim));
}

#[tokio::test]
async fn a_callback_is_called_in_order_survives_its_panics_and_ends_with_the_bot() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let (names, mut called) = mpsc::channel(16);
    let callback = bot.console_sub("PlayerJoined").callback(move |bot, event| {
        let names = names.clone();
        async move {
            let name = event.data["user"]["username"].as_str().unwrap().to_owned();
            assert_ne!(name, "Grimbolt7", "a panic in a callback");
            let server = event.server.unwrap();
            bot.send_command_console(server, "player list")
                .await
                .unwrap();
            names.send(name).await.unwrap();
        }
    });
    within(callback).await.unwrap();
    for name in ["Ashwick", "Grimbolt7", "Brambletoe"] {
        sim.player_joins(sim.server(), name).unwrap();
    }
    assert_eq!(within(called.recv()).await.unwrap(), "Ashwick");
    assert_eq!(within(called.recv()).await.unwrap(), "Brambletoe");

    let running = tokio::spawn({
        let bot = bot.clone();
        async move { bot.run().await }
    });
    within(bot.close()).await;
    within(running).await.unwrap().unwrap();
    assert!(
        within(called.recv()).await.is_none(),
        "the callback is gone"
    );
}

#[tokio::test]
async fn closing_the_bot_ends_a_callback_where_it_waits() {
    struct Ends(mpsc::Sender<&'static str>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.0.try_send("ends").unwrap();
        }
    }
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let (notes, mut noted) = mpsc::channel(4);
    let callback = bot.console_sub("PlayerJoined").callback(move |_, _| {
        let ends = Ends(notes.clone());
        async move {
            ends.0.send("begins").await.unwrap();
            std::future::pending::<()>().await;
        }
    });
    within(callback).await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    assert_eq!(within(noted.recv()).await, Some("begins"));
    within(bot.close()).await;
    assert_eq!(noted.try_recv(), Ok("ends"), "before closing has returned");
}

#[tokio::test]
async fn dropping_the_last_handle_ends_callbacks_and_streams() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let (alive, mut dropped) = mpsc::channel::<()>(1);
    let callback = bot.console_sub("PlayerLeft").callback(move |_, _| {
        let _ = &alive;
        async {}
    });
    within(callback).await.unwrap();
    let mut joins = within(bot.console_sub("PlayerJoined")).await.unwrap();
    drop(bot);
    assert!(within(dropped.recv()).await.is_none());
    assert!(within(joins.next()).await.is_none());
    sim.wait_for_consoles(sim.server(), 0).await.unwrap();
}

#[tokio::test]
async fn a_bot_can_close_itself_in_a_callback() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    within(bot.create_console(server(&sim)).ensure_open(TEST_TIMEOUT))
        .await
        .unwrap();
    let closing = bot
        .console_sub("PlayerJoined")
        .callback(|bot, _| async move { bot.close().await });
    within(closing).await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    within(bot.run()).await.unwrap();
    assert!(bot.get_active_consoles().is_empty());
    let late = within(bot.console_sub("PlayerLeft")).await.unwrap_err();
    assert_eq!(*late.kind(), ErrorKind::Closed);
}

#[tokio::test]
async fn a_path_of_the_main_websocket_is_subscribed_to_and_unsubscribed_from() {
    let sim = Sim::builder().start().await.unwrap();
    let config = alta_ws::Config::default().linger(Duration::ZERO);
    let bot = within(builder(&sim).socket_config(config).connect())
        .await
        .unwrap();
    within(bot.wait_for_ready()).await.unwrap();
    within(bot.wait_for_ws()).await.unwrap();
    let path = format!("subscription/Group-Server-Status/{}", sim.group());
    let mut statuses = within(bot.main_sub(&path)).await.unwrap();
    let (sent, mut called) = mpsc::channel(4);
    let callback = bot.main_sub(&path).callback(move |_, event| {
        let sent = sent.clone();
        async move { sent.send(event.data["id"].clone()).await.unwrap() }
    });
    within(callback).await.unwrap();
    sim.status(sim.server());
    assert_eq!(
        within(statuses.next_event()).await.unwrap().data["id"],
        sim.server()
    );
    assert_eq!(within(called.recv()).await.unwrap(), sim.server());

    let lower = path.to_lowercase();
    assert_eq!(bot.main_unsub(&lower).unwrap(), 2);
    assert!(within(statuses.next()).await.is_none());
    assert!(within(called.recv()).await.is_none());
    within(sim.wait_until(|sim| sim.main_socket_subscriptions().is_empty()))
        .await
        .unwrap();
    assert_eq!(bot.main_unsub(&lower).unwrap(), 0);
}

#[tokio::test]
async fn an_invalid_path_and_a_mistyped_one_are_different_errors() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let malformed = within(bot.main_sub("group-update/1")).await.unwrap_err();
    assert!(
        matches!(malformed.kind(), ErrorKind::ArgumentFormat { .. }),
        "{malformed}"
    );
    assert!(bot.main_unsub("group-update").is_err());
}

#[tokio::test]
async fn a_path_that_the_service_refuses_is_an_error_with_its_message() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = connect(&sim).await;
    let foreign = sim.add_group("Strangers");
    let foreign = format!("subscription/group-update/{foreign}");
    let unknown = format!("subscription/doors-opened/{}", sim.group());
    for path in [foreign, unknown] {
        let error = within(bot.main_sub(&path)).await.unwrap_err();
        let said = format!("subscribing to {path}: the service refused it with status 404");
        assert!(error.to_string().starts_with(&said), "{error}");
        assert!(!format!("{error:?}").contains("no such event"), "{error:?}");
    }
    for (status, doing) in [(400, "refused"), (403, "forbidden")] {
        let refused = Fault::new(Hook::MainRequest, Action::Refuse(status));
        sim.faults().arm(refused.containing("group-ban-create"));
        let path = format!("subscription/group-ban-create/{}", sim.group());
        let error = within(bot.main_sub(&path)).await.unwrap_err();
        assert!(
            error.to_string().contains(&status.to_string()),
            "{doing}: {error}"
        );
    }
    let mistyped = format!("subscription/group-server-statsu/{}", sim.group());
    let error = within(bot.main_sub(&mistyped)).await.unwrap_err();
    assert!(matches!(
        error.kind(),
        ErrorKind::SubscriptionRefused { status: 404, .. }
    ));
    assert!(
        error
            .to_string()
            .contains("did you mean group-server-status"),
        "{error}"
    );
}
