//! Migrations that fail, at each step and in every way.

use crate::faults::{
    actions, ends_connection, in_parallel, is_harmless, numbers_until, send_number, short_timeouts,
};
use crate::support::{
    Bank, config, connect, count, event, group, miss, requested, requests, start, status, totals,
    upgrades, within,
};
use alta_auth::BotTokens;
use alta_sim::{Action, Fault, Hook, Sim};
use alta_ws::{Client, Error, ErrorKind, GroupUpdate, Missed, Sent, State, Subscription, Topic};
use http::Method;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The end of a migration with a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// It succeeds.
    Migrated,
    /// It succeeds, and an event may be missing.
    MigratedWithGap,
    /// Nothing has changed: the old socket continues, and another attempt follows.
    PutOff,
    /// A new connection, and gaps.
    Fresh,
}

/// A client with one subscription, which got the event 1.
async fn subscribed(sim: &Sim) -> (Client, Subscription<Value>) {
    let client = connect(sim, short_timeouts(sim)).await;
    let topic = Topic::from(GroupUpdate(group(sim)));
    let mut stream = within(client.subscribe(topic)).await.unwrap();
    send_number(sim, 1);
    assert_eq!(numbers_until(&mut stream, 1).await, [1]);
    (client, stream)
}

/// Checks that a migration ended in this way, and that the next event arrives.
async fn check(
    sim: &Sim,
    client: &Client,
    stream: &mut Subscription<Value>,
    migrated: Result<(), Error>,
    end: End,
    case: &str,
) {
    let succeeded = matches!(end, End::Migrated | End::MigratedWithGap);
    assert_eq!(migrated.is_ok(), succeeded, "{case}: {migrated:?}");
    let gap = matches!(end, End::Fresh | End::MigratedWithGap);
    if gap {
        let Missed::Gap { since, until } = miss(stream).await else {
            panic!("{case}");
        };
        assert!(since <= until, "{case}");
    }
    // Another attempt of the migration may have begun.
    status(client, |status| status.state == State::Ready).await;
    send_number(sim, 2);
    assert_eq!(numbers_until(stream, 2).await, [2], "{case}");
    assert_eq!(client.status().totals.gaps, u64::from(gap), "{case}");
    // The server does not notice the close of a socket that fell silent.
    if !case.contains("Silence") {
        sim.wait_until(|sim| sim.main_sockets().len() == 1)
            .await
            .unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(sim.main_socket_subscriptions().len(), 1, "{case}");
    }
}

/// The end of a migration whose step gets a reply with this fault; `harmful` is the end for a fault that is not harmless.
fn end_of(action: &Action, otherwise: End) -> End {
    match action {
        action if is_harmless(action) => End::Migrated,
        action if ends_connection(action) => End::Fresh,
        _ => otherwise,
    }
}

#[tokio::test]
async fn promise_08_a_migration_that_fails_at_any_step_leaves_the_subscriptions_held() {
    let token = actions().into_iter().map(|action| {
        let end = end_of(&action, End::PutOff);
        ("GET migrate", action, end)
    });
    let last = actions().into_iter().map(|action| {
        let end = end_of(&action, End::Fresh);
        ("POST migrate", action, end)
    });
    let refused = [400, 401, 403, 404].map(Action::Refuse);
    let also_last = refused.map(|action| ("POST migrate", action, End::Fresh));
    let others = [
        ("GET migrate", Action::Refuse(400), End::PutOff),
        ("GET migrate", Action::Refuse(401), End::Migrated),
        ("upgrade", Action::Refuse(401), End::Migrated),
        ("upgrade", Action::Refuse(403), End::Migrated),
        ("upgrade", Action::Refuse(429), End::PutOff),
        ("upgrade", Action::Refuse(502), End::PutOff),
        ("upgrade", Action::Cut, End::PutOff),
        ("upgrade", Action::Silence, End::PutOff),
        (
            "upgrade",
            Action::Delay(Duration::from_millis(50)),
            End::Migrated,
        ),
    ];
    let cases = token.chain(last).chain(also_last).chain(others);
    in_parallel(cases, async |(step, action, end)| {
        let case = format!("{step}, {action:?}");
        let sim = start(Sim::builder()).await;
        let (client, mut stream) = subscribed(&sim).await;
        let fault = match step {
            "upgrade" => Fault::new(Hook::MainUpgrade, action),
            request => Fault::new(Hook::MainRequest, action).containing(request),
        };
        sim.faults().arm(fault);
        let migrated = within(client.migrate_now()).await;
        check(&sim, &client, &mut stream, migrated, end, &case).await;
    })
    .await;
}

