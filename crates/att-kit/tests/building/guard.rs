//! The operations of a guard on one entity.

use super::Town;
use super::support::{NAMES, open, until, within};
use alta_model::{UserId, Vector3};
use alta_sim::Action;
use att_console::Sent;
use att_console::commands::select;
use att_kit::building::{Axis, Build, Direction, ErrorKind, Selection};
use futures_util::FutureExt as _;

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
    for (name, x) in NAMES
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
    // The connection is lost too often.
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
    // Both commands ran, and none was repeated.
    assert_eq!(town.entity(torch).position, [0.0, 2.0, 0.0]);
    within(guard.select(torch)).await.unwrap();
    // A command that only reads changes nothing.
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
    let ran = until("the move ran", || {
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
