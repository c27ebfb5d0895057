//! Derived events, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::console::event::PlayerState;
use att_console::{Console, Missed};
use att_kit::conditions::{Condition, Transition, TransitionKind, Transitions, Zone};
use att_kit::players::{Evidence, Players};
use att_kit::{Consoles, Handlers, Limits};
use std::time::Duration;
use support::{access, config, notes, open, received, run_all, self_hosted, within};

const FAST: Duration = Duration::from_millis(20);

/// Long enough to see that nothing is requested.
const SOME_INTERVALS: Duration = Duration::from_millis(200);

async fn next(transitions: &mut Transitions) -> Transition {
    let item = within(transitions.next())
        .await
        .expect("the console is closed");
    item.unwrap()
}

/// The name, with a plus for an entry and a minus for its end; a star if it is initial.
fn short(transition: &Transition) -> String {
    let sign = match transition.kind {
        TransitionKind::Entered if transition.is_initial => "*",
        TransitionKind::Entered => "+",
        _ => "-",
    };
    format!("{sign}{}", transition.player.name())
}

#[tokio::test]
async fn a_zone_of_chunks_yields_players_inside_already_and_then_requests_nothing() {
    let (sim, server) = self_hosted().await;
    let inside = sim.player_joins(server, "O'Neil").unwrap();
    sim.player_moves(server, inside, "Cave Layer 3").unwrap();
    let outside = sim.player_joins(server, "-Bee-").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    let mut third = players.when(Zone::cave_layer(3)).every(FAST).start();
    let first = next(&mut third).await;
    assert_eq!(
        (short(&first).as_str(), first.evidence),
        ("*O'Neil", Evidence::Snapshot)
    );
    assert_eq!((first.player.cave_layer(), first.details), (Some(3), None));
    let requests = received(&sim, "player list-detailed");

    sim.player_moves(server, outside, "Cave Layer 3").unwrap();
    let second = next(&mut third).await;
    assert_eq!(
        (short(&second).as_str(), second.evidence),
        ("+-Bee-", Evidence::Event)
    );
    sim.player_moves(server, inside, "Cave Layer 30").unwrap();
    assert_eq!(short(&next(&mut third).await), "-O'Neil");
    sim.player_leaves(server, outside).unwrap();
    assert_eq!(short(&next(&mut third).await), "--Bee-");
    tokio::time::sleep(SOME_INTERVALS).await;
    assert!(received(&sim, "player list-detailed") <= requests + 1);
    assert_eq!(received(&sim, "player inventory"), 0);
}

#[tokio::test]
async fn a_sphere_a_hand_and_an_item_are_followed_by_requests() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let of = |condition: Condition| players.when(condition).every(FAST).start();
    let mut well = of(Zone::sphere([0.0, 10.0, 0.0], 2.0).into());
    let mut button = of(Condition::hand_within(0.5, [5.0, 11.0, 0.0]));
    let mut salute = of(Condition::hand_within_of_head(0.2));
    let mut torch = of(Condition::holds("torch"));

    let name = "a\"b\\c";
    let player = sim.player_joins(server, name).unwrap();
    let at = |position| sim.player_at(server, player, position).unwrap();
    let hand = |position| {
        let hands = sim.player_hands(server, player, position, position);
        hands.unwrap();
    };
    at([0.0, 10.0, 1.5]);
    let entered = next(&mut well).await;
    assert_eq!(short(&entered), format!("+{name}"));
    let position = entered.details.unwrap().position;
    assert_eq!(position, Some([0.0, 10.0, 1.5].into()));
    at([0.0, 10.0, 2.5]);
    assert_eq!(short(&next(&mut well).await), format!("-{name}"));

    hand([5.0, 11.4, 0.0]);
    assert_eq!(short(&next(&mut button).await), format!("+{name}"));
    // The head is at 0.1, 1.65, 0.1 above the feet.
    hand([0.1, 11.7, 2.6]);
    assert_eq!(short(&next(&mut salute).await), format!("+{name}"));
    assert_eq!(short(&next(&mut button).await), format!("-{name}"));

    sim.player_handles(server, player, "Torch", "Pickup")
        .unwrap();
    assert_eq!(short(&next(&mut torch).await), format!("+{name}"));
    sim.player_handles(server, player, "Torch", "Drop").unwrap();
    assert_eq!(short(&next(&mut torch).await), format!("-{name}"));
}

