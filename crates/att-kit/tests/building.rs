//! The selection of a console and builds, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::float_cmp,
    reason = "the positions are multiples of a quarter, which floats hold exactly"
)]

mod support;

use alta_model::{EntityId, UserId, Vector3};
use alta_sim::{Action, Entity, Fault, Hook, Sim};
use att_console::commands::select;
use att_console::{Console, Sent};
use att_kit::building::{
    Axis, Build, Direction, ErrorKind, Guard, Outcome, Piece, Placement, SaveString, Selection,
};
use futures_util::FutureExt as _;
use std::time::Duration;
use support::{access, config, open, self_hosted, within};

const ODD_NAMES: [&str; 6] = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];

struct Town {
    sim: Sim,
    server: u64,
    console: Console,
    player: UserId,
}

impl Town {
    async fn new() -> Self {
        let (sim, server) = self_hosted().await;
        let player = sim.player_joins(server, "O'Neil").unwrap();
        sim.player_at(server, player, [0.0; 3]).unwrap();
        let console = open(&sim, server);
        let player = UserId::new(player.cast_signed());
        Self {
            sim,
            server,
            console,
            player,
        }
    }

    /// Lets commands time out soon.
    fn impatient(mut self) -> Self {
        let config = config().request_timeout(Duration::from_secs(1));
        self.console = Console::open_with(access(&self.sim, self.server), config);
        self
    }

    async fn guard(&self) -> Guard {
        within(Selection::of(&self.console).lock()).await
    }

    fn torch(&self, position: [f64; 3]) -> EntityId {
        let id = self.sim.add_entity(self.server, "Torch", position).unwrap();
        EntityId::new(id.cast_signed())
    }

    fn entity(&self, id: EntityId) -> Entity {
        let mut entities = self.sim.entities(self.server).into_iter();
        let found = entities.find(|entity| entity.id.cast_signed() == id.get());
        found.expect("there is no such entity")
    }

    fn fault(&self, command: &'static str, action: Action) -> Fault {
        Fault::new(Hook::ConsoleCommand, action)
            .server(self.server)
            .containing(command)
    }

    fn arm(&self, fault: Fault) {
        self.sim.faults().arm(fault);
    }

    /// Ends the connection, and waits for the next one.
    async fn reconnect(&self) {
        let before = self.console.status().totals.connects;
        self.sim.drop_consoles(self.server);
        let mut statuses = self.console.statuses();
        let again = statuses
            .wait_for(|status| status.totals.connects > before && status.state.is_connected());
        within(again).await.expect("the console is open");
    }
}

fn torches(positions: impl IntoIterator<Item = [f64; 3]>) -> Build {
    Build::new(positions.into_iter().map(|[x, y, z]| {
        let text = "31502,44,31502,0,0,0,0,0,0,1065353216,1065353216,9,0,|1,7,2,";
        let mut save: SaveString = text.parse().unwrap();
        save.set_position(Vector3::new(x, y, z)).unwrap();
        Piece::new("Torch(Clone)", save)
    }))
}

