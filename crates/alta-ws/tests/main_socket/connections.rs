use crate::support::{
    Bank, config, connect, connected, count, event, group, miss, requested, start, status,
    upgrades, within,
};
use crate::support_of_both::check_gap_of_silence;
use alta_auth::{BotTokens, StaticToken};
use alta_model::Timestamp;
use alta_sim::{Action, ClientAction, Fault, Hook, Service, Sim};
use alta_ws::{BackoffPolicy, Client, Config, ErrorKind, GroupUpdate, Missed, State};
use http::Method;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

#[tokio::test]
async fn promise_09_a_refused_token_is_renewed_once() {
    let sim = start(Sim::builder()).await;
    let bank = Bank::new(&sim);
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(401)));
    let client = Client::open_with(BotTokens::new(Arc::clone(&bank)), config(&sim)).unwrap();
    within(client.ready()).await.unwrap();
    assert_eq!(upgrades(&sim), [401, 101]);
    assert_eq!(bank.renewals.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_retry_connects_without_the_rest_of_the_backoff() {
    let sim = start(Sim::builder()).await;
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(503)));
    let hour = Duration::from_secs(3_600);
    let config = config(&sim).backoff(BackoffPolicy::new(hour, hour));
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config).unwrap();
    status(&client, |status| {
        matches!(status.state, State::Recovering { .. })
    })
    .await;
    client.retry_now().await;
    within(client.ready()).await.unwrap();
}

#[tokio::test]
async fn promise_09_a_token_that_stays_refused_is_final_and_seen_at_once() {
    for refusal in [401, 403] {
        let sim = start(Sim::builder()).await;
        sim.faults()
            .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(refusal)).times(100));
        let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
        let mut stream = client.subscribe(GroupUpdate(group(&sim))).start();
        let error = within(client.ready()).await.unwrap_err();
        let status = Some(refusal);
        assert_eq!(*error.kind(), ErrorKind::Unauthorized { status });
        assert_eq!(upgrades(&sim), [refusal, refusal]);
        assert!(client.status().state.is_closed());
        assert!(within(stream.next()).await.is_none());
        let error = within(client.subscribe(GroupUpdate(group(&sim))))
            .await
            .unwrap_err();
        assert!(
            matches!(error.kind(), ErrorKind::Unauthorized { .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn promise_09_a_fixed_token_that_is_refused_is_final() {
    let sim = start(Sim::builder()).await;
    let client = Client::open_with(StaticToken::new("not a token"), config(&sim)).unwrap();
    let error = within(client.ready()).await.unwrap_err();
    let status = Some(401);
    assert_eq!(*error.kind(), ErrorKind::Unauthorized { status });
    assert_eq!(upgrades(&sim), [401]);
}

#[tokio::test]
async fn promise_09_a_temporary_failure_is_tried_again() {
    let sim = start(Sim::builder()).await;
    for refusal in [500, 429, 503] {
        sim.faults()
            .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(refusal)));
    }
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
    within(client.ready()).await.unwrap();
    assert_eq!(upgrades(&sim), [500, 429, 503, 101]);
}

#[tokio::test]
async fn promise_09_a_host_that_cannot_be_reached_is_tried_again_and_the_cause_is_shown() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let short = Duration::from_millis(5);
    let config = Config::default()
        .url(format!("ws://{address}").parse().unwrap())
        .backoff(BackoffPolicy::new(short, short));
    let client = Client::open_with(StaticToken::new("x"), config).unwrap();
    let recovering = status(
        &client,
        |status| matches!(status.state, State::Recovering { attempt, .. } if attempt >= 3),
    )
    .await;
    let State::Recovering { because, .. } = recovering.state else {
        panic!("{recovering:?}");
    };
    let because = because.to_string();
    assert!(because.contains(&address.to_string()), "{because}");
}

#[tokio::test]
async fn promise_09_a_server_that_only_listens_causes_a_timeout() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config::default()
        .url(format!("ws://{address}").parse().unwrap())
        .connect_timeout(Duration::from_millis(50));
    let client = Client::open_with(StaticToken::new("x"), config).unwrap();
    let recovering = status(&client, |status| {
        matches!(status.state, State::Recovering { .. })
    })
    .await;
    assert!(format!("{:?}", recovering.state).contains("no connection within 50ms"));
}

