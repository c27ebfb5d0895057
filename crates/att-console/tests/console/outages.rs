use crate::common::{config, fault, next, not_connected, open, ready, self_hosted, within};
use alta_model::Timestamp;
use alta_sim::{Action, Sim};
use att_console::{EventName, Missed, Status, Subscription};
use serde_json::Value;
use std::time::Duration;

/// The items of a stream up to an event of this name: the names of events, and gaps.
async fn until(stream: &mut Subscription<Value>, last: &str) -> Vec<Result<EventName, Missed>> {
    let mut items = Vec::new();
    loop {
        let item = next(stream).await.map(|event| event.name);
        let is_last = item.as_ref().is_ok_and(|name| name.as_str() == last);
        items.push(item);
        if is_last {
            return items;
        }
    }
}

/// Cuts the connection. Afterwards, the subscription to this event is confirmed last, with a delay.
fn cut_with_one_confirmed_late(sim: &Sim, server: u64, late: &str) {
    let delay = Action::Delay(Duration::from_millis(300));
    fault(sim, delay, &format!("websocket subscribe {late}"));
    sim.drop_consoles(server);
}

#[tokio::test]
async fn promise_01_an_outage_is_one_gap_in_a_stream_of_many_names() {
    let (sim, server) = self_hosted().await;
    let quiet = config().resubscribe_after(Vec::new());
    let console = open(&sim, server, quiet);
    let names = ["PlayerJoined", "PlayerLeft", "PlayerKilled"];
    let mut some = within(console.subscribe_to(names)).await.unwrap();
    let mut everything = within(console.subscribe_to_everything()).await.unwrap();
    for _ in 0..2 {
        cut_with_one_confirmed_late(&sim, server, "PlayerKilled");
        not_connected(&console, |_| true).await;
        sim.wait_for_console_subscription(server, "PlayerJoined")
            .await
            .unwrap();
        sim.emit_console_event(server, "PlayerJoined", Value::Null);
        let mut waiting = console.statuses();
        // The delayed confirmation is the last one.
        let is_whole = |_: &Status| some.is_live() && everything.is_live();
        within(waiting.wait_for(is_whole)).await.unwrap();
        sim.emit_console_event(server, "PlayerLeft", Value::Null);
        for stream in [&mut some, &mut everything] {
            let items = until(stream, "PlayerLeft").await;
            let gaps = items.iter().filter(|item| item.is_err()).count();
            assert_eq!(gaps, 1, "{items:?}");
            let before_last = items.len().checked_sub(2).unwrap();
            assert!(
                items[before_last].is_err(),
                "the gap follows the events before its end: {items:?}"
            );
        }
    }
}

#[tokio::test]
async fn promise_01_a_stream_shows_an_outage_and_ends_with_its_gap() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    let mut joins = console.subscribe_to(["PlayerJoined"]).start();
    let mut late = within(console.subscribe_to(["PlayerJoined"]))
        .await
        .unwrap();
    assert!(joins.is_live() && late.is_live());
    assert_eq!(joins.interrupted_since(), None);
    let before = Timestamp::now();
    sim.stop_server(server).await.unwrap();
    not_connected(&console, |_| true).await;
    for stream in [&joins, &late] {
        assert!(!stream.is_live());
        let since = stream.interrupted_since().unwrap();
        assert!(
            since <= Timestamp::now()
                && since >= before.checked_sub(Duration::from_secs(5)).unwrap()
        );
    }
    let mut new = console.subscribe_to(["PlayerJoined"]).start();
    assert!(!new.is_live());
    assert_eq!(new.interrupted_since(), None, "it has missed nothing yet");

    within(console.close()).await;
    for stream in [&mut joins, &mut late] {
        let gap = next(stream).await.unwrap_err();
        assert!(matches!(gap, Missed::Gap { since, until } if since <= until && until >= before));
        assert!(within(stream.next()).await.is_none());
        assert!(!stream.is_live());
        assert_eq!(stream.interrupted_since(), None, "the gap was yielded");
    }
    assert!(within(new.next()).await.is_none());
}

#[tokio::test]
async fn a_resumed_stream_begins_with_the_gap_since_the_end_of_the_other() {
    let (sim, server) = self_hosted().await;
    let first = ready(&sim, server).await;
    let stream = within(first.subscribe_to(["PlayerJoined"])).await.unwrap();
    within(first.close()).await;
    drop(stream);
    let ended = Timestamp::now();
    sim.player_joins(server, "Ashwick").unwrap();
    let second = ready(&sim, server).await;
    let resuming = second
        .subscribe_to(["PlayerJoined", "PlayerLeft"])
        .resuming(ended);
    let mut resumed = within(resuming).await.unwrap();
    sim.player_joins(server, "Brambletoe").unwrap();
    let gap = next(&mut resumed).await.unwrap_err();
    let Missed::Gap { since, until } = gap else {
        panic!("{gap:?}")
    };
    let off = since.saturating_duration_since(ended) + ended.saturating_duration_since(since);
    assert!(
        off < Duration::from_millis(10) && until > ended,
        "{ended} {since}"
    );
    assert_eq!(
        next(&mut resumed).await.unwrap().data["user"]["username"],
        "Brambletoe"
    );
}
