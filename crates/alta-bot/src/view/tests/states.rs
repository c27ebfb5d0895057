//! The states of servers, and how they are known.

use super::*;

/// A model whose server runs and has sent a heartbeat.
fn beating() -> Harness {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Heartbeat(up()));
    harness.changes();
    harness
}

#[test]
fn a_server_whose_heartbeats_stop_is_read_and_offline_only_if_the_reading_says_so() {
    let mut harness = beating();
    harness.pass(SECOND * 44);
    assert_eq!(harness.reading(), []);
    // An event of a player also shows that the server runs.
    harness.event(GroupEvent::Status(up()));
    harness.pass(SECOND * 44);
    assert_eq!(harness.reading(), []);
    harness.pass(SECOND);
    assert!(harness.is_online() && harness.server().is_stale);
    assert_eq!(harness.reading(), [THE_SERVER]);
    // It runs, so the heartbeats are lost.
    harness.reply(THE_SERVER, read_server(up()));
    assert!(harness.is_online() && !harness.server().is_stale);
    harness.pass(SECOND * 45);
    // The reading fails: the state stays as it was.
    harness.reply(THE_SERVER, None);
    assert!(harness.is_online() && harness.server().is_stale);
    assert_eq!(harness.changes(), []);
    harness.pass(SECOND);
    harness.reply(THE_SERVER, read_server(down()));
    assert!(!harness.is_online() && !harness.server().is_stale);
    assert_eq!(harness.server().known, Some(Known::Now));
    assert_eq!(harness.changes(), [Change::ServerOffline(GROUP, SERVER)]);
    harness.event(GroupEvent::Heartbeat(up()));
    assert!(harness.is_online());
}

#[test]
fn heartbeats_can_become_overdue_again_after_a_status_during_a_reading() {
    let mut harness = beating();
    harness.pass(SECOND * 45);
    harness.event(GroupEvent::Status(up()));
    harness.reply(THE_SERVER, read_server(up()));
    assert!(!harness.server().is_stale);
    harness.pass(SECOND * 45);
    assert_eq!(harness.reading(), [THE_SERVER]);
}

#[test]
fn a_server_that_never_sends_heartbeats_has_none_overdue() {
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Status(up()));
    harness.pass(SECOND * 3_600);
    assert!(harness.is_online());
    assert_eq!(harness.reading(), []);
}

#[test]
fn no_heartbeat_is_overdue_while_the_socket_is_not_connected() {
    let mut harness = beating();
    harness.connected(false);
    harness.pass(SECOND * 3_600);
    assert!(harness.is_online() && harness.server().is_stale);
    assert_eq!(harness.reading(), []);
    harness.connected(true);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.reply(THE_SERVER, None);
    assert!(harness.is_online() && harness.server().is_stale);
    harness.pass(SECOND);
    harness.reply_to_all(2, &up());
    assert!(!harness.server().is_stale);
    harness.pass(SECOND * 44);
    assert_eq!(harness.reading(), []);
    harness.pass(SECOND);
    assert!(harness.server().is_stale);
    assert_eq!(harness.reading(), [THE_SERVER]);
}

#[test]
fn no_heartbeat_is_overdue_while_the_console_delivers() {
    let mut harness = beating();
    harness.console(ConsoleState::Connected);
    for _ in 0..10 {
        harness.pass(SECOND * 40);
        harness.model.console_delivered(GROUP, SERVER, harness.now);
    }
    assert_eq!(harness.reading(), []);
    harness.pass(SECOND * 45);
    assert_eq!(harness.reading(), [THE_SERVER]);
}

#[test]
fn a_reading_that_contradicts_a_connected_console_counts_after_repetitions_without_deliveries() {
    let mut harness = beating();
    harness.console(ConsoleState::Connected);
    harness.pass(SECOND * 45);
    harness.reply(THE_SERVER, read_server(down()));
    assert!(harness.is_online());
    for _ in 0..10 {
        harness.pass(SECOND * 64);
        harness.model.console_delivered(GROUP, SERVER, harness.now);
        harness.reply(THE_SERVER, read_server(down()));
        assert!(harness.is_online(), "it delivers");
    }
    harness.pass(SECOND * 64);
    harness.reply(THE_SERVER, read_server(down()));
    assert!(!harness.is_online());
    assert_eq!(harness.changes(), [Change::ServerOffline(GROUP, SERVER)]);
}

#[test]
fn a_lost_console_does_not_change_the_state_of_its_server() {
    let mut harness = beating();
    harness.console(ConsoleState::Connected);
    harness.console(ConsoleState::Lost);
    assert!(harness.is_online());
    harness.pass(SECOND * 45);
    harness.reply(THE_SERVER, read_server(down()));
    assert!(!harness.is_online());
}

