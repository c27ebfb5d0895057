use crate::support::{
    config, connect, connected, count, event, group, players, requested, requests, start, totals,
    within,
};
use alta_model::GroupId;
use alta_sim::{Action, Fault, Hook, Sim};
use alta_ws::{ErrorKind, GroupServerHeartbeat, GroupServerStatus, GroupUpdate, Topic};
use futures_util::future::join_all;
use std::collections::HashSet;
use std::time::Duration;

fn status_path(sim: &Sim) -> String {
    format!("subscription/group-server-status/{}", sim.group())
}

#[tokio::test]
async fn promise_04_a_subscription_resolves_with_the_servers_confirmation() {
    let (sim, client) = connected().await;
    sim.faults().arm(
        Fault::new(Hook::MainRequest, Action::Delay(Duration::from_millis(50)))
            .containing("group-server-status"),
    );
    let subscribing = client.subscribe(GroupServerStatus(group(&sim)));
    let mut stream = within(subscribing).await.unwrap();
    assert_eq!(sim.main_socket_subscriptions().len(), 1);
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    assert_eq!(players(&event(&mut stream).await.data), ["Ashwick"]);
}

#[tokio::test]
async fn promise_04_streams_of_one_topic_share_one_request() {
    let (sim, client) = connected().await;
    let topic = GroupServerStatus(group(&sim));
    let streams = join_all((0..20).map(|_| client.subscribe(topic).into_future())).await;
    let later = client.subscribe(topic).await.unwrap();
    assert_eq!(requests(&sim), [format!("POST {}", status_path(&sim))]);
    drop(streams);
    drop(later);
    requested(&sim, &format!("DELETE {}", status_path(&sim)), 1).await;
    sim.wait_until(|sim| sim.main_socket_subscriptions().is_empty())
        .await
        .unwrap();
}

#[tokio::test]
async fn promise_04_a_stream_that_is_dropped_and_opened_again_costs_no_request() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).linger(Duration::from_secs(60))).await;
    let topic = GroupServerStatus(group(&sim));
    drop(client.subscribe(topic).await.unwrap());
    let mut again = client.subscribe(topic).await.unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    event(&mut again).await;
    assert_eq!(requests(&sim), [format!("POST {}", status_path(&sim))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promise_04_exactly_the_wanted_topics_are_held_in_any_course_of_streams() {
    const TASKS: u64 = 8;
    const TIMES: usize = 60;
    let sim = start(Sim::builder()).await;
    let brief = Duration::from_millis(2);
    let client = connect(&sim, config(&sim).linger(brief)).await;
    let mut topics = Vec::new();
    for number in 0..5 {
        let group = sim.add_group(&format!("Group {number}"));
        sim.admit_bot(group, 1).unwrap();
        topics.push(Topic::new("group-update", group).unwrap());
    }
    let tasks = (0..TASKS).map(|seed| {
        let (client, topics, sim) = (client.clone(), topics.clone(), sim.clone());
        tokio::spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut streams = Vec::new();
            for _ in 0..TIMES {
                let topic = random.choice(&topics).unwrap().clone();
                match random.u8(..6) {
                    0 => streams.push(client.subscribe(topic).start()),
                    1 => streams.push(within(client.subscribe(topic)).await.unwrap()),
                    // Dropped while it waits.
                    2 => drop(futures_util::poll!(client.subscribe(topic).into_future())),
                    3 if seed == 0 => sim.drop_main_sockets(),
                    4 => tokio::task::yield_now().await,
                    _ if streams.is_empty() => {}
                    _ => drop(streams.swap_remove(random.usize(..streams.len()))),
                }
            }
            // Some keep their streams.
            if seed % 2 == 0 {
                streams.clear();
            }
            streams
        })
    });
    let kept = within(join_all(tasks.collect::<Vec<_>>())).await;
    let mut kept: Vec<_> = kept.into_iter().flat_map(Result::unwrap).collect();
    let wanted: HashSet<_> = kept
        .iter()
        .map(|stream| stream.keys()[0].key().to_owned())
        .collect();
    sim.wait_until(|sim| {
        let held = sim.main_socket_subscriptions();
        held.len() == wanted.len() && held.iter().all(|(_, _, key)| wanted.contains(key))
    })
    .await
    .unwrap();
    for key in &wanted {
        sim.rename_group(key.parse().unwrap(), "Renamed").unwrap();
    }
    for stream in &mut kept {
        while within(stream.next()).await.unwrap().is_err() {}
    }
}

