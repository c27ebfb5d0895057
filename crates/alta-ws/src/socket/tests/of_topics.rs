use super::rig::{Rig, config, topic};
use crate::test_server::Reply;
use crate::topic::Topic;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// The time for which topics wait for each other.
const TOGETHER: Duration = Duration::from_millis(10);

/// Topics that are requested at the same time, with batches on.
fn in_batches(topics: &[i64]) -> Rig {
    let mut rig = Rig::new(config().batch(true));
    for number in topics {
        rig.want(&topic(*number));
    }
    rig.accept();
    rig
}

#[test]
fn topics_of_one_event_are_requested_in_batches_of_a_hundred() {
    let all: Vec<i64> = (0..150).collect();
    let mut rig = in_batches(&all);
    rig.want(&Topic::known("group-ban-create", 1));
    assert_eq!(rig.asked(), ["POST subscription/batch"]);
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    assert_eq!(rig.confirmed.len(), 100);
    rig.pass(TOGETHER);
    rig.settle();
    assert_eq!(rig.confirmed.len(), 151);
    assert_eq!(rig.held().len(), 151);
}

#[test]
fn topics_that_fail_in_a_batch_are_requested_one_by_one() {
    let mut rig = in_batches(&[1, 2, 3, 4]);
    rig.serve(rig.main(), Reply::DoPart);
    rig.arrive(rig.main());
    let held: Vec<_> = rig
        .confirmed
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(held, ["group-update/2", "group-update/4"]);
    let singly = ["group-update/1", "group-update/3"];
    assert_eq!(
        rig.asked(),
        singly.map(|name| format!("POST subscription/{name}"))
    );
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.settle();
    assert_eq!(rig.refused.len(), 1);
    assert_eq!(rig.refused[0].0, "group-update/1");
    assert_eq!(rig.held().len(), 3);
}

#[test]
fn the_topics_of_a_failed_batch_are_requested_one_by_one() {
    for reply in [Reply::Refuse(400), Reply::Refuse(503), Reply::Gateway] {
        let mut rig = in_batches(&[1, 2]);
        rig.serve(rig.main(), reply);
        rig.arrive(rig.main());
        assert_eq!(rig.asked().len(), 2, "{reply:?}");
        rig.settle();
        assert_eq!(rig.held().len(), 2, "{reply:?}");
    }
}

#[test]
fn a_batch_whose_token_was_refused_is_repeated_once() {
    let mut rig = in_batches(&[1, 2]);
    rig.serve(rig.main(), Reply::Refuse(401));
    rig.arrive(rig.main());
    assert_eq!(rig.renewals, 1);
    assert_eq!(rig.asked(), ["POST subscription/batch"]);
    rig.serve(rig.main(), Reply::Refuse(401));
    rig.arrive(rig.main());
    assert_eq!(
        rig.asked().len(),
        2,
        "one by one, for the reason of each failure"
    );
    rig.settle();
    assert_eq!(rig.held().len(), 2);
}

#[test]
fn a_batch_in_flight_at_the_loss_of_the_connection_is_repeated() {
    let mut rig = in_batches(&[1, 2, 3]);
    rig.lose(rig.main());
    assert!(!rig.common.batch_under_way);
    rig.pass(SECOND * 2);
    rig.accept();
    assert_eq!(rig.asked(), ["POST subscription/batch"]);
    rig.settle();
    assert_eq!(rig.confirmed.len(), 3);
    assert!(rig.confirmed.iter().all(|(_, gap)| gap.is_none()));
}

#[test]
fn a_subscription_that_fails_repeatedly_is_shown_and_tried_again() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    for attempt in 1..=3 {
        assert_eq!(rig.last_failure().is_some(), attempt > 3);
        rig.serve(rig.main(), Reply::Refuse(503));
        rig.arrive(rig.main());
        rig.pass(SECOND * 8);
    }
    let shown = rig.last_failure().unwrap();
    assert!(
        shown.contains("group-update/1") && shown.contains("503"),
        "{shown}"
    );
    assert_eq!(rig.totals().failed_attempts, 3);
    // Another topic's failure does not change it.
    rig.want(&topic(2));
    rig.settle();
    assert_eq!(rig.held().len(), 2);
    assert!(rig.last_failure().is_none(), "it has succeeded");
}

#[test]
fn a_permanently_refused_topic_is_not_shown_as_failing() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    for status in [503, 503, 503, 404] {
        rig.serve(rig.main(), Reply::Refuse(status));
        rig.arrive(rig.main());
        rig.pass(SECOND * 8);
    }
    assert_eq!(rig.refused.len(), 1);
    assert!(rig.last_failure().is_none());
}

#[test]
fn topics_of_the_same_moment_are_requested_together_while_connected_too() {
    let mut rig = Rig::open(config().batch(true));
    for number in 0..99 {
        rig.want(&topic(number));
    }
    rig.want(&Topic::known("group-ban-create", 1));
    assert!(rig.asked().is_empty(), "others may follow");
    rig.pass(TOGETHER / 2);
    assert!(rig.asked().is_empty());
    rig.pass(TOGETHER / 2);
    assert_eq!(rig.asked(), ["POST subscription/batch"]);
    rig.settle();
    assert_eq!(rig.held().len(), 100);

    // A full batch does not wait, nor does a topic that fits no batch.
    for number in 100..201 {
        rig.want(&topic(number));
    }
    rig.unwant(&Topic::known("group-ban-create", 1));
    assert_eq!(rig.asked(), ["POST subscription/batch"]);
    rig.pass(SECOND * 2);
    assert_eq!(rig.asked().len(), 2, "{:?}", rig.asked());
    rig.settle();
    assert_eq!(rig.held().len(), 200);
}