/// The sockets that are lost.
#[derive(Clone, Copy, Debug)]
enum Lost {
    Old,
    New,
    Both,
}

#[tokio::test]
async fn promise_08_the_subscriptions_are_held_after_a_loss_of_any_connection_at_any_step() {
    let cases = [
        ("GET migrate", Lost::Old, End::Fresh),
        ("upgrade", Lost::Old, End::Fresh),
        ("POST migrate", Lost::Old, End::MigratedWithGap),
        ("POST migrate", Lost::New, End::Fresh),
        ("POST migrate", Lost::Both, End::Fresh),
        ("handover", Lost::Old, End::Migrated),
        ("handover", Lost::New, End::MigratedWithGap),
        ("handover", Lost::Both, End::MigratedWithGap),
    ];
    in_parallel(cases, async |(step, lost, end)| {
        let case = format!("{lost:?} at {step}");
        let sim = start(Sim::builder()).await;
        let (client, mut stream) = subscribed(&sim).await;
        let pause = Action::Delay(Duration::from_millis(200));
        match step {
            "upgrade" => sim.faults().arm(Fault::new(Hook::MainUpgrade, pause)),
            "handover" => {}
            request => sim
                .faults()
                .arm(Fault::new(Hook::MainRequest, pause).containing(request)),
        }
        let migrating = tokio::spawn({
            let client = client.clone();
            async move { client.migrate_now().await }
        });
        match step {
            // The step begins when the fault is used up.
            "upgrade" => sim
                .wait_until(|sim| sim.faults().armed() == 0)
                .await
                .unwrap(),
            "handover" => totals(&client, |totals| totals.migrations == 1).await,
            request => requested(&sim, request, 1).await,
        }
        let sockets = sim.main_sockets();
        let lost = match lost {
            Lost::Old => &sockets[..1],
            Lost::New => &sockets[1..],
            Lost::Both => &sockets[..],
        };
        for socket in lost {
            sim.drop_connection(*socket).unwrap();
        }
        let migrated = within(migrating).await.unwrap();
        check(&sim, &client, &mut stream, migrated, end, &case).await;
    })
    .await;
}

#[tokio::test]
async fn promise_08_a_token_that_expires_before_the_new_socket_opens_is_renewed() {
    let sim = start(Sim::builder()).await;
    let bank = Bank::new(&sim);
    let client = Client::open_with(BotTokens::new(Arc::clone(&bank)), config(&sim)).unwrap();
    let mut updates = within(client.subscribe(GroupUpdate(group(&sim))))
        .await
        .unwrap();
    let pause = Action::Delay(Duration::from_millis(100));
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, pause).containing("GET migrate"));
    let expiring = async {
        requested(&sim, "GET migrate", 1).await;
        sim.expire_tokens();
    };
    let (migrated, ()) = within(async { tokio::join!(client.migrate_now(), expiring) }).await;
    migrated.unwrap();
    assert_eq!(upgrades(&sim), [101, 401, 101]);
    assert_eq!(bank.renewals.load(Ordering::Relaxed), 1);
    sim.rename_group(sim.group(), "Elsewhere").unwrap();
    event(&mut updates).await;
    assert_eq!(client.status().totals.gaps, 0);
}