#[tokio::test]
async fn an_entity_is_found_selected_moved_turned_saved_and_destroyed() {
    let town = Town::new().await;
    let torch = town.torch([0.0, 2.0, 3.0]);
    town.torch([0.0, 2.0, 300.0]);
    let mut guard = town.guard().await;
    let found = within(guard.find(town.player, 5.0)).await.unwrap();
    assert_eq!(found.len(), 1);
    let info = within(guard.select(found[0].identifier)).await.unwrap();
    assert_eq!(info.name, "Torch(Clone)");
    assert_eq!(guard.selected(), Some(torch));

    within(guard.move_exact(Vector3::new(1.0, 2.0, 3.0)))
        .await
        .unwrap();
    for (direction, distance) in [
        (Direction::Up, 1.0),
        (Direction::Down, 0.25),
        (Direction::Right, 2.0),
        (Direction::Left, 0.5),
        (Direction::Forward, 4.0),
        (Direction::Back, 1.5),
    ] {
        within(guard.move_by(direction, distance)).await.unwrap();
    }
    assert_eq!(town.entity(torch).position, [2.5, 2.75, 5.5]);
    within(guard.rotate_exact(Vector3::new(10.0, 20.0, 30.0)))
        .await
        .unwrap();
    for axis in [Axis::Pitch, Axis::Yaw, Axis::Roll] {
        within(guard.rotate_by(axis, 5.0)).await.unwrap();
    }
    assert_eq!(town.entity(torch).rotation, [15.0, 25.0, 35.0]);
    within(guard.snap_ground()).await.unwrap();
    within(guard.move_exact(Vector3::new(-5.0, 0.0, 0.0)))
        .await
        .unwrap();
    within(guard.look_at(town.player, false)).await.unwrap();
    let info = within(guard.get()).await.unwrap();
    assert_eq!(info.position, Some(Vector3::new(-5.0, 0.0, 0.0)));
    assert_eq!(info.rotation, Some(Vector3::new(0.0, 90.0, 0.0)));

    let save = within(guard.save_string()).await.unwrap();
    assert_eq!(save.to_string(), town.entity(torch).save_string);
    assert_eq!(save.position(), info.position);
    within(guard.destroy()).await.unwrap();
    assert_eq!(town.sim.entities(town.server).len(), 1);
    let error = within(guard.move_by(Direction::Up, 1.0)).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::NothingSelected),
        "{error}"
    );
    let error = within(guard.select(torch)).await.unwrap_err();
    assert_eq!(error.sent(), None, "{error}");
    assert!(
        error.to_string().contains("Couldn't find entity"),
        "{error}"
    );
}

#[tokio::test]
async fn the_nearest_entity_of_a_prefab_is_selected_with_its_id() {
    let town = Town::new().await;
    town.torch([0.0, 2.0, 30.0]);
    let near = town.torch([0.0, 2.0, 3.0]);
    let mut guard = town.guard().await;
    within(guard.select_nearest("Torch", town.player))
        .await
        .unwrap();
    assert_eq!(guard.selected(), Some(near));
    within(guard.select_nearest("Apple Full Ripe", town.player))
        .await
        .unwrap_err();
    assert_eq!(guard.selected(), None);
}

#[tokio::test]
async fn players_with_odd_names_are_addressed_by_id_and_nothing_near_them_is_an_empty_build() {
    let town = Town::new().await;
    let mut guard = town.guard().await;
    for (name, x) in ODD_NAMES
        .into_iter()
        .zip([0.0, 100.0, 200.0, 300.0, 400.0, 500.0])
    {
        let joined = town.sim.player_joins(town.server, name).ok();
        let player = joined.map_or(town.player, |id| UserId::new(id.cast_signed()));
        let id = player.get().cast_unsigned();
        town.sim.player_at(town.server, id, [x, 0.0, 0.0]).unwrap();
        let saved = within(guard.save_near(player, 10.0)).await.unwrap();
        assert_eq!(
            (saved.build, saved.failed.len()),
            (Build::default(), 0),
            "{name}"
        );
        let torch = town.torch([x + 1.0, 0.0, 0.0]);
        let found = within(guard.find(player, 10.0)).await.unwrap();
        assert_eq!(found[0].identifier, torch, "{name}");
    }
    let error = within(guard.find("a\"b\\c", 10.0)).await.unwrap_err();
    assert_eq!(error.sent(), Some(Sent::NotSent), "{error}");
}

#[tokio::test]
async fn two_tasks_at_once_do_not_mix() {
    for shared in [false, true] {
        let town = Town::new().await;
        town.sim.share_selection(town.server, shared).unwrap();
        let task = |torch, direction| {
            // Another handle of the same console.
            let selection = Selection::of(&town.console.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    let mut guard = selection.lock().await;
                    guard.select(torch).await.unwrap();
                    for _ in 0..3 {
                        guard.move_by(direction, 1.0).await.unwrap();
                    }
                }
            })
        };
        let (one, other) = (town.torch([0.0; 3]), town.torch([0.0; 3]));
        let tasks = [task(one, Direction::Up), task(other, Direction::Right)];
        for task in tasks {
            within(task).await.unwrap();
        }
        assert_eq!(town.entity(one).position, [0.0, 30.0, 0.0]);
        assert_eq!(town.entity(other).position, [30.0, 0.0, 0.0]);
    }
}

