//! Players on scripted paths, and the chunks that they cross.

use crate::support::{Socket, console, handshake};
use alta_sim::{ErrorKind, Sim, Waypoint};
use serde_json::Value;
use std::time::Duration;
use tokio::io::DuplexStream;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A console over a stream in memory, so that a paused clock stands still.
async fn console_in_memory(sim: &Sim) -> Socket<DuplexStream> {
    let (near, far) = tokio::io::duplex(64 * 1024);
    let server = sim.server();
    sim.serve_console(server, far);
    let url = sim.console_url(server).unwrap();
    let mut socket = handshake(near, &url, None).await.unwrap();
    socket.send(&sim.console_token(server)).await;
    socket.is_accepted().await;
    socket
}

/// The positions of the body and of both hands.
async fn place(socket: &mut Socket<DuplexStream>, name: &str) -> [[f64; 3]; 3] {
    let reply = socket.command(1, &format!("player detailed {name}")).await;
    let places = ["Position", "LeftHandPosition", "RightHandPosition"];
    places.map(|member| {
        let vector = reply["data"]["Result"][member].clone();
        serde_json::from_value(vector).unwrap()
    })
}

fn is_near(one: [f64; 3], other: [f64; 3]) -> bool {
    one.iter()
        .zip(other)
        .all(|(one, other)| (one - other).abs() < 0.02)
}

#[track_caller]
fn assert_near(places: [[f64; 3]; 3], expected: [[f64; 3]; 3]) {
    for (place, expected) in places.into_iter().zip(expected) {
        assert!(is_near(place, expected), "{place:?} is not {expected:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_and_its_hands_follow_a_path_by_the_clock() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut socket = console_in_memory(&sim).await;
    let player = sim.player_joins(server, "Ashwick").unwrap();
    sim.player_at(server, player, [0.0, 10.0, 0.0]).unwrap();
    let path = [
        Waypoint::new(seconds(10), [20.0, 10.0, 0.0]),
        Waypoint::new(seconds(10), [50.0, 0.0, 0.0]).hands([50.0, 1.0, 0.0], [50.0, 1.0, 1.0]),
        Waypoint::new(seconds(12), [50.0, 0.0, 8.0]).hands([50.0, 3.0, 8.0], [52.0, 1.0, 9.0]),
        Waypoint::new(seconds(14), [50.0, 0.0, 0.0]),
    ];
    sim.player_follows(server, player, &path).unwrap();
    sim.advance(seconds(5)).await.unwrap();
    // The hands move with the body.
    let half = [[10.0, 10.0, 0.0], [9.8, 10.95, 0.3], [10.4, 10.95, 0.3]];
    assert_near(place(&mut socket, "Ashwick").await, half);
    let rows = socket.command(2, "player list-detailed").await;
    let listed: [f64; 3] =
        serde_json::from_value(rows["data"]["Result"][0]["Position"].clone()).unwrap();
    assert!(is_near(listed, half[0]));
    assert!(is_near(sim.position_of(server, player).unwrap(), half[0]));

    // The second waypoint is reached without a way, the third one with hands that move by themselves.
    sim.advance(seconds(6)).await.unwrap();
    let reaching = [[50.0, 0.0, 4.0], [50.0, 2.0, 4.0], [51.0, 1.0, 5.0]];
    assert_near(place(&mut socket, "Ashwick").await, reaching);
    sim.advance(seconds(3600)).await.unwrap();
    let end = [[50.0, 0.0, 0.0], [50.0, 3.0, 0.0], [52.0, 1.0, 1.0]];
    assert_eq!(place(&mut socket, "Ashwick").await, end);
}

/// The next event `PlayerMovedChunk`: its time, the old chunk and the new one.
async fn next_move(socket: &mut Socket<DuplexStream>) -> (jiff::Timestamp, String, String) {
    let frame = socket.json().await;
    assert_eq!(frame["eventType"], "PlayerMovedChunk");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let at = text(&frame["timeStamp"]).parse().unwrap();
    let data = &frame["data"];
    (at, text(&data["oldChunk"]), text(&data["newChunk"]))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_crosses_chunks_sends_an_event_for_each() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut socket = console_in_memory(&sim).await;
    let player = sim.player_joins(server, "Ashwick").unwrap();
    sim.player_at(server, player, [0.0; 3]).unwrap();
    socket
        .command(1, "websocket subscribe PlayerMovedChunk")
        .await;
    let chunks = [
        ("Chunk 18-5 Tower", [40.0, 0.0, -1.0], [60.0, 9.0, 1.0]),
        (
            "Chunk 12-20 Meadow",
            [20.0, -5.0, -50.0],
            [80.0, 50.0, 50.0],
        ),
        ("Cave Layer 1", [0.0, -99.0, -50.0], [100.0, -5.0, 50.0]),
    ];
    for (name, min, max) in chunks {
        sim.add_chunk(server, name, min, max).unwrap();
    }
    let path = [
        Waypoint::new(seconds(100), [100.0, 0.0, 0.0]),
        Waypoint::new(seconds(110), [100.0, -10.0, 0.0]),
    ];
    sim.player_follows(server, player, &path).unwrap();
    sim.advance(seconds(200)).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(next_move(&mut socket).await);
    }
    let [town, tower, meadow, cave] = [
        "Townhall Building Chunk",
        "Chunk 18-5 Tower",
        "Chunk 12-20 Meadow",
        "Cave Layer 1",
    ];
    let names = seen
        .iter()
        .map(|(_, old, new)| (old.as_str(), new.as_str()));
    let expected = [
        (town, meadow),
        (meadow, tower),
        (tower, meadow),
        (meadow, cave),
    ];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    let pauses = seen
        .windows(2)
        .map(|pair| pair[0].0.duration_until(pair[1].0));
    let pauses: Vec<f64> = pauses.map(|pause| pause.as_secs_f64().round()).collect();
    assert_eq!(pauses, [20.0, 20.0, 45.0], "each event has its own time");
    assert_eq!(sim.chunk_of(server, player).as_deref(), Some(cave));
    // The chunk of a position counts without a path, too.
    sim.player_at(server, player, [50.0, 5.0, 0.0]).unwrap();
    assert_eq!(next_move(&mut socket).await.2, tower);
}

#[tokio::test]
async fn a_player_on_a_path_reaches_the_next_chunk_without_a_test() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut socket = console(&sim, server).await;
    let player = sim.player_joins(server, "Ashwick").unwrap();
    socket
        .command(1, "websocket subscribe PlayerMovedChunk")
        .await;
    sim.player_at(server, player, [0.0; 3]).unwrap();
    sim.add_chunk(server, "Cave Layer 1", [5.0; 3], [9.0; 3])
        .unwrap();
    let path = [Waypoint::new(Duration::from_millis(200), [8.0; 3])];
    sim.player_follows(server, player, &path).unwrap();
    let moved = socket.json().await;
    assert_eq!(moved["data"]["newChunk"], "Cave Layer 1");
    sim.wait_until(|sim| sim.chunk_of(server, player).as_deref() == Some("Cave Layer 1"))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_path_ends_when_the_player_is_elsewhere() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut socket = console_in_memory(&sim).await;
    let path = [Waypoint::new(seconds(10), [100.0, 0.0, 0.0])];
    let start = async || {
        let joined = sim.player_joins(server, "Ashwick");
        let player = joined.unwrap_or_else(|_| sim.players(server)[0].0);
        sim.player_at(server, player, [0.0; 3]).unwrap();
        sim.player_follows(server, player, &path).unwrap();
        sim.advance(seconds(5)).await.unwrap();
        let position = sim.position_of(server, player).unwrap();
        assert!(is_near(position, [50.0, 0.0, 0.0]), "{position:?}");
        player
    };
    let stays = async |player| {
        let before = sim.position_of(server, player);
        sim.advance(seconds(1)).await.unwrap();
        before == sim.position_of(server, player)
    };
    let player = start().await;
    assert!(!stays(player).await);
    sim.player_at(server, player, [1.0; 3]).unwrap();
    assert!(stays(player).await);

    start().await;
    socket
        .command(1, "player teleport Ashwick OutsideCave")
        .await;
    assert!(stays(player).await);

    start().await;
    socket.command(1, "player kill Ashwick").await;
    assert!(stays(player).await);

    start().await;
    sim.player_leaves(server, player).unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    assert!(stays(player).await);

    start().await;
    sim.stop_server(server).await.unwrap();
    sim.start_server(server).unwrap();
    sim.player_joins(server, "Ashwick").unwrap();
    assert!(stays(player).await);
}

