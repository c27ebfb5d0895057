use super::support::*;
use alta_bot::{Bot, Change, View, ViewConfig};
use alta_http::HttpClient;
use alta_model::{Permission, UserId};
use alta_sim::{Action, Fault, Hook, Sim};
use alta_socket::BackoffPolicy;
use bytes::Bytes;
use http::Request;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

async fn follow(sim: &Sim, config: ViewConfig) -> (Bot, View) {
    let bot = within(builder(sim).connect()).await.unwrap();
    let view = within(bot.view(config)).await.unwrap();
    within(view.complete()).await.unwrap();
    (bot, view)
}

/// Reads changes until this one.
async fn comes(changes: &mut alta_bot::Changes, expected: Change) {
    let waiting = async {
        loop {
            let change = changes.next().await.expect("the view is closed").unwrap();
            if change == expected {
                return;
            }
        }
    };
    let waited = tokio::time::timeout(TEST_TIMEOUT, waiting).await;
    waited.unwrap_or_else(|_| panic!("{expected:?} doesn't come"));
}

#[tokio::test]
async fn the_view_follows_groups_members_roles_servers_and_players() {
    let sim = Sim::builder().start().await.unwrap();
    sim.add_member(sim.group(), "Birch").unwrap();
    let (_bot, view) = follow(&sim, following()).await;
    let (group, server) = (group(&sim), server_id(sim.server()));
    let now = || view.group(group).unwrap();
    assert_eq!(now().name(), "Thornwood Folk");
    assert_eq!(now().role().unwrap().name, "Moderator");
    assert!(now().permits(&Permission::Console));
    assert_eq!(now().members.len(), 3, "the owner, the bot, Birch");
    assert!(view.server(server).unwrap().is_online);
    assert_eq!(view.servers().count(), 1);

    let mut changes = view.changes();
    let cobb = UserId::new(
        sim.add_member(sim.group(), "Cobb")
            .unwrap()
            .try_into()
            .unwrap(),
    );
    comes(&mut changes, Change::MemberJoined(group, cobb)).await;
    assert_eq!(now().members[&cobb].username, "Cobb");
    sim.set_role(sim.group(), cobb.get().try_into().unwrap(), 2)
        .unwrap();
    comes(&mut changes, Change::MemberChanged(group, cobb)).await;
    sim.set_role(sim.group(), sim.bot().user_id, 1).unwrap();
    comes(&mut changes, Change::RoleChanged(group)).await;
    assert!(!now().permits(&Permission::Console));
    sim.rename_group(sim.group(), "Thornwood Friends").unwrap();
    comes(&mut changes, Change::GroupChanged(group)).await;
    assert_eq!(now().name(), "Thornwood Friends");
    assert!(
        !now().group.roles.is_empty(),
        "an update without roles leaves them"
    );

    let player = sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.status(sim.server());
    comes(&mut changes, Change::PlayersChanged(group, server)).await;
    let known = view.server(server).unwrap();
    assert_eq!(known.players()[0].id.get().unsigned_abs(), player);
    assert_eq!(known.player_count(), 1);
    sim.rename_server(sim.server(), "Thornwood Two").unwrap();
    comes(&mut changes, Change::ServerChanged(group, server)).await;
    assert_eq!(view.server(server).unwrap().name, "Thornwood Two");
    sim.stop_server(sim.server()).await.unwrap();
    comes(&mut changes, Change::ServerOffline(group, server)).await;
    assert!(view.server(server).unwrap().players().is_empty());

    let second = sim.add_server(sim.group(), "Hollow").unwrap();
    comes(&mut changes, Change::ServerAdded(group, server_id(second))).await;
    sim.remove_server(second).await.unwrap();
    comes(
        &mut changes,
        Change::ServerRemoved(group, server_id(second)),
    )
    .await;
    assert!(view.server(server_id(second)).is_none());

    let other = sim.add_group("Hollowmere");
    sim.admit_bot(other, 1).unwrap();
    comes(&mut changes, Change::GroupJoined(group_id(other))).await;
    sim.kick_bot(other).unwrap();
    comes(&mut changes, Change::GroupLeft(group_id(other))).await;
    assert_eq!(view.groups().len(), 1);
}

#[tokio::test]
async fn changes_in_a_gap_are_read_after_it() {
    let sim = Sim::builder().start().await.unwrap();
    let (_bot, view) = follow(&sim, following()).await;
    let mut changes = view.changes();
    sim.faults()
        .arm(Fault::new(Hook::MainEvent, Action::Drop).times(1_000));
    sim.set_role(sim.group(), sim.bot().user_id, 1).unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    let other = sim.add_group("Hollowmere");
    sim.admit_bot(other, 2).unwrap();
    let second = sim.add_server(other, "Hollow").unwrap();
    sim.start_server(second).unwrap();
    sim.drop_main_sockets();

    let (group, server) = (group(&sim), server_id(sim.server()));
    until("the other group", || view.group(group_id(other)).is_some()).await;
    until("its server", || {
        view.server(server_id(second))
            .is_some_and(|server| server.is_online)
    })
    .await;
    until("the role", || {
        !view.group(group).unwrap().permits(&Permission::Console)
    })
    .await;
    until("the server", || !view.server(server).unwrap().is_online).await;
    comes(
        &mut changes,
        Change::ServerOnline(group_id(other), server_id(second)),
    )
    .await;
}