#[tokio::test]
async fn the_guard_is_given_in_the_order_of_the_calls() {
    let town = Town::new().await;
    let selection = Selection::of(&town.console);
    let guard = town.guard().await;
    let (mut first, mut second) = (Box::pin(selection.lock()), Box::pin(selection.lock()));
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    drop(guard);
    assert!((&mut second).now_or_never().is_none());
    let guard = within(first).await;
    assert!((&mut second).now_or_never().is_none());
    drop(guard);
    within(second).await;
}

#[tokio::test]
async fn an_operation_selects_its_entity_again_after_another_client_has_selected() {
    let town = Town::new().await;
    town.sim.share_selection(town.server, true).unwrap();
    let (torch, other) = (town.torch([0.0; 3]), town.torch([0.0; 3]));
    let mut guard = town.guard().await;
    within(guard.select(torch)).await.unwrap();
    let client = open(&town.sim, town.server);
    within(client.command(select::entity(other))).await.unwrap();
    within(guard.move_by(Direction::Up, 1.0)).await.unwrap();
    within(client.command(select::entity(other))).await.unwrap();
    within(guard.destroy()).await.unwrap();
    assert_eq!(town.entity(other).position, [0.0; 3]);
    assert_eq!(town.sim.entities(town.server).len(), 1);
}

#[tokio::test]
async fn after_a_lost_connection_the_entity_is_selected_again() {
    let town = Town::new().await;
    let torch = town.torch([0.0; 3]);
    let mut guard = town.guard().await;
    within(guard.select(torch)).await.unwrap();
    within(guard.move_by(Direction::Up, 1.0)).await.unwrap();
    town.reconnect().await;
    within(guard.move_by(Direction::Up, 1.0)).await.unwrap();
    // While the connection is lost, an operation waits for the next one.
    town.sim.drop_consoles(town.server);
    within(guard.move_by(Direction::Up, 1.0)).await.unwrap();
    assert_eq!(town.entity(torch).position, [0.0, 3.0, 0.0]);
    // The selection of the first part of an operation is lost with its connection.
    town.arm(town.fault("select 5", Action::Cut).times(2));
    within(guard.move_by(Direction::Up, 1.0)).await.unwrap();
    town.arm(town.fault("select get", Action::Cut));
    within(guard.select(torch)).await.unwrap();
    // Too often.
    town.arm(town.fault("select 5", Action::Cut).times(5));
    let error = within(guard.move_by(Direction::Up, 1.0)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionLost), "{error}");
    assert_eq!(error.sent(), Some(Sent::NotSent));
    assert_eq!(town.entity(torch).position, [0.0, 4.0, 0.0]);
}

#[tokio::test]
async fn after_a_restart_an_entity_that_is_gone_or_another_one_fails_plainly() {
    let town = Town::new().await;
    town.sim.add_prefab("O'Neil's Lamp", 7).unwrap();
    let torch = town.torch([0.0; 3]);
    for prefab in [None, Some("O'Neil's Lamp")] {
        let mut guard = town.guard().await;
        within(guard.select(torch)).await.unwrap();
        town.sim.stop_server(town.server).await.unwrap();
        town.sim.start_server(town.server).unwrap();
        // The first id of the new game was that of the player.
        town.torch([0.0; 3]);
        if let Some(prefab) = prefab {
            let id = town.sim.add_entity(town.server, prefab, [0.0; 3]).unwrap();
            assert_eq!(id, torch.get().cast_unsigned());
        }
        let error = within(guard.move_by(Direction::Up, 1.0)).await.unwrap_err();
        match prefab {
            None => assert!(
                error.to_string().contains("Couldn't find entity"),
                "{error}"
            ),
            Some(_) => assert_eq!(
                error.to_string(),
                "building on Thornwood: entity 51235 was \"Torch(Clone)\" before the connection was lost, and is \
                 \"O'Neil's Lamp(Clone)\" now"
            ),
        }
        let entities = town.sim.entities(town.server).into_iter();
        assert!(entities.map(|it| it.position).all(|at| at == [0.0; 3]));
        if prefab.is_none() {
            assert_eq!(town.torch([0.0; 3]), torch);
        }
    }
}

