//! Builds, and operations on several entities.

use super::Town;
use super::support::{until, within};
use alta_model::{EntityId, Vector3};
use alta_sim::{Action, Entity};
use att_kit::building::{Build, Outcome, Piece, Placement, SaveString};

fn torches(positions: impl IntoIterator<Item = [f64; 3]>) -> Build {
    Build::new(positions.into_iter().map(|[x, y, z]| {
        let text = "31502,44,31502,0,0,0,0,0,0,1065353216,1065353216,9,0,|1,7,2,";
        let mut save: SaveString = text.parse().unwrap();
        save.set_position(Vector3::new(x, y, z)).unwrap();
        Piece::new("Torch(Clone)", save)
    }))
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
    until("the connection is lost", is_lost).await;
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
