//! Orders of items, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::UserId;
use alta_sim::{Action, Fault, Hook, Sim};
use att_console::Console;
use att_kit::orders::{LineState, Order, OrderErrorKind, Orders};
use std::time::Duration;
use support::{access, config, open, self_hosted, within};

/// The lines of the commands that spawn, in order.
fn spawns(sim: &Sim) -> Vec<String> {
    let received = sim.received();
    let lines = received.iter().filter_map(alta_sim::Received::command);
    lines.filter(|line| line.starts_with("spawn")).collect()
}

fn states(order: &Order) -> Vec<LineState> {
    order
        .lines()
        .iter()
        .map(att_kit::orders::Line::state)
        .collect()
}

#[tokio::test]
async fn every_line_has_its_own_result() {
    let (sim, server) = self_hosted().await;
    sim.add_prefab("Test Ladder", 77_001).unwrap();
    let console = open(&sim, server);
    let player = sim.player_joins(server, "Elder Toad").unwrap();
    let id = UserId::new(player.cast_signed());
    let mut order = Order::new("Elder Toad")
        .prefab("Test Ladder", 70)
        .prefab("No Such Thing", 1)
        .prefab("quo\"te", 1)
        .save_string("77001,2,3,", 2);
    assert_eq!(order.pieces(), 74);
    within(order.run(&console)).await.unwrap();
    let (done, failed) = (LineState::Done, LineState::Failed);
    assert_eq!(states(&order), [done, failed, failed, done]);
    assert!(!order.is_open() && !order.is_done());
    let expected =
        "70 Test Ladder: spawned; 1 No Such Thing: failed (Couldn't find prefab NoSuchThing); ";
    assert!(order.to_string().starts_with(expected), "{order}");
    let count = spawns(&sim).len();
    assert_eq!(
        count, 5,
        "50, 20, the unknown one, and the save string twice"
    );

    sim.add_prefab("NoSuchThing", 77_002).unwrap();
    order.retry_failed();
    within(order.run(&console)).await.unwrap();
    assert_eq!(states(&order), [done, done, failed, done]);
    assert_eq!(spawns(&sim).len(), count + 1);
    let gone = within(Order::new(id).prefab("Test Ladder", 1).run(&console)).await;
    gone.unwrap();
    sim.player_leaves(server, player).unwrap();
    let mut order = Order::new(id).prefab("Test Ladder", 1);
    within(order.run(&console)).await.unwrap();
    assert_eq!(states(&order), [failed]);
}

#[tokio::test]
async fn items_that_may_have_run_are_not_sent_again_and_the_others_are() {
    let (sim, server) = self_hosted().await;
    sim.add_prefab("Test Ladder", 77_001).unwrap();
    let config = config().request_timeout(Duration::from_millis(300));
    let console = Console::open_with(access(&sim, server), config);
    sim.player_joins(server, "O'Neil").unwrap();
    for action in [Action::Drop, Action::Cut, Action::CutInside] {
        let before = spawns(&sim).len();
        sim.faults().arm(
            Fault::new(Hook::ConsoleCommand, action)
                .containing("spawn")
                .after(1),
        );
        let mut order = Order::new("O'Neil")
            .prefab("Test Ladder", 120)
            .save_string("77001,", 1);
        let error = within(order.run(&console)).await.unwrap_err();
        assert!(error.to_string().contains("may have run"), "{error}");
        let line = &order.lines()[0];
        assert_eq!((line.spawned(), line.unclear()), (50, 50));
        assert!(order.is_open());
        within(console.ready()).await.unwrap();
        within(order.run(&console)).await.unwrap();
        let line = &order.lines()[0];
        assert_eq!((line.spawned(), line.unclear()), (70, 50));
        assert_eq!(states(&order), [LineState::MayHaveRun, LineState::Done]);
        let lines = spawns(&sim).split_off(before);
        let counts = lines.iter().map(|line| line.rsplit(' ').next().unwrap());
        assert_eq!(counts.collect::<Vec<_>>(), ["50", "50", "20", "77001,"]);
        within(order.run(&console)).await.unwrap();
        assert_eq!(spawns(&sim).len(), before + 4, "nothing is left to send");
    }
    console.close().await;
    let mut order = Order::new("O'Neil").prefab("Test Ladder", 1);
    within(order.run(&console)).await.unwrap_err();
    assert_eq!(states(&order), [LineState::NotSent]);
}