#[test]
fn the_state_of_a_console_counts_at_once() {
    let mut harness = beating();
    harness.console(ConsoleState::Connected);
    harness.console(ConsoleState::Lost);
    assert!(harness.is_online());
    harness.console(ConsoleState::NotUp);
    assert!(!harness.is_online());
    assert_eq!(harness.server().known, Some(Known::Now));
    assert_eq!(harness.changes(), [Change::ServerOffline(GROUP, SERVER)]);
    harness.pass(SECOND * 3_600);
    assert_eq!(harness.reading(), []);
    harness.console(ConsoleState::NotUp);
    harness.console(ConsoleState::Connected);
    assert!(harness.is_online());
    assert_eq!(harness.server().known, Some(Known::Now));
    assert_eq!(harness.changes(), [Change::ServerOnline(GROUP, SERVER)]);

    // Also while the main websocket is not connected, and before the first reading.
    harness.connected(false);
    harness.console(ConsoleState::NotUp);
    assert_eq!(harness.server().known, Some(Known::Now));
    assert!(!harness.is_online());
    for (state, is_online) in [
        (ConsoleState::Connected, true),
        (ConsoleState::NotUp, false),
    ] {
        let mut harness = Harness::new();
        harness.model.joined(joined(2));
        harness.console(state);
        assert_eq!(harness.is_online(), is_online);
        assert_eq!(harness.server().known, Some(Known::AtStart));
    }
}

#[test]
fn a_console_that_is_not_up_yet_does_not_put_a_booting_server_offline() {
    let mut harness = beating();
    harness.console(ConsoleState::NotUp);
    harness.pass(Duration::ZERO);
    assert!(harness.is_online());
    // They contradict each other, so the service decides.
    harness.reply(THE_SERVER, read_server(up()));
    assert_eq!(harness.changes(), []);
    harness.console(ConsoleState::NotUp);
    harness.pass(Duration::ZERO);
    harness.reply(THE_SERVER, read_server(down()));
    assert_eq!(harness.changes(), [Change::ServerOffline(GROUP, SERVER)]);
    // A console that was connected knows when the server stops, also after the next start.
    harness.event(GroupEvent::Heartbeat(up()));
    harness.console(ConsoleState::NotUp);
    assert!(harness.is_online());
    harness.console(ConsoleState::Connected);
    harness.console(ConsoleState::NotUp);
    assert!(!harness.is_online());
}

#[test]
fn a_reading_does_not_override_a_console_state_that_arrived_meanwhile() {
    let mut harness = beating();
    harness.console(ConsoleState::Connected);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.console(ConsoleState::NotUp);
    harness.reply_to_all(2, &up());
    assert!(!harness.is_online());
}

#[test]
fn known_says_whether_a_state_was_found_or_has_changed() {
    // Found at the start, by a reading or a heartbeat.
    let harness = Harness::settled(2);
    assert_eq!(harness.server().known, Some(Known::AtStart));
    let mut harness = Harness::new();
    harness.model.joined(joined(2));
    harness.event(GroupEvent::Heartbeat(up()));
    assert_eq!(harness.server().known, Some(Known::AtStart));

    // An event reports it.
    harness.event(GroupEvent::Status(down()));
    assert_eq!(harness.server().known, Some(Known::Now));
    harness.event(GroupEvent::Heartbeat(up()));
    assert_eq!(harness.server().known, Some(Known::Now));
    harness.subscribed();
    harness.reply_to_all(2, &up());
    assert_eq!(harness.server().known, Some(Known::Now));

    // It was found after a gap, by a reading or by the first event.
    harness.connected(false);
    harness.connected(true);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    harness.reply_to_all(2, &down());
    assert_eq!(harness.server().known, Some(Known::AfterGap));
    harness.event(GroupEvent::Missed);
    harness.event(GroupEvent::Heartbeat(up()));
    assert_eq!(harness.server().known, Some(Known::AfterGap));
    harness.event(GroupEvent::Status(down()));
    assert_eq!(harness.server().known, Some(Known::Now));
    harness.pass(SOON);
    harness.reply_to_all(2, &down());
    // The service omits the event.
    harness.model.read_everything(harness.now);
    harness.pass(SOON);
    harness.reply_to_all(2, &up());
    assert_eq!(harness.server().known, Some(Known::AfterGap));
}

#[test]
fn a_state_from_an_event_before_its_gap_is_reported_was_found_after_the_gap() {
    let mut harness = beating();
    harness.model.interrupted(GROUP);
    harness.event(GroupEvent::Status(down()));
    assert_eq!(harness.server().known, Some(Known::AfterGap));
    // The events of this group continue on another connection.
    let mut harness = beating();
    assert!(harness.model.set_connected(false));
    harness.event(GroupEvent::Status(down()));
    assert_eq!(harness.server().known, Some(Known::Now));
}

#[test]
fn a_server_that_is_made_later_was_not_found_at_the_start() {
    let mut harness = Harness::settled(2);
    let other = alta_model::ServerId::new(7);
    harness.event(GroupEvent::ServerMade(server(other, json!({}))));
    assert_eq!(harness.view().servers[&other].known, None);
    harness.event(GroupEvent::Status(server(
        other,
        json!({"is_online": true}),
    )));
    assert_eq!(harness.view().servers[&other].known, Some(Known::Now));

    // A server that was made in a gap.
    let mut harness = Harness::settled(2);
    harness.event(GroupEvent::Missed);
    harness.pass(SOON);
    let mut group = joined(2).group;
    group
        .servers
        .push(crate::view::samples::read(json!({"id": other})));
    harness.reply(THE_GROUP, Fetched::Group(group));
    harness.reply(
        Part::Server(GROUP, other),
        read_server(server(other, json!({"is_online": true}))),
    );
    assert_eq!(harness.view().servers[&other].known, Some(Known::AfterGap));
}
