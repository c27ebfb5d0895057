//! Streams over several consoles in one process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_sim::Sim;
use att_console::{AnyEvent, Console, Missed};
use att_kit::Consoles;
use att_kit::event::PlayerJoined;
use futures_util::FutureExt as _;
use std::collections::BTreeMap;
use std::time::Duration;
use support::{TEST_TIMEOUT, access, config, open, self_hosted, until, within};

async fn world(servers: &[&str]) -> (Sim, Vec<u64>) {
    let sim = Sim::builder().bare().start().await.unwrap();
    let servers = servers
        .iter()
        .map(|name| sim.add_self_hosted(name).unwrap())
        .collect();
    (sim, servers)
}

#[tokio::test]
async fn a_stream_over_the_set_includes_present_and_future_consoles() {
    let (sim, servers) = world(&["Thornwood", "Hollowmere"]).await;
    let consoles = Consoles::new();
    assert!(consoles.add("Thornwood", open(&sim, servers[0])).is_none());
    let mut joins = consoles.subscribe::<PlayerJoined>().start();
    let reading = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some((name, item)) = joins.next().await {
            seen.push((name.to_string(), item.map(|event| event.data.user.username)));
        }
        seen
    });
    sim.wait_for_console_subscription(servers[0], "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(servers[0], "Ashwick").unwrap();
    consoles.add("Hollowmere", open(&sim, servers[1]));
    sim.wait_for_console_subscription(servers[1], "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(servers[1], "Brambletoe").unwrap();

    // A restart affects no other console.
    sim.stop_server(servers[0]).await.unwrap();
    sim.wait_for_consoles(servers[0], 0).await.unwrap();
    sim.player_joins(servers[1], "Cinder_Wick").unwrap();
    sim.start_server(servers[0]).unwrap();
    sim.wait_for_console_subscription(servers[0], "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(servers[0], "duskmoor42").unwrap();
    sim.flush().await.unwrap();

    // A removed console is not closed.
    let taken = consoles.remove("Hollowmere").unwrap();
    sim.wait_until(|sim| sim.console_subscriptions(servers[1]).is_empty())
        .await
        .unwrap();
    within(taken.ready()).await.unwrap();
    within(consoles.close()).await;
    assert!(consoles.all().is_empty());
    drop(consoles);
    let mut by_server: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for (name, item) in within(reading).await.unwrap() {
        by_server.entry(name).or_default().push(item);
    }
    let thornwood = &by_server["Thornwood"];
    assert_eq!(thornwood[0], Ok("Ashwick".to_owned()));
    assert!(matches!(thornwood[1], Err(Missed::Gap { .. })));
    assert_eq!(thornwood[2], Ok("duskmoor42".to_owned()));
    let names: Vec<_> = by_server["Hollowmere"]
        .iter()
        .map(|item| item.clone().unwrap())
        .collect();
    assert_eq!(names, ["Brambletoe", "Cinder_Wick"]);
}

#[tokio::test]
async fn a_stream_reads_the_console_that_replaces_another() {
    let (sim, servers) = world(&["Thornwood", "Hollowmere"]).await;
    let consoles = Consoles::<u32>::default();
    let mut events = consoles.subscribe_to_any(["PlayerJoined"]).start();
    consoles.add(7_u32, open(&sim, servers[0]));
    let before = consoles.add(7_u32, open(&sim, servers[1])).unwrap();
    within(before.close()).await;
    let reading = tokio::spawn(async move { events.next().await });
    sim.wait_for_console_subscription(servers[1], "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(servers[1], "Ashwick").unwrap();
    let (name, item) = within(reading).await.unwrap().unwrap();
    assert_eq!(name, 7);
    assert!(matches!(item.unwrap().data, AnyEvent::PlayerJoined(_)));
    assert!(consoles.get(&7).is_some() && consoles.get(&8).is_none());
}

#[tokio::test]
async fn one_process_holds_a_thousand_consoles() {
    let sim = Sim::builder()
        .bare()
        .login_delay(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let server = sim.add_self_hosted("Thornwood").unwrap();
    let consoles = Consoles::<u32>::default();
    for number in 0..1_000_u32 {
        let slow = config()
            .login_timeout(TEST_TIMEOUT)
            .connect_timeout(TEST_TIMEOUT);
        consoles.add(number, Console::open_with(access(&sim, server), slow));
    }
    let all_ready = async {
        for (_, console) in consoles.all() {
            console.ready().await.unwrap();
        }
    };
    tokio::time::timeout(TEST_TIMEOUT * 6, all_ready)
        .await
        .unwrap();
    assert_eq!(sim.console_connections(server).len(), 1_000);

    // One stream reads the events of all consoles, each once and in order.
    let mut joins = consoles
        .subscribe::<PlayerJoined>()
        .filter(|joined| joined.user.username != "Brambletoe")
        .start();
    sim.wait_until(|sim| sim.console_subscriptions(server).len() == 1_000)
        .await
        .unwrap();
    for name in ["Ashwick", "Brambletoe", "Cinder_Wick"] {
        sim.player_joins(server, name).unwrap();
    }
    let mut heard: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..2_000 {
        let (console, event) = within(joins.next_event()).await.unwrap();
        let names = heard.entry(console.to_string()).or_default();
        names.push(event.data.user.username);
    }
    assert_eq!(heard.len(), 1_000);
    let each = ["Ashwick", "Cinder_Wick"];
    assert!(heard.values().all(|names| names == &each));
    let first = consoles.remove(&0).unwrap();
    drop(first);
    sim.wait_for_consoles(server, 999).await.unwrap();
    tokio::time::timeout(TEST_TIMEOUT * 6, consoles.close())
        .await
        .unwrap();
    sim.wait_for_consoles(server, 0).await.unwrap();
}

#[tokio::test]
async fn a_console_that_is_removed_and_added_again_leaves_a_gap() {
    let (sim, servers) = world(&["Ashby"]).await;
    let consoles = Consoles::new();
    let console = open(&sim, servers[0]);
    consoles.add("ashby", console.clone());
    let mut joins = consoles.subscribe::<PlayerJoined>().start();
    sim.wait_for_console_subscription(servers[0], "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(servers[0], "Ashwick").unwrap();
    within(joins.next()).await.unwrap().1.unwrap();
    consoles.remove("ashby");
    console.close().await;
    // The stream applies the change when it is read.
    assert!(joins.next().now_or_never().is_none());
    sim.wait_for_consoles(servers[0], 0).await.unwrap();
    sim.player_joins(servers[0], "Birch").unwrap();
    consoles.add("ashby", open(&sim, servers[0]));
    let missed = within(joins.next()).await.unwrap().1.unwrap_err();
    assert!(matches!(missed, Missed::Gap { .. }), "{missed}");
    sim.player_joins(servers[0], "Cobb").unwrap();
    let joined = within(joins.next()).await.unwrap().1.unwrap();
    assert_eq!(joined.data.user.username, "Cobb");
}

#[tokio::test]
async fn a_stream_reads_the_queued_events_of_a_closed_console_and_continues_with_the_others() {
    let (sim, first) = self_hosted().await;
    let consoles = Consoles::new();
    let mut servers = vec![first];
    for name in ["Hollowmere", "Willowfen"] {
        servers.push(sim.add_self_hosted(name).unwrap());
    }
    for (name, server) in ["a", "b", "c"].into_iter().zip(&servers) {
        let console = open(&sim, *server);
        within(console.ready()).await.unwrap();
        consoles.add(name, console);
    }
    let mut joins = consoles.subscribe::<PlayerJoined>().start();
    let joined = async {
        for server in &servers {
            sim.wait_for_console_subscription(*server, "PlayerJoined")
                .await
                .unwrap();
        }
        for name in ["Ashwick", "Brambletoe", "Cinder_Wick"] {
            sim.player_joins(servers[2], name).unwrap();
        }
    };
    let (first, ()) = within(async { tokio::join!(joins.next(), joined) }).await;
    assert_eq!(&*first.unwrap().0, "c");
    within(consoles.get("b").unwrap().close()).await;
    for _ in 0..2 {
        assert_eq!(&*within(joins.next()).await.unwrap().0, "c");
    }
}

#[tokio::test]
async fn a_stream_of_all_consoles_knows_which_are_interrupted() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let consoles = Consoles::new();
    let mut servers = Vec::new();
    for name in ["Thornwood", "Hollowmere"] {
        let server = sim.add_self_hosted(name).unwrap();
        consoles.add(name, Console::open_with(access(&sim, server), config()));
        servers.push(server);
    }
    let events = consoles.subscribe_to(["PlayerJoined"]).start();
    for (_, console) in consoles.all() {
        within(console.subscribe_to(["PlayerJoined"]))
            .await
            .unwrap();
    }
    assert!(events.is_live());
    assert_eq!(events.interrupted_since(), None);
    sim.stop_server(servers[1]).await.unwrap();
    let lost = consoles.get("Hollowmere").unwrap();
    until("it is lost", || !lost.status().state.is_connected()).await;
    assert!(!events.is_live());
    let interrupted = events.interruptions();
    assert_eq!(&*interrupted[0].0, "Hollowmere");
    assert_eq!(interrupted.len(), 1);
    let since = events.interrupted_since().unwrap();
    assert!(since.saturating_duration_since(interrupted[0].1) < Duration::from_secs(1));
}

#[tokio::test]
async fn the_set_lists_its_streams_by_event_and_can_end_them() {
    let (sim, servers) = world(&["Thornwood", "Hollowmere"]).await;
    let consoles = Consoles::new();
    for (name, server) in ["one", "two"].into_iter().zip(&servers) {
        let console = open(&sim, *server);
        within(console.ready()).await.unwrap();
        consoles.add(name, console);
    }
    let mut all = within(consoles.subscribe::<PlayerJoined>()).await.unwrap();
    let mut one = within(consoles.subscribe::<PlayerJoined>().only("one"))
        .await
        .unwrap();
    let subscriptions = consoles.subscriptions();
    assert_eq!(subscriptions["one"]["PlayerJoined"], 2);
    assert_eq!(subscriptions["two"]["PlayerJoined"], 1);
    let (first, second) = ("one".into(), "two".into());
    assert_eq!(consoles.unsubscribe("playerjoined", Some(&second)), 1);
    sim.player_joins(servers[1], "Ashwick").unwrap();
    sim.player_joins(servers[0], "Birch").unwrap();
    for stream in [&mut all, &mut one] {
        let (key, event) = within(stream.next_event()).await.unwrap();
        assert_eq!((&*key, &*event.data.user.username), ("one", "Birch"));
    }
    assert_eq!(consoles.unsubscribe("PlayerJoined", Some(&first)), 2);
    assert!(within(one.next()).await.is_none());
    assert_eq!(consoles.unsubscribe("PlayerJoined", None), 1);
    assert!(within(all.next()).await.is_none());

    let unknown = within(consoles.subscribe_to(["PlayerJoind"])).await;
    let unknown = unknown.unwrap_err();
    let shown = unknown.to_string();
    assert!(shown.contains("PlayerJoined"), "{shown}");
    within(consoles.close()).await;
    let mut late = consoles.subscribe::<PlayerJoined>().start();
    assert!(within(late.next()).await.is_none());
}

#[tokio::test]
async fn a_stream_of_a_console_that_is_not_in_the_set_ends_at_once() {
    let consoles = Consoles::new();
    let mut none = consoles.subscribe::<PlayerJoined>().only("one").start();
    assert!(within(none.next()).await.is_none());
    let confirmed = within(consoles.subscribe::<PlayerJoined>().only("one")).await;
    assert!(within(confirmed.unwrap().next()).await.is_none());
}

#[tokio::test]
async fn a_console_that_is_closed_has_no_subscriptions() {
    let (sim, server) = self_hosted().await;
    let consoles = Consoles::new();
    let console = open(&sim, server);
    consoles.add("one", console.clone());
    let _joins = consoles.subscribe::<PlayerJoined>().start();
    assert!(consoles.subscriptions().contains_key("one"));
    within(console.close()).await;
    assert!(consoles.subscriptions().is_empty());
}
