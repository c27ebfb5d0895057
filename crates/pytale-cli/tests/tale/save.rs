//! `tale save`.

use crate::run::Town;

#[tokio::test(flavor = "multi_thread")]
async fn the_world_is_saved_and_the_time_is_told() {
    let town = Town::start().await;
    let done = town.tale(&["save"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("has saved after "), "{done:?}");
    town.world.wait_for_command("save now").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_replies_may_have_saved() {
    let town = Town::start().await;
    let server = town.world.server().get().try_into().unwrap();
    town.world.sim().stall_console(server);
    let done = town.tale(&["save", "--timeout", "1"]).await;
    assert_eq!(done.code, 5, "{done:?}");
    assert!(
        done.err.contains("saving ws://127.0.0.1") && done.err.contains("help:"),
        "{done:?}"
    );
}
