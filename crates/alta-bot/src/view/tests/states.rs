//! Whether a server runs, and how that is known.

use super::*;

/// One whose server runs and has sent a heartbeat.
fn beating() -> Rig {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Heartbeat(up()));
    rig.changes();
    rig
}

#[test]
fn a_server_whose_heartbeats_stop_is_asked_for_and_offline_only_if_that_says_so() {
    let mut rig = beating();
    rig.pass(SECOND * 44);
    assert_eq!(rig.reading(), []);
    // A player who joins is a sign of life as well.
    rig.event(GroupEvent::Status(up()));
    rig.pass(SECOND * 44);
    assert_eq!(rig.reading(), []);
    rig.pass(SECOND);
    assert!(rig.is_online() && rig.server().is_stale);
    assert_eq!(rig.reading(), [THE_SERVER]);
    // It runs, so the heartbeats are lost.
    rig.answer(THE_SERVER, read_server(up()));
    assert!(rig.is_online() && !rig.server().is_stale);
    rig.pass(SECOND * 45);
    // REST fails: nothing is known, and that is not offline.
    rig.answer(THE_SERVER, None);
    assert!(rig.is_online() && rig.server().is_stale);
    assert_eq!(rig.changes(), []);
    rig.pass(SECOND);
    rig.answer(THE_SERVER, read_server(down()));
    assert!(!rig.is_online() && !rig.server().is_stale);
    assert_eq!(rig.server().known, Some(Known::Now));
    assert_eq!(rig.changes(), [Change::ServerOffline(GROUP, SERVER)]);
    rig.event(GroupEvent::Heartbeat(up()));
    assert!(rig.is_online());
}

#[test]
fn a_server_is_missed_again_though_a_status_came_while_it_was_asked_for() {
    let mut rig = beating();
    rig.pass(SECOND * 45);
    rig.event(GroupEvent::Status(up()));
    rig.answer(THE_SERVER, read_server(up()));
    assert!(!rig.server().is_stale);
    rig.pass(SECOND * 45);
    assert_eq!(rig.reading(), [THE_SERVER]);
}

#[test]
fn a_server_that_never_sends_heartbeats_is_not_missed() {
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Status(up()));
    rig.pass(SECOND * 3_600);
    assert!(rig.is_online());
    assert_eq!(rig.reading(), []);
}

#[test]
fn nobody_is_stale_while_the_socket_is_not_connected_but_again_after_it_was_read() {
    let mut rig = beating();
    rig.connected(false);
    rig.pass(SECOND * 3_600);
    assert!(rig.is_online() && rig.server().is_stale);
    assert_eq!(rig.reading(), []);
    rig.connected(true);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.answer(THE_SERVER, None);
    assert!(rig.is_online() && rig.server().is_stale);
    rig.pass(SECOND);
    rig.answer_all(2, &up());
    assert!(!rig.server().is_stale);
    rig.pass(SECOND * 44);
    assert_eq!(rig.reading(), []);
    rig.pass(SECOND);
    assert!(rig.server().is_stale);
    assert_eq!(rig.reading(), [THE_SERVER]);
}

#[test]
fn a_server_whose_console_delivers_is_not_missed() {
    let mut rig = beating();
    rig.console(ConsoleSays::Connected);
    for _ in 0..10 {
        rig.pass(SECOND * 40);
        rig.model.console_heard(GROUP, SERVER, rig.now);
    }
    assert_eq!(rig.reading(), []);
    rig.pass(SECOND * 45);
    assert_eq!(rig.reading(), [THE_SERVER]);
}

#[test]
fn a_reading_that_contradicts_a_connected_console_is_believed_when_it_stays_so_and_nothing_comes() {
    let mut rig = beating();
    rig.console(ConsoleSays::Connected);
    rig.pass(SECOND * 45);
    rig.answer(THE_SERVER, read_server(down()));
    assert!(rig.is_online());
    for _ in 0..10 {
        rig.pass(SECOND * 64);
        rig.model.console_heard(GROUP, SERVER, rig.now);
        rig.answer(THE_SERVER, read_server(down()));
        assert!(rig.is_online(), "it delivers");
    }
    rig.pass(SECOND * 64);
    rig.answer(THE_SERVER, read_server(down()));
    assert!(!rig.is_online());
    assert_eq!(rig.changes(), [Change::ServerOffline(GROUP, SERVER)]);
}

#[test]
fn a_console_that_is_lost_says_nothing_for_its_server() {
    let mut rig = beating();
    rig.console(ConsoleSays::Connected);
    rig.console(ConsoleSays::Lost);
    assert!(rig.is_online());
    rig.pass(SECOND * 45);
    rig.answer(THE_SERVER, read_server(down()));
    assert!(!rig.is_online());
}

