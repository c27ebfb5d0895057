use super::SECOND;
use super::begin::posting;
use crate::socket::SocketState;
use crate::test_server::Reply;

#[test]
fn an_event_in_another_form_on_the_other_link_is_a_duplicate() {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    let usual = r#"{"id":0,"event":"group-update","key":"1","content":"7","responseCode":200}"#;
    let other = r#"{"event":"group-update","key":"1","content":"7"}"#;
    rig.text(rig.main(), usual);
    rig.text(rig.newest(), other);
    assert_eq!(rig.delivered[&7], 1);
}

#[test]
fn the_last_duplicates_are_filtered_after_the_handover_and_a_later_equal_event_is_not() {
    let (mut rig, _) = posting(&[1]);
    rig.serve(rig.newest(), Reply::Do);
    rig.arrive(rig.newest());
    let old = rig.links().into_iter().min().unwrap();
    let event = |number: u32| {
        format!(
            r#"{{"id":0,"event":"group-update","key":"1","content":"{number}","responseCode":200}}"#
        )
    };
    rig.text(old, &event(1));
    rig.pass(SECOND / 100 * 999);
    rig.text(old, &event(2));
    rig.pass(SECOND / 10);
    assert_eq!(rig.closed, [3000], "the handover is over");
    assert_eq!(rig.state(), SocketState::Ready);
    rig.text(rig.main(), &event(2));
    assert_eq!(rig.delivered[&2], 1, "a copy");
    rig.text(rig.main(), &event(2));
    assert_eq!(rig.delivered[&2], 2, "not another one");
    rig.text(rig.main(), &event(1));
    assert_eq!(rig.delivered[&1], 2, "long after the first");
    rig.pass(SECOND * 2);
    rig.text(rig.main(), &event(2));
    assert_eq!(rig.delivered[&2], 3);
}