#[tokio::test]
async fn a_command_that_may_have_run_is_not_taken_as_done() {
    let town = Town::new().await.impatient();
    let torch = town.torch([0.0; 3]);
    let mut guard = town.guard().await;
    for action in [Action::Drop, Action::Cut] {
        within(guard.select(torch)).await.unwrap();
        town.arm(town.fault("select move up", action));
        let error = within(guard.move_by(Direction::Up, 1.0)).await.unwrap_err();
        assert_eq!(error.sent(), Some(Sent::MayHaveRun), "{error}");
        assert_eq!(guard.selected(), None);
        for _ in 0..2 {
            let error = within(guard.move_by(Direction::Up, 1.0)).await.unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::Unsettled { .. }),
                "{error}"
            );
            assert_eq!(error.sent(), Some(Sent::NotSent));
        }
    }
    // Both ran, and nothing was repeated.
    assert_eq!(town.entity(torch).position, [0.0, 2.0, 0.0]);
    within(guard.select(torch)).await.unwrap();
    // A question changes nothing.
    town.arm(town.fault("tostring", Action::Drop));
    let error = within(guard.save_string()).await.unwrap_err();
    assert_eq!(error.sent(), Some(Sent::MayHaveRun), "{error}");
    within(guard.save_string()).await.unwrap();
    // A command that the server refused did not run.
    town.arm(town.fault("select move up", Action::Refuse(7)));
    let error = within(guard.move_by(Direction::Up, 1.0)).await.unwrap_err();
    assert_eq!(error.sent(), None, "{error}");
    within(guard.move_by(Direction::Up, 1.0)).await.unwrap();
    assert_eq!(town.entity(torch).position, [0.0, 3.0, 0.0]);
}