#[tokio::test]
async fn errors_of_paths_and_chunks_name_the_cause() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let player = sim.player_joins(server, "Ashwick").unwrap();
    let at = |second, x| Waypoint::new(seconds(second), [x, 0.0, 0.0]);
    let cases = [
        (vec![], "no waypoint"),
        (
            vec![at(1, 0.0), at(5, 0.0), at(4, 0.0)],
            "waypoint 3 is at 4s, before waypoint 2 at 5s",
        ),
        (vec![at(1, 0.0), at(2, f64::NAN)], "waypoint 2 "),
        (
            vec![at(1, 0.0).hands([0.0; 3], [f64::INFINITY; 3])],
            "waypoint 1 ",
        ),
        (vec![Waypoint::new(Duration::MAX, [0.0; 3])], "more than"),
    ];
    for (path, text) in cases {
        let error = sim.player_follows(server, player, &path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(text), "{error}");
    }
    let path = [at(1, 0.0)];
    let missing = [
        (
            sim.player_follows(server, 7, &path),
            "no player 7 on server",
        ),
        (sim.player_follows(9, player, &path), "no server 9"),
        (sim.add_chunk(9, "Cave", [0.0; 3], [1.0; 3]), "no server 9"),
        (
            sim.add_entity(server, "moon", [0.0; 3]).map(|_| ()),
            "no prefab \"moon\"",
        ),
        (
            sim.player_handles(server, player, "moon", "Pickup"),
            "no prefab \"moon\"",
        ),
        (sim.remove_entity(server, 5), "no entity 5 on server"),
        (sim.kick_bot(5), "no group 5"),
        (
            sim.set_role(sim.group(), sim.bot().user_id, 99),
            "no role 99 in group",
        ),
        (
            sim.set_role(sim.group(), 5, 2),
            "user 5 is no member of group",
        ),
        (
            sim.unban(sim.group(), "Iris_").map(|_| ()),
            "no user \"Iris_\" with the membership Banned in group",
        ),
        (sim.drop_connection(99), "no open connection 99"),
    ];
    for (result, text) in missing {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains(text), "{error}");
    }
    for (min, max) in [([0.0, 2.0, 0.0], [1.0; 3]), ([f64::NAN; 3], [1.0; 3])] {
        let error = sim.add_chunk(server, "Cave", min, max).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
}