#[tokio::test]
async fn a_state_needs_no_request() {
    let (sim, server) = self_hosted().await;
    let player = sim.player_joins(server, "J.K.").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    let fights = Condition::state(PlayerState::Combat);
    let mut fights = players.when(fights).hold(FAST).start();
    within(players.complete()).await.unwrap();
    let subscribed = sim.wait_for_console_subscription(server, "PlayerStateChanged");
    within(subscribed).await.unwrap();
    sim.player_state(server, player, "Combat", true).unwrap();
    let entered = next(&mut fights).await;
    assert_eq!(
        (short(&entered).as_str(), entered.evidence),
        ("+J.K.", Evidence::Event)
    );
    sim.player_state(server, player, "Combat", false).unwrap();
    assert_eq!(short(&next(&mut fights).await), "-J.K.");
    assert_eq!(received(&sim, "player list-detailed"), 0);
}

#[tokio::test]
async fn after_a_restart_the_players_are_compared_and_not_repeated() {
    let (sim, server) = self_hosted().await;
    let gone = sim.player_joins(server, "Elder Toad").unwrap();
    sim.player_moves(server, gone, "Cave Layer 1").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    let mut caves = players.when(Zone::caves()).every(FAST).start();
    assert_eq!(short(&next(&mut caves).await), "*Elder Toad");

    sim.stop_server(server).await.unwrap();
    sim.start_server(server).unwrap();
    let new = sim.player_joins(server, "1234").unwrap();
    sim.player_moves(server, new, "Cave Layer 7").unwrap();
    let gap = within(caves.next()).await.unwrap();
    assert!(matches!(gap, Err(Missed::Gap { .. })), "{gap:?}");
    let mut after = [
        short(&next(&mut caves).await),
        short(&next(&mut caves).await),
    ];
    after.sort();
    assert_eq!(after, ["+1234", "-Elder Toad"]);
}

#[tokio::test]
async fn a_player_who_is_inside_before_and_after_a_gap_is_yielded_again() {
    let (sim, server) = self_hosted().await;
    let enters = |name| {
        let player = sim.player_joins(server, name).unwrap();
        sim.player_moves(server, player, "Cave Layer 1").unwrap();
    };
    enters("Elder Toad");
    let console = open(&sim, server);
    let players = Players::of(&console);
    let mut caves = players.when(Zone::caves()).every(FAST).start();
    assert_eq!(short(&next(&mut caves).await), "*Elder Toad");
    sim.drop_consoles(server);
    let gap = within(caves.next()).await.unwrap();
    assert!(matches!(gap, Err(Missed::Gap { .. })), "{gap:?}");
    assert_eq!(short(&next(&mut caves).await), "*Elder Toad");

    // The player can be back before or after the first list.
    sim.stop_server(server).await.unwrap();
    sim.start_server(server).unwrap();
    enters("Elder Toad");
    let entry = within(caves.next_entry()).await.unwrap();
    assert_eq!(entry.player.name(), "Elder Toad");
}