#[tokio::test]
async fn a_dropped_order_counts_its_items_in_flight_as_unclear() {
    let (sim, server) = self_hosted().await;
    sim.add_prefab("Test Ladder", 77_001).unwrap();
    let console = open(&sim, server);
    sim.player_joins(server, "J.K.").unwrap();
    sim.stall_console(server);
    let mut order = Order::new("J.K.").prefab("Test Ladder", 60);
    tokio::select! {
        result = order.run(&console) => panic!("the server is stalled: {result:?}"),
        received = sim.wait_for_command(server, "spawn", None) => { received.unwrap(); }
    }
    sim.resume_console(server);
    within(order.run(&console)).await.unwrap();
    let line = &order.lines()[0];
    assert_eq!(
        (line.spawned(), line.unclear(), line.state()),
        (10, 50, LineState::MayHaveRun)
    );
    assert_eq!(spawns(&sim).len(), 2);
}

#[tokio::test]
async fn an_order_whose_file_cannot_be_written_is_not_sent() {
    let folder = std::env::temp_dir().join(format!("orders-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).unwrap();
    let (sim, server) = self_hosted().await;
    sim.add_prefab("Test Ladder", 77_001).unwrap();
    sim.player_joins(server, "-Bee-").unwrap();
    let console = open(&sim, server);
    let (orders, earlier) = Orders::open(folder.join("orders.json")).await.unwrap();
    assert!(earlier.is_empty());
    let ladders = || Order::new("-Bee-").prefab("Test Ladder", 3);
    let mut kept = within(orders.keep(ladders())).await.unwrap();
    // A folder in place of the new file, as if the disk were full.
    let new = folder.join("orders.json.new");
    std::fs::create_dir(&new).unwrap();
    let error = within(orders.keep(ladders())).await.unwrap_err();
    assert!(matches!(error.kind(), OrderErrorKind::Save(_)), "{error}");
    let error = within(kept.run(&console)).await.unwrap_err();
    assert!(matches!(error.kind(), OrderErrorKind::Save(_)), "{error}");
    assert_eq!(spawns(&sim), [""; 0]);
    assert_eq!(states(&kept), [LineState::NotSent]);

    std::fs::remove_dir(&new).unwrap();
    within(kept.run(&console)).await.unwrap();
    assert_eq!(states(&kept), [LineState::Done]);
    drop((orders, kept));
    let (_orders, mut earlier) = Orders::open(folder.join("orders.json")).await.unwrap();
    let kept = earlier.pop().unwrap();
    assert!(kept.is_done() && earlier.is_empty());
    within(kept.remove()).await.unwrap();
    let text = std::fs::read_to_string(folder.join("orders.json")).unwrap();
    assert_eq!(text, r#"{"version":1,"orders":[]}"#);
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_kept_order_stops_where_a_command_may_have_run_and_the_file_says_so() {
    let file = std::env::temp_dir().join(format!("orders-stopped-{}.json", std::process::id()));
    let (sim, server) = self_hosted().await;
    sim.add_prefab("Test Ladder", 77_001).unwrap();
    sim.player_joins(server, "1234").unwrap();
    let console = open(&sim, server);
    let (orders, _) = Orders::open(&file).await.unwrap();
    let player = UserId::new(sim.player_joins(server, "J.K.").unwrap().cast_signed());
    let order = Order::new(player)
        .prefab("No Such Thing", 1)
        .prefab("Test Ladder", 2)
        .save_string("77001,", 1);
    let mut kept = within(orders.keep(order)).await.unwrap();
    let fault = Fault::new(Hook::ConsoleCommand, Action::Cut).containing("spawn");
    sim.faults().arm(fault.after(1));
    let error = within(kept.run(&console)).await.unwrap_err();
    let OrderErrorKind::Command(error) = error.kind() else {
        panic!("{error}");
    };
    assert!(error.to_string().contains("may have run"), "{error}");
    drop((orders, kept));
    let (orders, mut earlier) = Orders::open(&file).await.unwrap();
    let mut kept = earlier.pop().unwrap();
    let states_read = [LineState::Failed, LineState::MayHaveRun, LineState::NotSent];
    assert_eq!(states(&kept), states_read);
    sim.add_prefab("NoSuchThing", 77_002).unwrap();
    kept.retry_failed();
    within(console.ready()).await.unwrap();
    within(kept.run(&console)).await.unwrap();
    let states_after = [LineState::Done, LineState::MayHaveRun, LineState::Done];
    assert_eq!(states(&kept), states_after);
    within(kept.remove()).await.unwrap();
    drop(orders);
    std::fs::remove_file(&file).unwrap();
    std::fs::remove_file(file.with_extension("json.lock")).unwrap();
}
