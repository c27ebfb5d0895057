//! A client is closed during other work.

use crate::support::{Bank, config, group, requested, start, status, within};
use alta_auth::BotTokens;
use alta_model::GroupDetailed;
use alta_sim::{Action, Fault, Hook, Sim};
use alta_ws::{Client, Error, ErrorKind, GroupUpdate, Sent, State, Subscription};
use http::Method;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A task that waits for the client.
type Waiting = JoinHandle<Result<(), Error>>;

fn subscribe(sim: &Sim, client: &Client) -> Waiting {
    let subscribing = client.subscribe(GroupUpdate(group(sim))).into_future();
    tokio::spawn(async { subscribing.await.map(|_| ()) })
}

fn migrate(client: &Client) -> Waiting {
    let client = client.clone();
    tokio::spawn(async move { client.migrate_now().await })
}

fn request(client: &Client) -> Waiting {
    let client = client.clone();
    tokio::spawn(async move {
        client
            .request(Method::GET, "coffee", None)
            .await
            .map(|_| ())
    })
}

fn no_more_connections(sim: &Sim) {
    let refuse = Fault::new(Hook::MainUpgrade, Action::Refuse(503));
    sim.faults().arm(refuse.times(10_000));
}

fn no_reply_to(sim: &Sim, request: &str) {
    let drop = Fault::new(Hook::MainRequest, Action::Drop);
    sim.faults().arm(drop.containing(request));
}

/// Closes a client, and checks that all waiting tasks end and nothing is left.
async fn close(sim: &Sim, client: &Client, waiting: Vec<Waiting>) {
    // All tasks begin to wait.
    tokio::task::yield_now().await;
    let mut states = client.statuses();
    within(client.close()).await;
    for waiting in waiting {
        let error = within(waiting).await.unwrap().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Closed { .. }), "{error}");
    }
    let mut last = None;
    while let Some(status) = within(states.next()).await {
        last = Some(status.state);
    }
    assert!(last.is_some_and(|state| state.is_closed()));
    sim.wait_until(|sim| sim.main_sockets().is_empty())
        .await
        .unwrap();
}

#[tokio::test]
async fn promise_10_a_client_is_closed_while_it_connects() {
    let sim = start(Sim::builder()).await;
    no_more_connections(&sim);
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
    let waiting = vec![subscribe(&sim, &client), request(&client)];
    status(&client, |status| {
        matches!(status.state, State::Recovering { .. })
    })
    .await;
    let ready = tokio::spawn({
        let client = client.clone();
        async move { client.ready().await }
    });
    close(&sim, &client, waiting.into_iter().chain([ready]).collect()).await;
}

#[tokio::test]
async fn promise_10_a_client_is_closed_while_it_subscribes() {
    let sim = start(Sim::builder()).await;
    no_reply_to(&sim, "POST subscription");
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
    let waiting = vec![subscribe(&sim, &client), subscribe(&sim, &client)];
    let path = format!("POST subscription/group-update/{}", sim.group());
    requested(&sim, &path, 1).await;
    close(&sim, &client, waiting).await;
}

#[tokio::test]
async fn promise_10_a_client_is_closed_while_it_migrates() {
    for step in ["GET migrate", "POST migrate", "handover"] {
        let sim = start(Sim::builder()).await;
        no_reply_to(&sim, step);
        let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
        within(subscribe(&sim, &client)).await.unwrap().unwrap();
        let waiting = if step == "handover" {
            within(client.migrate_now()).await.unwrap();
            assert_eq!(sim.main_sockets().len(), 2);
            // For the next migration.
            vec![migrate(&client)]
        } else {
            let waiting = migrate(&client);
            requested(&sim, step, 1).await;
            vec![waiting, migrate(&client), request(&client)]
        };
        close(&sim, &client, waiting).await;
    }
}

#[tokio::test]
async fn promise_10_a_client_is_closed_while_it_recovers() {
    let sim = start(Sim::builder()).await;
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
    within(subscribe(&sim, &client)).await.unwrap().unwrap();
    no_more_connections(&sim);
    sim.drop_main_sockets();
    status(&client, |status| !status.state.is_connected()).await;
    let waiting = vec![subscribe(&sim, &client), request(&client)];
    close(&sim, &client, waiting).await;
}

/// Starts a call of a client, in a runtime that then ends.
fn orphaned(
    request: impl FnOnce(&Sim, &Client) -> Waiting,
) -> (Client, Waiting, Subscription<GroupDetailed>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let asked_for = runtime.block_on(async {
        let sim = start(Sim::builder()).await;
        let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
        let stream = within(client.subscribe(GroupUpdate(group(&sim)))).await;
        no_reply_to(&sim, "GET");
        let waiting = request(&sim, &client);
        sim.wait_until(|sim| sim.faults().armed() == 0)
            .await
            .unwrap();
        (client, waiting, stream.unwrap())
    });
    runtime.shutdown_timeout(Duration::from_secs(20));
    asked_for
}

#[test]
fn a_client_whose_runtime_has_ended_reports_it_and_how_far_each_request_got() {
    // The callers live in another runtime than the client.
    let callers = tokio::runtime::Runtime::new().unwrap();
    let handle = callers.handle();
    let request = |_: &Sim, client: &Client| {
        let client = client.clone();
        handle.spawn(async move { client.request(Method::GET, "coffee", None).await.map(drop) })
    };
    let migrate = |_: &Sim, client: &Client| {
        let client = client.clone();
        handle.spawn(async move { client.migrate_now().await })
    };
    for (client, waiting, mut stream) in [orphaned(request), orphaned(migrate)] {
        callers.block_on(async {
            let error = within(waiting).await.unwrap().unwrap_err();
            assert_eq!(error.sent(), Some(Sent::MayHaveRun), "{error}");
            let late = within(client.request(Method::GET, "coffee", None)).await;
            let late = late.unwrap_err();
            assert_eq!(late.sent(), Some(Sent::NotSent), "{late}");
            for error in [error, late, within(client.ready()).await.unwrap_err()] {
                let because = alta_ws::Closed::RuntimeEnded;
                assert_eq!(*error.kind(), ErrorKind::Closed { because }, "{error:?}");
            }
            assert!(within(stream.next()).await.is_none());
        });
    }
}

#[test]
fn a_request_can_be_awaited_on_a_runtime_without_timers() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (_sim, client) = runtime.block_on(async {
        let sim = start(Sim::builder()).await;
        let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config(&sim)).unwrap();
        within(client.ready()).await.unwrap();
        (sim, client)
    });
    let bare = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = bare
        .block_on(client.request(Method::GET, "coffee", None))
        .unwrap_err();
    assert_eq!(error.sent(), None, "it has a reply: {error}");
}