#[tokio::test]
async fn promise_04_exactly_the_wanted_topics_are_requested_again_after_a_loss() {
    let (sim, client) = connected().await;
    let id = group(&sim);
    let _status = client.subscribe(GroupServerStatus(id)).await.unwrap();
    let _update = client.subscribe(GroupUpdate(id)).await.unwrap();
    drop(client.subscribe(GroupServerHeartbeat(id)).await.unwrap());
    requested(
        &sim,
        &format!("DELETE subscription/group-server-heartbeat/{id}"),
        1,
    )
    .await;
    sim.drop_main_sockets();
    totals(&client, |totals| totals.gaps == 2).await;
    let mut held: Vec<_> = sim
        .main_socket_subscriptions()
        .into_iter()
        .map(|(_, event, _)| event)
        .collect();
    held.sort();
    assert_eq!(held, ["group-server-status", "group-update"]);
}

#[tokio::test]
async fn promise_04_a_refusal_has_the_servers_message_and_is_not_tried_again() {
    let (sim, client) = connected().await;
    let missing = GroupServerStatus(GroupId::new(1));
    let error = within(client.subscribe(missing)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "subscribing to group-server-status/1: the server replied with 404: Not found"
    );
    let ErrorKind::Refused { error_code, .. } = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(error_code.as_ref().unwrap().as_str(), "ObjectNotFound");
    assert!(!error.is_transient());
    assert_eq!(client.status().totals.refused_subscriptions, 1);
    assert!(client.status().last_refusal.unwrap().contains("404"));

    // Not requested again after a loss, but for a new stream.
    let _stream = client.subscribe(missing).start();
    requested(&sim, "POST subscription/group-server-status/1", 2).await;
    sim.drop_main_sockets();
    client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    assert_eq!(count(&sim, "POST subscription/group-server-status/1"), 2);
    within(client.subscribe(missing)).await.unwrap_err();
    assert_eq!(count(&sim, "POST subscription/group-server-status/1"), 3);
}

#[tokio::test]
async fn promise_04_a_temporary_failure_is_tried_again_without_delaying_others() {
    let (sim, client) = connected().await;
    let request = format!("POST {}", status_path(&sim));
    for status in [503, 500, 429] {
        sim.faults()
            .arm(Fault::new(Hook::MainRequest, Action::Refuse(status)).containing("server-status"));
    }
    let (status, update) = tokio::join!(
        within(client.subscribe(GroupServerStatus(group(&sim)))),
        within(client.subscribe(GroupUpdate(group(&sim)))),
    );
    status.unwrap();
    update.unwrap();
    assert_eq!(count(&sim, &request), 4);
    assert_eq!(client.status().totals.refused_subscriptions, 0);
}

#[tokio::test]
async fn promise_04_a_request_without_a_reply_is_sent_again_after_its_timeout() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).request_timeout(Duration::from_secs(1))).await;
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Drop).containing("POST"));
    let _stream = within(client.subscribe(GroupServerStatus(group(&sim))))
        .await
        .unwrap();
    assert_eq!(count(&sim, &format!("POST {}", status_path(&sim))), 2);
}

#[tokio::test]
async fn a_reply_without_an_id_or_with_an_unknown_one_is_matched_by_its_key() {
    let (sim, client) = connected().await;
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::NoId));
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::WrongId(70_000)));
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Twice));
    let id = group(&sim);
    let _one = within(client.subscribe(GroupServerStatus(id)))
        .await
        .unwrap();
    let _two = within(client.subscribe(GroupUpdate(id))).await.unwrap();
    let _three = within(client.subscribe(GroupServerHeartbeat(id)))
        .await
        .unwrap();
    totals(&client, |totals| totals.late_replies == 1).await;
    assert_eq!(requests(&sim).len(), 3);
}

#[tokio::test]
async fn no_more_requests_are_in_flight_than_configured() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).max_in_flight(2)).await;
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::Delay(Duration::from_millis(100))).times(2));
    let id = group(&sim);
    let streams = [
        client.subscribe(Topic::from(GroupServerStatus(id))).start(),
        client.subscribe(Topic::from(GroupUpdate(id))).start(),
        client
            .subscribe(Topic::from(GroupServerHeartbeat(id)))
            .start(),
    ];
    sim.wait_until(|sim| requests(sim).len() == 3)
        .await
        .unwrap();
    let received = sim.received();
    let sent: Vec<_> = received
        .iter()
        .filter(|received| received.socket_request().is_some())
        .map(|received| received.at)
        .collect();
    assert!(
        sent[2].saturating_sub(sent[0]) >= Duration::from_millis(90),
        "{sent:?}"
    );
    drop(streams);
}

#[tokio::test]
async fn several_topics_in_one_stream_keep_their_order() {
    let (sim, client) = connected().await;
    let id = group(&sim);
    let mut stream = client
        .subscribe([
            Topic::from(GroupUpdate(id)),
            Topic::from(GroupServerStatus(id)),
        ])
        .await
        .unwrap();
    for _ in 0..3 {
        sim.rename_group(sim.group(), "Thornwood Guild").unwrap();
        sim.status(sim.server());
    }
    let mut names = Vec::new();
    for _ in 0..6 {
        names.push(event(&mut stream).await.topic.event().to_owned());
    }
    assert_eq!(names, ["group-update", "group-server-status"].repeat(3));
}