#[tokio::test]
async fn everything_is_read_again_after_a_migration_and_followed_further() {
    let sim = Sim::builder().start().await.unwrap();
    let (bot, view) = follow(&sim, following()).await;
    let server = server_id(sim.server());
    sim.faults()
        .arm(Fault::new(Hook::MainEvent, Action::Drop).times(1_000));
    sim.stop_server(sim.server()).await.unwrap();
    assert!(
        view.server(server).unwrap().is_online,
        "no source has reported it"
    );
    sim.faults().clear();
    within(bot.socket().unwrap().migrate_now()).await.unwrap();
    until("the server", || !view.server(server).unwrap().is_online).await;
    sim.start_server(sim.server()).unwrap();
    until("the server again", || {
        view.server(server).unwrap().is_online
    })
    .await;
}

#[tokio::test]
async fn a_reading_that_fails_is_tried_again() {
    let sim = Sim::builder().start().await.unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let path = format!("GET /api/groups/{}/members", sim.group());
    let refuse = Fault::new(Hook::Http, Action::Refuse(403)).containing(&path);
    sim.faults().arm(refuse.times(2));
    let view = within(bot.view(following())).await.unwrap();
    within(view.complete()).await.unwrap();
    assert_eq!(sim.faults().armed(), 0);
}

#[tokio::test]
async fn a_reading_that_panics_in_the_http_stack_is_tried_again() {
    let sim = Sim::builder().start().await.unwrap();
    let http = HttpClient::web_roots(&alta_http::Config::default()).unwrap();
    let panics = Arc::new(AtomicUsize::new(2));
    let http = HttpClient::without_layers(tower::service_fn(move |request: Request<Bytes>| {
        let (http, panics) = (http.clone(), Arc::clone(&panics));
        async move {
            let one_less = |left: usize| left.checked_sub(1);
            let order = Ordering::SeqCst;
            if request.uri().path().ends_with("/members")
                && panics.fetch_update(order, order, one_less).is_ok()
            {
                panic!("thrown by a test");
            }
            http.send(request).await
        }
    }));
    let bot = within(builder(&sim).http(http).connect()).await.unwrap();
    let view = within(bot.view(following())).await.unwrap();
    within(view.complete()).await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_of_changes_gets_a_miss_and_the_stream_continues() {
    let sim = Sim::builder().start().await.unwrap();
    let small = following().queue(alta_socket::QueueConfig::new(2));
    let (bot, view) = follow(&sim, small).await;
    let mut changes = view.changes();
    for number in 0..10 {
        let name = format!("Town {number}");
        sim.rename_group(sim.group(), &name).unwrap();
        until("the new name", || {
            view.group(group(&sim)).unwrap().name() == name
        })
        .await;
    }
    let first = within(changes.next()).await.unwrap();
    assert!(
        matches!(first, Err(alta_socket::Missed::Lagged(dropped)) if dropped >= 8),
        "{first:?}"
    );
    assert_eq!(
        within(changes.next()).await,
        Some(Ok(Change::GroupChanged(group(&sim))))
    );
    within(bot.close()).await;
    while within(changes.next()).await.is_some() {}
}

#[tokio::test]
async fn without_members_the_view_contains_only_the_bot_itself() {
    let sim = Sim::builder().start().await.unwrap();
    sim.add_member(sim.group(), "Birch").unwrap();
    let (bot, view) = follow(&sim, following().members(false)).await;
    let known = view.group(group(&sim)).unwrap();
    let members: Vec<_> = known.members.keys().copied().collect();
    assert_eq!(members, [bot.user_id().unwrap()]);
    let asked = sim.main_socket_subscriptions();
    assert!(
        asked
            .iter()
            .all(|(_, event, _)| event != "group-member-create")
    );
}

#[tokio::test]
async fn a_group_is_read_after_the_subscribe_timeout_and_again_when_its_events_are_confirmed() {
    let sim = Sim::builder().start().await.unwrap();
    // More than may be read at the same time.
    for number in 0..12 {
        let group = sim.add_group(&format!("Town {number}"));
        sim.admit_bot(group, 1).unwrap();
    }
    let refuse = Fault::new(Hook::MainRequest, Action::Refuse(500));
    sim.faults().arm(
        refuse
            .containing("POST subscription/group-server-status")
            .times(u32::MAX),
    );
    let quick = BackoffPolicy::new(Duration::from_millis(5), Duration::from_millis(20));
    let bot = builder(&sim).socket_config(alta_ws::Config::default().backoff(quick));
    let bot = within(bot.connect()).await.unwrap();
    let impatient = following().subscribe_timeout(Duration::from_millis(50));
    let view = within(bot.view(impatient)).await.unwrap();
    within(view.complete()).await.unwrap();
    assert_eq!(view.groups().len(), 13);

    sim.stop_server(sim.server()).await.unwrap();
    let server = || view.server(server_id(sim.server())).unwrap();
    assert!(server().is_online, "nobody tells of it");
    sim.faults().clear();
    until("the server is found to be down", || !server().is_online).await;
}
