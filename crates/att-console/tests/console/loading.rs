//! Servers that have just started and are loading their world.

use crate::common::{commands, config, fault, next, open, ready, ready_with, self_hosted, within};
use alta_sim::{Action, Sim};
use att_console::commands::player;
use att_console::event::PlayerJoined;
use att_console::{ErrorKind, Missed, Sent, State, Status};
use std::future::IntoFuture;
use std::time::Duration;

#[tokio::test]
async fn a_server_that_loads_its_world_is_stalled_and_then_replies_in_order() {
    let (sim, server) = self_hosted().await;
    let quick = config()
        .stalled_after(Duration::from_millis(100))
        .max_in_flight(3);
    let console = ready_with(&sim, server, quick).await;
    sim.player_joins(server, "Ashwick").unwrap();
    sim.stall_console(server);
    let mut statuses = console.statuses();
    let mut joins = console.subscribe::<PlayerJoined>().start();
    let run = |number: usize| {
        let console = console.clone();
        tokio::spawn(async move {
            let command = player::message("Ashwick", format!("number {number}"));
            console.command(command).await
        })
    };
    let mut running = Vec::new();
    // Started one after another, so that their order is known.
    for number in 0..8_usize {
        running.push(run(number));
        let open = |status: &Status| status.in_flight + status.waiting == number as u64 + 1;
        within(statuses.wait_for(open)).await.unwrap();
    }
    let stalled = |status: &Status| status.state == State::Stalled;
    let status = within(statuses.wait_for(stalled)).await.unwrap();
    assert_eq!((status.in_flight, status.waiting), (3, 5));

    // Some time out meanwhile.
    let short = Duration::from_millis(20);
    let mut given_up = Vec::new();
    for _ in 0..3 {
        let gone = console.command("player count").timeout(short);
        given_up.push(within(gone).await.unwrap_err().sent());
    }
    assert_eq!(
        given_up,
        [Some(Sent::NotSent); 3],
        "the earlier ones are sent first"
    );
    assert_eq!(console.status().state, State::Stalled);

    sim.resume_console(server);
    for outcome in running {
        within(outcome).await.unwrap().unwrap();
    }
    let ready = |status: &Status| status.state == State::Ready && status.in_flight == 0;
    within(statuses.wait_for(ready)).await.unwrap();
    let texts: Vec<_> = sim
        .messages(server)
        .into_iter()
        .map(|one| one.text)
        .collect();
    let expected: Vec<_> = (0..8).map(|number| format!("number {number}")).collect();
    assert_eq!(texts, expected, "run once, in order");
    assert_eq!(
        commands(&sim, "player message").len(),
        8,
        "nothing was sent again"
    );
    assert!(commands(&sim, "player count").is_empty());
    sim.player_joins(server, "Brambletoe").unwrap();
    assert!(next(&mut joins).await.is_ok());
}

#[tokio::test]
async fn promise_06_replies_after_a_stall_are_late_and_reach_no_caller() {
    let (sim, server) = self_hosted().await;
    let quick = config().stalled_after(Duration::from_millis(50));
    let console = ready_with(&sim, server, quick).await;
    sim.stall_console(server);
    let short = Duration::from_millis(100);
    for _ in 0..5 {
        let run = console.command("player count").timeout(short);
        assert_eq!(
            within(run).await.unwrap_err().sent(),
            Some(Sent::MayHaveRun)
        );
        assert_eq!(console.status().state, State::Stalled, "until a reply");
    }
    let open = console.command("player list");
    let (listed, ()) = within(async {
        tokio::join!(open.into_future(), async {
            sim.wait_until(|sim| !commands(sim, "player list").is_empty())
                .await
                .unwrap();
            sim.resume_console(server);
        })
    })
    .await;
    assert_eq!(listed.unwrap().result().unwrap(), serde_json::json!([]));
    let status = console.status();
    assert_eq!((status.totals.late_replies, status.totals.replies), (5, 1));
    assert_eq!(status.state, State::Ready);
    assert_eq!(
        commands(&sim, "player count").len(),
        5,
        "nothing was sent again"
    );
}

#[tokio::test]
async fn subscriptions_that_a_server_loses_after_its_start_are_made_again() {
    let (sim, server) = self_hosted().await;
    // Short, in the place of 8, 20 and 40 s.
    let times = [400, 800, 2_000].map(Duration::from_millis);
    let console = open(&sim, server, config().resubscribe_after(times.to_vec()));
    let mut joins = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    sim.forget_console_subscriptions(server);
    sim.player_joins(server, "Ashwick").unwrap();
    let missed = next(&mut joins).await.unwrap_err();
    assert!(matches!(missed, Missed::Gap { .. }), "{missed:?}");
    sim.player_joins(server, "Brambletoe").unwrap();
    let event = next(&mut joins).await.unwrap();
    assert_eq!(event.data.user.username, "Brambletoe");
    let requests = |sim: &Sim| commands(sim, "websocket subscribe PlayerJoined").len();
    sim.wait_until(|sim| requests(sim) == 4).await.unwrap();
    within(console.command("player count")).await.unwrap();
    assert_eq!(console.status().totals.gaps, 1, "`Unchanged` is no gap");
}

#[tokio::test]
async fn a_stream_opened_after_a_failed_unsubscription_is_confirmed_again() {
    let (sim, server) = self_hosted().await;
    let quick = config().linger(Duration::from_millis(10));
    let console = open(&sim, server, quick);
    let first = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    let refusal = Action::Refuse(500);
    fault(&sim, refusal, "websocket unsubscribe");
    drop(first);
    sim.wait_until(|sim| !commands(sim, "websocket unsubscribe").is_empty())
        .await
        .unwrap();
    // The server's state is unknown now, so the new stream needs a new confirmation.
    let mut second = within(console.subscribe::<PlayerJoined>()).await.unwrap();
    assert_eq!(commands(&sim, "websocket subscribe").len(), 2);
    sim.player_joins(server, "Ashwick").unwrap();
    next(&mut second).await.unwrap();
}

#[tokio::test]
async fn a_command_that_is_missing_while_the_server_starts_has_its_own_error_kind() {
    let (sim, server) = self_hosted().await;
    sim.set_booting(server, true);
    let console = ready(&sim, server).await;
    let error = within(console.command("player list")).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::CommandNotFound { .. }),
        "{error}"
    );
    sim.set_booting(server, false);
    within(console.command("player list")).await.unwrap();
}