#[tokio::test]
async fn handlers_of_a_condition_are_called_on_every_console_of_a_runner() {
    let (sim, server) = self_hosted().await;
    let other = sim.add_self_hosted("Oakvale").unwrap();
    let enters = |server, name| {
        let player = sim.player_joins(server, name).unwrap();
        sim.player_moves(server, player, "Cave Layer 3").unwrap();
        player
    };
    enters(server, "O'Neil");
    let (notes, mut noted) = notes();
    let (failures, gaps) = (notes.clone(), notes.clone());
    let handlers = Handlers::new()
        .on_transition(
            |players| players.when(Zone::caves()).every(FAST),
            move |console, transition| {
                notes.note(format!("{}: {}", console.label(), short(&transition)));
                async move {
                    match transition.player.name() {
                        "-Bee-" => Err("by a test"),
                        _ => Ok(()),
                    }
                }
            },
        )
        .on_missed(move |console, _| {
            gaps.note(format!("{}: missed", console.label()));
            async {}
        })
        .on_failure(move |failure| failures.note(failure.handler));
    let consoles = Consoles::new();
    consoles.add("Thornwood", open(&sim, server));
    let config = config().label("Oakvale");
    let oakvale = Console::open_with(access(&sim, other), config);
    consoles.add("Oakvale", oakvale.clone());
    let bot = run_all(consoles, handlers, Limits::default());
    noted.next_are(&["Thornwood: *O'Neil"]).await;

    within(Players::of(&oakvale).complete()).await.unwrap();
    let subscribed = sim.wait_for_console_subscription(other, "PlayerMovedChunk");
    within(subscribed).await.unwrap();
    let bee = enters(other, "-Bee-");
    noted.next_are(&["Oakvale: +-Bee-", "on_transition"]).await;
    sim.player_leaves(other, bee).unwrap();
    noted.next_are(&["Oakvale: --Bee-", "on_transition"]).await;

    // One console that is lost disturbs no other.
    sim.drop_consoles(server);
    let after_gap = ["Thornwood: missed", "Thornwood: *O'Neil"];
    noted.next_are(&after_gap).await;
    let finished = within(bot.handle.shutdown(Duration::ZERO)).await;
    assert_eq!(finished.given_up, 0);
    assert_eq!(noted.rest(), [""; 0]);
}

#[tokio::test]
async fn overlapping_zones_are_independent() {
    let (sim, server) = self_hosted().await;
    let console = open(&sim, server);
    let players = Players::of(&console);
    within(players.complete()).await.unwrap();
    let square = Zone::cuboid([9.0, 9.0, 9.0], [-9.0, 0.0, -9.0]);
    let mut square = players.when(square).every(FAST).start();
    let mut well = players
        .when(Zone::sphere([0.0; 3], 2.0))
        .every(FAST)
        .start();
    let player = sim.player_joins(server, "O'Neil").unwrap();
    for (position, of_square, of_well) in [
        ([0.0, 1.0, 0.0], "+O'Neil", Some("+O'Neil")),
        ([20.0, 1.0, 0.0], "-O'Neil", Some("-O'Neil")),
        ([8.0, 1.0, 0.0], "+O'Neil", None),
    ] {
        sim.player_at(server, player, position).unwrap();
        assert_eq!(short(&next(&mut square).await), of_square);
        if let Some(of_well) = of_well {
            assert_eq!(short(&next(&mut well).await), of_well);
        }
    }
    sim.player_at(server, player, [1.0, 1.0, 0.0]).unwrap();
    assert_eq!(short(&next(&mut well).await), "+O'Neil");
}

#[tokio::test]
async fn a_stream_ends_with_the_console_and_holds_none_open() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, "O'Neil").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    let mut stream = players.when(Condition::holds("Torch")).every(FAST).start();
    within(sim.wait_for_command(server, "player inventory", None))
        .await
        .unwrap();
    drop((console, players));
    assert_eq!(within(stream.next()).await, None);
    sim.wait_for_consoles(server, 0).await.unwrap();
}

#[tokio::test]
async fn nothing_is_requested_when_the_stream_is_dropped() {
    let (sim, server) = self_hosted().await;
    sim.player_joins(server, "O'Neil").unwrap();
    let console = open(&sim, server);
    let players = Players::of(&console);
    let stream = players
        .when(Zone::sphere([0.0; 3], 1.0))
        .every(FAST)
        .start();
    let sent = sim.wait_for_command(server, "player list-detailed", None);
    within(sent).await.unwrap();
    drop(stream);
    // The poller is idle when it has seen the drop and its request has ended.
    within(players.details_within(Duration::ZERO))
        .await
        .unwrap();
    within(players.details_within(Duration::ZERO))
        .await
        .unwrap();
    let before = received(&sim, "player list-detailed");
    tokio::time::sleep(SOME_INTERVALS).await;
    assert_eq!(received(&sim, "player list-detailed"), before);
}
