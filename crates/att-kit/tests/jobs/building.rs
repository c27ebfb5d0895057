//! Builds that are moved, saved, cloned, and put up again after a restart.

use crate::support::within;
use crate::town::{ODD_NAMES, Town};

#[path = "../../examples/job15_building.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod builder;

#[tokio::test]
async fn job_15_a_build_is_raised_saved_copied_and_put_up_again() {
    let town = Town::start().await;
    let console = town.console();
    let file = std::env::temp_dir().join(format!("job15-{}.json", std::process::id()));
    for (name, at) in ODD_NAMES
        .into_iter()
        .zip([0.0, 100.0, 200.0, 300.0, 400.0, 500.0])
    {
        let player = town.join(name);
        town.sim
            .player_at(town.server, player, [at, 0.0, 0.0])
            .unwrap();
    }
    for x in [203.0, 205.0] {
        town.sim
            .add_entity(town.server, "Torch", [x, 2.0, 0.0])
            .unwrap();
    }
    town.sim
        .add_entity(town.server, "Torch", [303.0, 2.0, 0.0])
        .unwrap();

    assert_eq!(within(builder::raise(&console, "J.K.")).await.unwrap(), 2);
    assert_eq!(
        within(builder::save(&console, "J.K.", &file))
            .await
            .unwrap(),
        2
    );
    assert!(
        within(builder::copy(&console, "J.K."))
            .await
            .unwrap()
            .is_complete()
    );
    let positions = |town: &Town| {
        let entities = town.sim.entities(town.server).into_iter();
        let rounded = entities.map(|it| it.position.map(|axis| (axis * 100.0).round() / 100.0));
        rounded.collect::<Vec<_>>()
    };
    assert_eq!(
        positions(&town),
        [
            [203.0, 3.0, 0.0],
            [205.0, 3.0, 0.0],
            [303.0, 2.0, 0.0],
            [224.0, 3.0, 1.0],
            [224.0, 3.0, -1.0],
        ]
    );

    town.restart_seen_by(&console).await;
    assert_eq!(positions(&town), [[0.0; 3]; 0]);
    let loaded = within(builder::rebuild(&console, &file)).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(loaded.is_complete(), "{loaded:?}");
    assert_eq!(positions(&town), [[203.0, 3.0, 0.0], [205.0, 3.0, 0.0]]);
}