#[tokio::test]
async fn promise_09_a_dead_connection_is_noticed_by_its_silence() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).ping_interval(Duration::from_secs(1))).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    sim.wait_for(|received| {
        received
            .iter()
            .any(|received| matches!(received.action, ClientAction::Ping))
    })
    .await
    .unwrap();
    sim.silence_main_sockets();
    let recovering = status(&client, |status| !status.state.is_connected()).await;
    assert!(format!("{:?}", recovering.state).contains("nothing arrived"));
    within(updates.next()).await.unwrap().unwrap_err();
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    event(&mut updates).await;
}

#[tokio::test]
async fn promise_01_the_gap_of_a_dead_connection_begins_with_its_last_frame() {
    const PING: Duration = Duration::from_secs(1);
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).ping_interval(PING)).await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut everything = client.subscribe_to_everything().await.unwrap();
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    let last = event(&mut updates).await.received();
    event(&mut everything).await;
    sim.silence_main_sockets();
    let silenced = Timestamp::now();
    for missed in [miss(&mut updates).await, miss(&mut everything).await] {
        let Missed::Gap { since, until } = missed else {
            panic!("{missed:?}");
        };
        check_gap_of_silence((since, until), last, silenced, PING);
    }
}

#[tokio::test]
async fn a_token_that_expires_meanwhile_is_renewed_and_the_request_repeated_once() {
    let sim = start(Sim::builder()).await;
    let bank = Bank::new(&sim);
    let client = Client::open_with(BotTokens::new(Arc::clone(&bank)), config(&sim)).unwrap();
    within(client.ready()).await.unwrap();
    sim.expire_tokens();
    let _updates = within(client.subscribe(GroupUpdate(group(&sim))))
        .await
        .unwrap();
    assert_eq!(bank.renewals.load(Ordering::Relaxed), 1);
    assert_eq!(
        count(
            &sim,
            &format!("POST subscription/group-update/{}", sim.group())
        ),
        2
    );

    sim.faults().arm(
        Fault::new(Hook::MainRequest, Action::Refuse(401))
            .times(10)
            .containing("coffee"),
    );
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Refused { status: 401, .. }),
        "{error:?}"
    );
    assert_eq!(count(&sim, "GET coffee"), 2);
    assert_eq!(
        upgrades(&sim),
        [101],
        "the token does not concern the connection"
    );
}

#[tokio::test]
async fn promise_10_closing_ends_everything_and_waits_for_it() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut states = client.statuses();
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Drop).containing("coffee"));
    let request = tokio::spawn({
        let client = client.clone();
        async move { client.request(Method::GET, "coffee", None).await }
    });
    requested(&sim, "GET coffee", 1).await;
    within(client.close()).await;
    assert!(within(updates.next()).await.is_none());
    let error = within(request).await.unwrap().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    let closed = within(states.wait_for(|status| status.state.is_closed())).await;
    assert!(closed.is_some());
    sim.wait_until(|sim| sim.main_sockets().is_empty())
        .await
        .unwrap();
    assert!(sim.received().iter().any(|received| {
        received.service == Service::MainSocket
            && matches!(received.action, ClientAction::Closed(Some(1000)))
    }));
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    assert!(within(client.ready()).await.is_err());
    within(client.close()).await;
}

#[tokio::test]
async fn promise_10_dropping_the_last_handle_ends_everything_without_waiting() {
    let (sim, client) = connected().await;
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let other = client.clone();
    drop(client);
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    event(&mut updates).await;
    drop(other);
    assert!(within(updates.next()).await.is_none());
    sim.wait_until(|sim| sim.main_sockets().is_empty())
        .await
        .unwrap();
}

#[tokio::test]
async fn promise_10_no_task_outlives_a_client_that_never_connected() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let client = Client::open_with(StaticToken::new("x"), Config::default().url(url)).unwrap();
    within(client.close()).await;
    assert_eq!(
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks(),
        before
    );
}
