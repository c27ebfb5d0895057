//! Text frames that contain several objects, or less than one.

use super::rig::{Rig, config, holding, topic};
use crate::test_server::GATEWAY;
use alta_socket::objects;
use proptest::prelude::*;
use std::time::Duration;

fn event(topic: i64, number: u64) -> String {
    format!(
        r#"{{"id":0,"event":"group-update","key":"{topic}","content":"{number}","responseCode":200}}"#
    )
}

fn reply(id: u32, path: &str) -> String {
    format!(
        r#"{{"id":{id},"event":"response","key":"POST /ws/{path}","content":"","responseCode":200}}"#
    )
}

#[test]
fn promise_02_every_object_of_a_frame_is_read_in_order() {
    for between in ["", "\n", " \r\n\t", "\0", "\u{feff}"] {
        let mut rig = Rig::open(config());
        rig.want(&topic(1));
        let held = reply(1, "subscription/group-update/1");
        let text = [event(1, 3), held, event(1, 4), event(2, 5)].join(between);
        rig.text(rig.main(), &text);
        assert_eq!(rig.confirmed.len(), 1, "{text}");
        assert_eq!(rig.delivered.keys().collect::<Vec<_>>(), [&3, &4, &5]);
        assert_eq!(rig.totals().malformed, 0);
        assert!(rig.reported.is_empty());
    }
    let mut rig = Rig::open(config());
    let call = rig.call();
    rig.text(
        rig.main(),
        &format!("{}{GATEWAY}{}", event(1, 3), event(1, 4)),
    );
    assert!(
        rig.callers.end_of(call).is_err(),
        "the gateway's error is a reply"
    );
    assert_eq!(rig.delivered.len(), 2);
}

#[test]
fn promise_08_duplicates_in_one_frame_with_the_last_reply_are_filtered() {
    let mut rig = holding(&[1]);
    rig.migrate();
    rig.settle_to("POST migrate");
    let (old, new) = (rig.main(), rig.newest());
    rig.text(old, &format!("{}{}", event(1, 3), event(1, 4)));
    rig.text(
        new,
        &format!("{}{}{}", event(1, 4), reply(1, "migrate"), event(1, 5)),
    );
    rig.text(old, &event(1, 5));
    assert_eq!(rig.totals().migrations, 1);
    assert!(rig.delivered.values().all(|times| *times == 1));
    assert_eq!(rig.delivered.len(), 3);
}

#[test]
fn promise_03_a_part_that_is_not_an_object_is_counted_and_reported_to_its_possible_streams() {
    let known = Some("group-update/7");
    let all = Some("all");
    let cut = event(7, 4);
    let replied = reply(9, "subscription/group-update/7");
    // The frame that is cut off, the topics that get a report, and those that get one if it follows an object.
    for (rest, alone, behind) in [
        // After the key, in the key, and in the name.
        (&cut[..50], known, known),
        (&cut[..cut.len() - 1], known, known),
        (&cut[..39], all, all),
        (&cut[..20], None, all),
        ("{", None, all),
        ("rubbish", None, all),
        (",", None, all),
        (r#"{"id":}"#, None, all),
        ("{}", None, all),
        (
            r#"[{"id":0,"event":"group-update","key":"7","content":"{}"}]"#,
            all,
            all,
        ),
        (
            r#"x{"id":0,"event":"group-update","key":"7","content":"{}"}"#,
            all,
            all,
        ),
        (&replied[..40], None, None),
        (r#"{"connectionId":"A=","message":"#, None, None),
        (
            r#"{"event":"Group-Update","key":7,"content":}"#,
            known,
            known,
        ),
        (
            r#"{"key":"7","event":"group-update","content":"\x"}"#,
            known,
            known,
        ),
    ] {
        for (before, told) in [("", alone), (event(1, 3).as_str(), behind)] {
            let mut rig = Rig::open(config());
            rig.text(rig.main(), &format!("{before}{rest}"));
            assert_eq!(rig.reported, Vec::from_iter(told), "{before}{rest}");
            assert_eq!(rig.delivered.len(), usize::from(!before.is_empty()));
            assert_eq!(rig.totals().malformed, 1, "{before}{rest}");
        }
    }
    for text in ["ping", "", " ", "null", "[1]", "7"] {
        let mut rig = Rig::open(config());
        rig.text(rig.main(), text);
        assert!(rig.reported.is_empty(), "{text}");
        assert_eq!(rig.totals().malformed, 1, "{text}");
    }
    let mut rig = Rig::open(config());
    let middle = format!("{}{}{}", event(1, 3), r#"{"id":}"#, event(1, 4));
    rig.text(rig.main(), &middle);
    assert_eq!(
        rig.delivered.len(),
        2,
        "an object after a malformed one is read"
    );
    assert_eq!(
        (&rig.reported, rig.totals().malformed),
        (&vec!["all".to_owned()], 1)
    );
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0_i64..3, 0_u64..9).prop_map(|(topic, number)| event(topic, number)),
        2 => (0_u32..9).prop_map(|id| reply(id, "subscription/group-update/1")),
        1 => Just(GATEWAY.to_owned()),
        1 => Just(r#"{"event":"group-update","key":"1","content":"7"}"#.to_owned()),
        1 => "[ \r\n\t,x{}\\[\\]\"]{0,3}",
        1 => "\\PC{0,3}",
    ]
}

proptest! {
    #[test]
    fn no_part_of_a_frame_is_lost_without_a_report(
        pieces in proptest::collection::vec(piece(), 0..6),
        cut in proptest::option::of(0_usize..400),
    ) {
        let mut text = pieces.concat();
        let cut = cut.filter(|at| text.is_char_boundary(*at));
        text.truncate(cut.unwrap_or(text.len()));
        let mut rig = Rig::open(config());
        rig.pass(Duration::from_millis(1));
        rig.text(rig.main(), &text);
        let totals = rig.totals();
        let read = totals.events + totals.late_replies + totals.gateway_errors + totals.malformed;
        prop_assert_eq!(read, objects(&text).count().max(1) as u64, "{}", text);
        let delivered: u32 = rig.delivered.values().sum();
        prop_assert_eq!(totals.events, u64::from(delivered));
    }
}