#[tokio::test]
async fn an_operation_whose_future_is_dropped_is_not_taken_as_done() {
    let town = Town::new().await;
    let torch = town.torch([0.0; 3]);
    let mut guard = town.guard().await;
    within(guard.select(torch)).await.unwrap();
    town.arm(town.fault("select move up", Action::Drop));
    let moving = guard.move_by(Direction::Up, 1.0);
    let ran = support::until("the move ran", || {
        town.entity(torch).position == [0.0, 1.0, 0.0]
    });
    tokio::select! {
        _ = moving => panic!("there is no reply"),
        () = ran => {}
    }
    let error = within(guard.get()).await.unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Unsettled { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn entities_are_saved_and_those_that_are_gone_are_named() {
    let town = Town::new().await;
    let ids = [[1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [3.0, 1.0, 0.0]].map(|at| town.torch(at));
    let gone = ids[1].get().cast_unsigned();
    town.sim.remove_entity(town.server, gone).unwrap();
    let mut guard = town.guard().await;
    let saved = within(guard.save(ids)).await.unwrap();
    let failed: Vec<EntityId> = saved.failed.iter().map(|(id, _)| *id).collect();
    assert_eq!(failed, [ids[1]]);
    assert_eq!(saved.build.origin(), Vector3::new(2.0, 1.0, 0.0));
    let saves = saved
        .build
        .pieces()
        .iter()
        .map(|piece| piece.save.to_string());
    let expected = [ids[0], ids[2]].map(|id| town.entity(id).save_string);
    assert_eq!(saves.collect::<Vec<_>>(), expected);
    // Ids of an earlier connection can belong to other entities.
    town.arm(town.fault("tostring", Action::Cut));
    within(guard.save(ids)).await.unwrap_err();
    within(guard.save(ids)).await.unwrap();
}

#[tokio::test]
async fn a_build_is_loaded_at_a_place_with_its_unknown_parts() {
    let town = Town::new().await;
    let mut guard = town.guard().await;
    let build = torches([[0.0, 0.0, 0.0], [2.0, 1.0, 0.0]]);
    let build = Build::from_json(&build.to_json().unwrap()).unwrap();
    let at = Vector3::new(10.0, 5.0, 0.0);
    let loaded = within(guard.load(&build, at)).await.unwrap();
    assert!(loaded.is_complete(), "{loaded:?}");
    let spawned: Vec<Entity> = loaded.spawned().map(|id| town.entity(id)).collect();
    assert_eq!(spawned[0].position, [9.0, 5.0, 0.0]);
    assert_eq!(spawned[1].position, [11.0, 6.0, 0.0]);
    let moved = build.moved_to(at).unwrap();
    assert_eq!(spawned[1].save_string, moved.pieces()[1].save.to_string());
    assert!(spawned[1].save_string.ends_with(",9,0,|1,7,2,"));
    assert_eq!(loaded.rest.pieces(), []);
}

#[tokio::test]
async fn a_piece_that_may_have_been_spawned_is_never_spawned_again() {
    let town = Town::new().await.impatient();
    let mut guard = town.guard().await;
    let build = torches([[0.0; 3], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]);
    // The connection is lost after the second piece was spawned.
    town.arm(town.fault("string-raw", Action::Cut).after(1));
    let loaded = within(guard.load_in_place(build.clone())).await;
    assert!(
        matches!(
            &loaded.outcomes[..],
            [Outcome::Done(_), Outcome::MayHaveRun(_), Outcome::Done(_)]
        ),
        "{loaded:?}"
    );
    assert_eq!(loaded.rest.pieces(), []);
    assert_eq!(town.sim.entities(town.server).len(), 3);
    // There is no reply to the second piece.
    town.arm(town.fault("string-raw", Action::Drop).after(1));
    let loaded = within(guard.load_in_place(build)).await;
    assert!(
        matches!(
            &loaded.outcomes[..],
            [Outcome::Done(_), Outcome::MayHaveRun(_), Outcome::NotTried]
        ),
        "{loaded:?}"
    );
    assert!(!loaded.is_complete());
    let loaded = within(guard.load_in_place(loaded.rest)).await;
    assert!(loaded.is_complete(), "{loaded:?}");
    assert_eq!(town.sim.entities(town.server).len(), 6);
}

#[tokio::test]
async fn a_build_waits_for_a_server_that_is_down_and_is_not_lost() {
    let town = Town::new().await.impatient();
    let mut guard = town.guard().await;
    let build = torches([[0.0; 3], [1.0, 0.0, 0.0]]);
    within(town.console.ready()).await.unwrap();
    town.sim.stop_server(town.server).await.unwrap();
    let is_lost = || !town.console.status().state.is_connected();
    support::until("the connection is lost", is_lost).await;
    let loaded = within(guard.load_in_place(build.clone())).await;
    assert!(
        matches!(&loaded.outcomes[..], [Outcome::NotTried, Outcome::NotTried]),
        "{loaded:?}"
    );
    assert_eq!(loaded.rest, build);
    town.sim.start_server(town.server).unwrap();
    within(town.console.ready()).await.unwrap();
    let loaded = within(guard.load_in_place(loaded.rest)).await;
    assert!(loaded.is_complete(), "{loaded:?}");
    assert_eq!(town.sim.entities(town.server).len(), 2);
}

#[tokio::test]
async fn pieces_that_the_server_refuses_are_named_and_the_others_are_loaded() {
    let town = Town::new().await;
    let mut guard = town.guard().await;
    let mut pieces = torches([[0.0; 3], [1.0, 0.0, 0.0]]).pieces().to_vec();
    // A prefab that the server does not know, with floats that are not numbers, and one of a megabyte.
    let unknown = format!("7,44,7,{},0,0,0,0,0,0,0,", f32::NAN.to_bits());
    pieces.insert(1, Piece::new("Unknown", unknown.parse().unwrap()));
    let large = format!("{}{}", pieces[0].save, ",4294967295".repeat(95_000));
    let large = large.replace("|1,7,2,", "|1,7,2");
    pieces.push(Piece::new("Large", large.parse().unwrap()));
    let loaded = within(guard.load_in_place(Build::new(pieces))).await;
    assert!(
        matches!(
            &loaded.outcomes[..],
            [
                Outcome::Done(_),
                Outcome::Failed(_),
                Outcome::Done(_),
                Outcome::Done(_)
            ]
        ),
        "{:?}",
        loaded.outcomes
    );
    let newest = loaded.spawned().last().unwrap();
    assert_eq!(town.entity(newest).save_string, large);
}

#[tokio::test]
async fn entities_are_cloned_with_an_offset_a_turn_and_a_scale() {
    let town = Town::new().await;
    let ids = [town.torch([1.0, 0.0, 0.0]), town.torch([3.0, 0.0, 0.0])];
    let mut guard = town.guard().await;
    let placement = Placement::offset(Vector3::new(0.0, 5.0, 0.0))
        .rotated(Vector3::new(0.0, 90.0, 0.0))
        .scaled(2.0)
        .about(Vector3::new(1.0, 0.0, 0.0));
    let (saved, loaded) = within(guard.clone_to(ids, &placement)).await.unwrap();
    assert_eq!(saved.build.pieces().len(), 2);
    let clones: Vec<Entity> = loaded.spawned().map(|id| town.entity(id)).collect();
    for (clone, expected) in clones.iter().zip([[1.0, 5.0, 0.0], [1.0, 5.0, -4.0]]) {
        for (axis, expected) in clone.position.into_iter().zip(expected) {
            assert!((axis - expected).abs() < 1e-5, "{clone:?}");
        }
        assert!((clone.rotation[1] - 90.0).abs() < 1e-3, "{clone:?}");
        assert!((clone.scale - 2.0).abs() < 1e-6, "{clone:?}");
    }
    assert_eq!(clones.len(), 2);
    // The originals stay.
    assert_eq!(town.entity(ids[1]).position, [3.0, 0.0, 0.0]);
}

#[tokio::test]
async fn entities_are_destroyed_with_an_outcome_for_each() {
    let town = Town::new().await;
    let ids = [[0.0; 3]; 5].map(|at| town.torch(at));
    town.sim
        .remove_entity(town.server, ids[0].get().cast_unsigned())
        .unwrap();
    let mut guard = town.guard().await;
    town.arm(town.fault("wacky destroy", Action::Cut).after(2));
    let outcomes = within(guard.destroy_all(ids)).await;
    assert_eq!(outcomes.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
    let outcomes: Vec<Outcome<()>> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    assert!(
        matches!(
            &outcomes[..],
            [
                Outcome::Failed(_),
                Outcome::Done(()),
                Outcome::MayHaveRun(_),
                Outcome::NotTried,
                Outcome::NotTried
            ]
        ),
        "{outcomes:?}"
    );
    assert_eq!(town.sim.entities(town.server).len(), 2);
    let outcomes = within(guard.destroy_all(ids[3..].to_vec())).await;
    assert!(
        outcomes.iter().all(|(_, outcome)| outcome.is_done()),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn after_a_timeout_no_further_entity_is_destroyed() {
    let town = Town::new().await.impatient();
    let ids = [[0.0; 3]; 3].map(|at| town.torch(at));
    let mut guard = town.guard().await;
    within(guard.select(ids[0])).await.unwrap();
    town.arm(town.fault("wacky destroy", Action::Drop).after(1));
    let outcomes = within(guard.destroy_all(ids)).await;
    let outcomes: Vec<Outcome<()>> = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    assert!(
        matches!(
            &outcomes[..],
            [Outcome::Done(()), Outcome::MayHaveRun(_), Outcome::NotTried]
        ),
        "{outcomes:?}"
    );
    assert_eq!(town.entity(ids[2]).position, [0.0; 3]);
    assert_eq!(guard.selected(), None);
}