#[test]
fn after_a_failed_migration_batches_are_requested_again() {
    let mut rig = in_batches(&[1, 2, 3]);
    rig.settle();
    rig.migrate();
    rig.serve(rig.main(), Reply::Do);
    rig.arrive(rig.main());
    rig.accept();
    rig.serve(rig.newest(), Reply::DoPart);
    rig.arrive(rig.newest());
    rig.accept();
    assert_eq!(rig.asked(), ["POST subscription/batch"]);
    rig.settle();
    assert_eq!(rig.held().len(), 3);
    let gaps = rig.confirmed.iter().filter(|(_, gap)| gap.is_some());
    assert_eq!(gaps.count(), 3);
}

#[test]
fn a_refused_token_does_not_end_a_held_subscription() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    rig.settle();
    rig.lose(rig.main());
    rig.pass(SECOND);
    rig.accept();
    for _ in 0..4 {
        rig.serve(rig.main(), Reply::Refuse(401));
        rig.arrive(rig.main());
        rig.pass(SECOND * 9);
    }
    assert!(rig.refused.is_empty());
    assert!(rig.last_failure().is_some(), "but it is shown");
    rig.settle();
    assert_eq!(rig.held().len(), 1);
}

#[test]
fn a_reply_without_a_status_is_not_a_permanent_refusal() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    let reply = r#"{"id":1,"event":"response","key":"POST /ws/subscription/group-update/1"}"#;
    rig.text(rig.main(), reply);
    assert!(rig.refused.is_empty());
    rig.pass(SECOND);
    rig.settle();
    assert_eq!(rig.held().len(), 1);
}

#[test]
fn a_reply_with_the_id_of_another_request_belongs_to_its_key() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    rig.want(&topic(2));
    rig.serve(rig.main(), Reply::DoWithAnotherId);
    rig.arrive(rig.main());
    assert_eq!(rig.confirmed[0].0, "group-update/1");
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.arrive(rig.main());
    assert_eq!(rig.refused[0].0, "group-update/2");

    // A key in another spelling is not another request's.
    rig.want(&topic(3));
    let reply = r#"{"id":3,"event":"response","key":"/subscription","responseCode":200}"#;
    rig.text(rig.main(), reply);
    assert_eq!(rig.confirmed[1].0, "group-update/3");
}

#[test]
fn a_held_topic_that_is_refused_is_requested_again_on_the_next_connection() {
    let mut rig = Rig::open(config());
    rig.want(&topic(1));
    rig.want(&topic(2));
    rig.serve(rig.main(), Reply::Do);
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.arrive(rig.main());
    rig.arrive(rig.main());
    let again = |rig: &mut Rig| {
        rig.lose(rig.main());
        rig.pass(SECOND);
        rig.accept();
        assert_eq!(rig.asked(), ["POST subscription/group-update/1"]);
    };
    again(&mut rig);
    rig.serve(rig.main(), Reply::Refuse(404));
    rig.arrive(rig.main());
    assert_eq!(rig.refused.len(), 2);
    again(&mut rig);
    rig.settle();
    assert_eq!(
        rig.confirmed
            .iter()
            .filter(|(_, gap)| gap.is_some())
            .count(),
        1
    );
}

#[test]
fn a_failure_in_a_batch_is_recognized_in_any_spelling_of_its_event() {
    let mut rig = Rig::new(config().batch(true));
    for key in ["Abc", "Def"] {
        rig.want(&Topic::new("group-update", key).unwrap());
    }
    rig.accept();
    let content = r#"{\"success\":false,\"failures\":[\"Group-Update/Abc\"]}"#;
    let reply = format!(
        r#"{{"id":1,"event":"response","key":"","content":"{content}","responseCode":200}}"#
    );
    rig.text(rig.main(), &reply);
    assert_eq!(rig.confirmed[0].0, "group-update/Def");
    assert_eq!(
        rig.asked().last().unwrap(),
        "POST subscription/group-update/Abc"
    );
}

#[test]
fn a_request_without_replies_is_repeated_at_the_documented_times() {
    let config = config();
    let at_most = |attempt: u32| {
        let pause = config.backoff.first * 2_u32.pow(attempt);
        config.request_timeout + pause.min(config.backoff.cap) + SECOND
    };
    for (request, held) in [("POST", true), ("DELETE", false)] {
        let mut rig = Rig::open(config.clone());
        rig.want(&topic(1));
        if !held {
            rig.settle();
            rig.unwant(&topic(1));
            rig.pass(SECOND * 2);
        }
        let asked = format!("{request} subscription/group-update/1");
        for attempt in 0..8 {
            assert_eq!(rig.asked(), [asked.as_str()]);
            rig.serve(rig.main(), Reply::DoSilently);
            assert!(rig.asked().is_empty());
            let until = rig.now + at_most(attempt);
            while rig.asked().is_empty() {
                assert!(rig.now < until, "{asked}, attempt {attempt}");
                rig.pass(SECOND);
                rig.pong(rig.main());
            }
        }
        rig.settle();
        assert_eq!(rig.held().len(), usize::from(held));
    }
}

#[test]
fn a_batch_whose_reply_is_lost_is_requested_topic_by_topic_after_its_timeout() {
    let mut rig = in_batches(&[1, 2, 3]);
    rig.serve(rig.main(), Reply::DoSilently);
    for _ in 0..30 {
        assert!(rig.asked().is_empty());
        rig.pass(SECOND);
        rig.pong(rig.main());
    }
    assert_eq!(rig.asked().len(), 3);
    rig.settle();
    assert_eq!(rig.confirmed.len(), 3);
}
