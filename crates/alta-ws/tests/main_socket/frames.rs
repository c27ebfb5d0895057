//! Text frames that contain several objects, or less than one.

use crate::faults::{numbers_until, send_number};
use crate::support::{connected, event, group, miss, within};
use alta_sim::{Action, Fault, Hook, Junk, Sim};
use alta_ws::{Client, GroupUpdate, Missed, Topic};
use http::Method;

/// The usual event with this number.
fn update(sim: &Sim, number: i64) -> String {
    format!(
        r#"{{"id":0,"event":"group-update","key":"{}","content":"{{\"id\":{number}}}","responseCode":200}}"#,
        sim.group()
    )
}

/// Sends this string instead of the next event.
fn send(sim: &Sim, text: String) {
    let instead = Action::Instead(Junk::Text(text));
    sim.faults().arm(Fault::new(Hook::MainEvent, instead));
    send_number(sim, 0);
}

/// The text that follows an object in a frame.
type Rest = fn(&Sim) -> String;

async fn subscribed() -> (Sim, Client, alta_ws::Subscription<serde_json::Value>) {
    let (sim, client) = connected().await;
    let topic = Topic::from(GroupUpdate(group(&sim)));
    let stream = within(client.subscribe(topic)).await.unwrap();
    (sim, client, stream)
}

#[tokio::test]
async fn promise_02_every_object_of_a_frame_reaches_its_streams() {
    let (sim, client, mut stream) = subscribed().await;
    for between in ["", "\n", " \r\n "] {
        send(&sim, [update(&sim, 1), update(&sim, 2)].join(between));
        for number in 1..=2 {
            let event = event(&mut stream).await;
            assert_eq!(event.data["id"], number);
            assert_eq!(event.raw().as_str(), update(&sim, number), "its own object");
        }
    }
    // A reply after an event, and an event after the reply.
    let reply =
        r#"{"id":2,"event":"response","key":"GET /ws/coffee","content":"","responseCode":200}"#;
    let text = format!("{}{reply}{}", update(&sim, 3), update(&sim, 4));
    let instead = Action::Instead(Junk::Text(text));
    sim.faults().arm(Fault::new(Hook::MainRequest, instead));
    within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap();
    assert_eq!(numbers_until(&mut stream, 4).await, [3, 4]);
    assert_eq!(client.status().totals.malformed, 0);
}

#[tokio::test]
async fn promise_03_an_undecodable_rest_after_an_object_is_counted_and_reported() {
    let cut = |sim: &Sim| {
        let whole = update(sim, 9);
        whole[..whole.len() - 5].to_owned()
    };
    let rests: [(Rest, bool); 3] = [
        (|_| "rubbish".to_owned(), true),
        (|sim| update(sim, 9)[..20].to_owned(), true),
        // Its topic can be decoded.
        (|sim| update(sim, 9)[..60].to_owned(), false),
    ];
    for (rest, all) in rests {
        let (sim, client, mut stream) = subscribed().await;
        let other = Topic::new("group-server-status", sim.group()).unwrap();
        let mut other = within(client.subscribe(other)).await.unwrap();
        send(&sim, format!("{}{}", update(&sim, 1), rest(&sim)));
        assert_eq!(event(&mut stream).await.data["id"], 1);
        let missed = miss(&mut stream).await;
        let Missed::Undecodable { raw, .. } = &missed else {
            panic!("{missed}")
        };
        assert_eq!(
            raw.as_str(),
            rest(&sim),
            "the part that could not be decoded"
        );
        if all {
            assert!(matches!(miss(&mut other).await, Missed::Undecodable { .. }));
        }
        send_number(&sim, 2);
        assert_eq!(event(&mut stream).await.data["id"], 2);
        assert_eq!((other.queued(), client.status().totals.malformed), (0, 1));
    }
    let (sim, client, mut stream) = subscribed().await;
    send(&sim, cut(&sim));
    let missed = miss(&mut stream).await;
    assert!(missed.to_string().contains("group-update/"), "{missed}");
    assert_eq!(client.status().totals.malformed, 1);
}

#[tokio::test]
async fn promise_03_an_event_in_usual_form_with_invalid_json_is_reported() {
    let (sim, client, mut stream) = subscribed().await;
    let odd = update(&sim, 1).replace(r#"\"id\""#, r#""id""#);
    send(&sim, odd);
    assert!(matches!(
        miss(&mut stream).await,
        Missed::Undecodable { .. }
    ));
    // The content is JSON in JSON: bytes after its value make it invalid.
    let mut typed = within(client.subscribe(GroupUpdate(group(&sim))))
        .await
        .unwrap();
    send(&sim, update(&sim, 1).replace("1}\"", "1}{\\\"id\\\":2}\""));
    assert!(matches!(miss(&mut typed).await, Missed::Undecodable { .. }));
    assert_eq!(client.status().totals.malformed, 1);
}