#[test]
fn what_a_console_knows_is_used_at_once() {
    let mut rig = beating();
    rig.console(ConsoleSays::Connected);
    rig.console(ConsoleSays::Lost);
    assert!(rig.is_online());
    rig.console(ConsoleSays::NotUp);
    assert!(!rig.is_online());
    assert_eq!(rig.server().known, Some(Known::Now));
    assert_eq!(rig.changes(), [Change::ServerOffline(GROUP, SERVER)]);
    rig.pass(SECOND * 3_600);
    assert_eq!(rig.reading(), []);
    rig.console(ConsoleSays::NotUp);
    rig.console(ConsoleSays::Connected);
    assert!(rig.is_online());
    assert_eq!(rig.server().known, Some(Known::Now));
    assert_eq!(rig.changes(), [Change::ServerOnline(GROUP, SERVER)]);

    // Also while the main websocket is gone, and before anything was read.
    rig.connected(false);
    rig.console(ConsoleSays::NotUp);
    assert_eq!(rig.server().known, Some(Known::Now));
    assert!(!rig.is_online());
    for (says, is_online) in [(ConsoleSays::Connected, true), (ConsoleSays::NotUp, false)] {
        let mut rig = Rig::new();
        rig.model.joined(joined(2));
        rig.console(says);
        assert_eq!(rig.is_online(), is_online);
        assert_eq!(rig.server().known, Some(Known::AtStart));
    }
}

#[test]
fn a_console_that_cannot_be_had_yet_puts_a_server_that_boots_not_offline_again() {
    let mut rig = beating();
    rig.console(ConsoleSays::NotUp);
    rig.pass(Duration::ZERO);
    assert!(rig.is_online());
    // They contradict each other, so the service decides.
    rig.answer(THE_SERVER, read_server(up()));
    assert_eq!(rig.changes(), []);
    rig.console(ConsoleSays::NotUp);
    rig.pass(Duration::ZERO);
    rig.answer(THE_SERVER, read_server(down()));
    assert_eq!(rig.changes(), [Change::ServerOffline(GROUP, SERVER)]);
    // Once it was connected, it knows when the server ends; and so again after the next start.
    rig.event(GroupEvent::Heartbeat(up()));
    rig.console(ConsoleSays::NotUp);
    assert!(rig.is_online());
    rig.console(ConsoleSays::Connected);
    rig.console(ConsoleSays::NotUp);
    assert!(!rig.is_online());
}

#[test]
fn what_a_console_said_while_a_server_was_read_is_not_undone() {
    let mut rig = beating();
    rig.console(ConsoleSays::Connected);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.console(ConsoleSays::NotUp);
    rig.answer_all(2, &up());
    assert!(!rig.is_online());
}

#[test]
fn it_is_told_whether_a_state_was_found_or_has_come_about() {
    // Found at the start, by a reading or a heartbeat.
    let rig = Rig::settled(2);
    assert_eq!(rig.server().known, Some(Known::AtStart));
    let mut rig = Rig::new();
    rig.model.joined(joined(2));
    rig.event(GroupEvent::Heartbeat(up()));
    assert_eq!(rig.server().known, Some(Known::AtStart));

    // An event tells of it.
    rig.event(GroupEvent::Status(down()));
    assert_eq!(rig.server().known, Some(Known::Now));
    rig.event(GroupEvent::Heartbeat(up()));
    assert_eq!(rig.server().known, Some(Known::Now));
    rig.subscribed();
    rig.answer_all(2, &up());
    assert_eq!(rig.server().known, Some(Known::Now));

    // It was found after a gap, by a reading or by the first event.
    rig.connected(false);
    rig.connected(true);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    rig.answer_all(2, &down());
    assert_eq!(rig.server().known, Some(Known::AfterGap));
    rig.event(GroupEvent::Missed);
    rig.event(GroupEvent::Heartbeat(up()));
    assert_eq!(rig.server().known, Some(Known::AfterGap));
    rig.event(GroupEvent::Status(down()));
    assert_eq!(rig.server().known, Some(Known::Now));
    rig.pass(SOON);
    rig.answer_all(2, &down());
    // The service forgot to tell.
    rig.model.read_everything(rig.now);
    rig.pass(SOON);
    rig.answer_all(2, &up());
    assert_eq!(rig.server().known, Some(Known::AfterGap));
}

#[test]
fn a_state_that_an_event_tells_before_its_gap_is_told_was_found_after_the_gap() {
    let mut rig = beating();
    rig.model.interrupted(GROUP);
    rig.event(GroupEvent::Status(down()));
    assert_eq!(rig.server().known, Some(Known::AfterGap));
    // Of a group whose events go on over another websocket.
    let mut rig = beating();
    assert!(rig.model.set_connected(false));
    rig.event(GroupEvent::Status(down()));
    assert_eq!(rig.server().known, Some(Known::Now));
}

#[test]
fn a_server_that_is_made_while_the_bot_looks_on_was_not_found_at_the_start() {
    let mut rig = Rig::settled(2);
    let other = alta_model::ServerId::new(7);
    rig.event(GroupEvent::ServerMade(server(other, json!({}))));
    assert_eq!(rig.view().servers[&other].known, None);
    rig.event(GroupEvent::Status(server(
        other,
        json!({"is_online": true}),
    )));
    assert_eq!(rig.view().servers[&other].known, Some(Known::Now));

    // One that was made in a gap.
    let mut rig = Rig::settled(2);
    rig.event(GroupEvent::Missed);
    rig.pass(SOON);
    let mut group = joined(2).group;
    group
        .servers
        .push(crate::view::samples::read(json!({"id": other})));
    rig.answer(THE_GROUP, Found::Group(group));
    rig.answer(
        Part::Server(GROUP, other),
        read_server(server(other, json!({"is_online": true}))),
    );
    assert_eq!(rig.view().servers[&other].known, Some(Known::AfterGap));
}
