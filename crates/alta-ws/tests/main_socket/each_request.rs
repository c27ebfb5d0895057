//! Requests of every kind to a server that misbehaves; subscribing and migrating have their own tests.

use crate::faults::{GATEWAY, actions, ends_connection, in_parallel, is_harmless, short_timeouts};
use crate::support::{connect, count, event, group, requested, start, totals, within};
use alta_model::GroupId;
use alta_sim::{Action, Fault, Hook, Junk, Sim};
use alta_ws::{Client, ErrorKind, GroupServerStatus, GroupUpdate, Sent};
use http::Method;
use std::collections::HashSet;

/// The number of different subscriptions that are held: a socket that fell silent keeps its own.
fn held(sim: &Sim) -> usize {
    let held = sim.main_socket_subscriptions().into_iter();
    let held: HashSet<_> = held.map(|(_, event, key)| (event, key)).collect();
    held.len()
}

#[tokio::test]
async fn after_any_fault_of_an_unsubscribe_nothing_is_held() {
    in_parallel(actions(), async |action| {
        let sim = start(Sim::builder()).await;
        let client = connect(&sim, short_timeouts(&sim)).await;
        let stream = within(client.subscribe(GroupServerStatus(group(&sim))))
            .await
            .unwrap();
        let fault = Fault::new(Hook::MainRequest, action.clone()).containing("DELETE");
        sim.faults().arm(fault);
        drop(stream);
        let given_back = sim.wait_until(|sim| sim.faults().armed() == 0 && held(sim) == 0);
        given_back
            .await
            .unwrap_or_else(|error| panic!("{action:?}: {error}"));
        // In every recorded state, the topic can be subscribed to again.
        let mut again = within(client.subscribe(GroupServerStatus(group(&sim))))
            .await
            .unwrap();
        sim.status(sim.server());
        event(&mut again).await;
        assert_eq!(held(&sim), 1, "{action:?}");
    })
    .await;
}

#[tokio::test]
async fn after_any_fault_of_a_batch_all_its_topics_are_held() {
    in_parallel(actions(), async |action| {
        let sim = start(Sim::builder()).await;
        let client = connect(&sim, short_timeouts(&sim).batch(true)).await;
        let mut topics = vec![GroupUpdate(group(&sim))];
        for name in ["Hollowmere Folk", "Willowfen Folk"] {
            let other = sim.add_group(name);
            sim.admit_bot(other, 1).unwrap();
            topics.push(GroupUpdate(GroupId::new(other.try_into().unwrap())));
        }
        let fault = Fault::new(Hook::MainRequest, action.clone()).containing("batch");
        sim.faults().arm(fault);
        let mut stream = within(client.subscribe(topics)).await.unwrap();
        assert_eq!(sim.faults().armed(), 0, "{action:?}");
        assert_eq!(held(&sim), 3, "{action:?}");
        sim.rename_group(sim.group(), "Elsewhere").unwrap();
        assert_eq!(event(&mut stream).await.data.name, "Elsewhere");
    })
    .await;
}

/// The expected end of a raw request.
#[derive(Debug, PartialEq)]
enum End {
    Replied,
    Refused(u16),
    Gateway,
    TimedOut,
    Disconnected,
}

fn expected(action: &Action) -> End {
    match action {
        Action::Refuse(status) => End::Refused(*status),
        Action::Before(Junk::Text(text)) | Action::Instead(Junk::Text(text)) if text == GATEWAY => {
            End::Gateway
        }
        // The request times out before the silence is noticed.
        Action::Silence => End::TimedOut,
        action if ends_connection(action) => End::Disconnected,
        action if is_harmless(action) => End::Replied,
        _ => End::TimedOut,
    }
}

async fn end(client: &Client, path: &str) -> End {
    match within(client.request(Method::POST, path, None)).await {
        Ok(_) => End::Replied,
        Err(error) => match *error.kind() {
            ErrorKind::Refused { status, .. } => End::Refused(status),
            ErrorKind::Gateway { .. } => End::Gateway,
            ErrorKind::TimedOut {
                sent: Sent::MayHaveRun,
                ..
            } => End::TimedOut,
            ErrorKind::Disconnected {
                sent: Sent::MayHaveRun,
            } => End::Disconnected,
            _ => panic!("{error:?}"),
        },
    }
}

#[tokio::test]
async fn promise_05_a_raw_request_with_any_fault_ends_once_and_reports_how() {
    in_parallel(actions(), async |action| {
        let sim = start(Sim::builder()).await;
        let client = connect(&sim, short_timeouts(&sim)).await;
        let path = format!("subscription/group-update/{}", sim.group());
        sim.faults()
            .arm(Fault::new(Hook::MainRequest, action.clone()));
        assert_eq!(end(&client, &path).await, expected(&action), "{action:?}");
        assert_eq!(count(&sim, &format!("POST {path}")), 1, "never twice");
        if ends_connection(&action) {
            totals(&client, |totals| totals.connects == 2).await;
        }
        assert_eq!(end(&client, &path).await, End::Replied, "{action:?}");
    })
    .await;
}

#[tokio::test]
async fn promise_05_all_requests_in_flight_at_a_loss_end_with_its_error() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, short_timeouts(&sim).max_in_flight(3)).await;
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Drop).times(3));
    let requests = (0..6).map(|_| client.request(Method::GET, "coffee", None));
    let requests = futures_util::future::join_all(requests);
    let losing = async {
        requested(&sim, "GET coffee", 3).await;
        sim.drop_main_sockets();
    };
    let (ends, ()) = within(async { tokio::join!(requests, losing) }).await;
    let ends = ends.into_iter().map(|end| end.unwrap_err());
    let (lost, replied): (Vec<_>, Vec<_>) = ends.partition(|error| {
        let sent = Sent::MayHaveRun;
        *error.kind() == ErrorKind::Disconnected { sent }
    });
    // The others were not sent before the loss, but on the next connection.
    assert_eq!((lost.len(), replied.len()), (3, 3), "{replied:?}");
    for error in replied {
        assert!(
            matches!(error.kind(), ErrorKind::Refused { status: 404, .. }),
            "{error}"
        );
    }
    assert_eq!(count(&sim, "GET coffee"), 6);
}