#[tokio::test]
async fn promise_08_a_raw_request_waits_for_the_new_socket() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    let pause = Action::Delay(Duration::from_millis(100));
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, pause).containing("POST migrate"));
    let asking = async {
        requested(&sim, "POST migrate", 1).await;
        client.request(Method::GET, "coffee", None).await
    };
    let (migrated, reply) = within(async { tokio::join!(client.migrate_now(), asking) }).await;
    migrated.unwrap();
    let error = reply.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Refused { status: 404, .. }),
        "{error}"
    );
    let received = sim.received();
    let requests = received
        .iter()
        .filter_map(|received| Some((received.socket_request()?, received.connection)));
    let requests: Vec<_> = requests.collect();
    let names: Vec<_> = requests.iter().map(|(request, _)| request).collect();
    assert_eq!(names, ["GET migrate", "POST migrate", "GET coffee"]);
    assert_eq!(requests[1].1, requests[2].1, "on the new socket");
}

#[tokio::test]
async fn promise_08_after_a_failed_migration_the_limit_of_requests_in_flight_holds() {
    const GROUPS: usize = 25;
    const PAUSE: Duration = Duration::from_millis(100);
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    let mut topics = Vec::new();
    for number in 0..GROUPS {
        let group = sim.add_group(&format!("Group {number}"));
        sim.admit_bot(group, 1).unwrap();
        topics.push(Topic::new("group-update", group).unwrap());
    }
    let _stream = within(client.subscribe(topics)).await.unwrap();
    sim.faults().fail_migration(500);
    let slow = Fault::new(Hook::MainRequest, Action::Delay(PAUSE)).containing("subscription");
    sim.faults().arm(slow.times(100));
    within(client.migrate_now()).await.unwrap_err();
    totals(&client, |totals| totals.gaps == GROUPS as u64).await;
    assert_eq!(requests(&sim).len(), 2 * GROUPS + 2);
    let received = sim.received();
    let sent = received
        .iter()
        .filter(|received| received.socket_request().is_some());
    let sent: Vec<_> = sent.map(|received| received.at).skip(GROUPS + 2).collect();
    for five in sent.windows(6) {
        // The sixth request waits for the reply to the first.
        let apart = five[5].saturating_sub(five[0]);
        assert!(apart >= PAUSE * 9 / 10, "{apart:?}");
    }
    assert_eq!(count(&sim, "POST migrate"), 1);
}

#[tokio::test]
async fn promise_08_an_old_socket_that_ends_during_the_last_step_is_replaced_at_once() {
    let sim = start(Sim::builder()).await;
    // As long as the default: no part of this test can wait for it.
    let slow = config(&sim).request_timeout(Duration::from_secs(30));
    let client = connect(&sim, slow).await;
    let topic = Topic::from(GroupUpdate(group(&sim)));
    let mut stream = within(client.subscribe(topic)).await.unwrap();
    let unfinished = Fault::new(Hook::MainRequest, Action::Silence).containing("POST migrate");
    sim.faults().arm(unfinished);
    let migrating = tokio::spawn({
        let client = client.clone();
        async move { client.migrate_now().await }
    });
    requested(&sim, "POST migrate", 1).await;
    sim.drop_connection(sim.main_sockets()[0]).unwrap();
    let error = within(migrating).await.unwrap().unwrap_err();
    let sent = Sent::MayHaveRun;
    assert_eq!(*error.kind(), ErrorKind::Disconnected { sent });
    assert!(matches!(miss(&mut stream).await, Missed::Gap { .. }));
    send_number(&sim, 1);
    assert_eq!(numbers_until(&mut stream, 1).await, [1]);
}

#[tokio::test]
async fn promise_05_the_error_of_a_migration_whose_connection_ends_says_may_have_run() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim)).await;
    let unfinished = Fault::new(Hook::MainRequest, Action::Drop).containing("GET migrate");
    sim.faults().arm(unfinished);
    let losing = async {
        requested(&sim, "GET migrate", 1).await;
        sim.drop_main_sockets();
    };
    let (migrated, ()) = within(async { tokio::join!(client.migrate_now(), losing) }).await;
    let sent = Sent::MayHaveRun;
    assert_eq!(
        *migrated.unwrap_err().kind(),
        ErrorKind::Disconnected { sent }
    );
}
