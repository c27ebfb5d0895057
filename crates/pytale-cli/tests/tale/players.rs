//! `tale players`.

use crate::run::{Town, assert_documented};
use pytale::model::Vector3;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn players_are_a_table_with_their_chunks_and_positions() {
    let town = Town::start().await;
    let done = town.tale(&["players"]).await;
    assert_eq!(
        (done.code, done.out.as_str()),
        (0, "no player is online\n"),
        "{done:?}"
    );
    let id = town.world.player_joins("O'N\u{1b}eil").unwrap();
    town.world
        .player_at(id, Vector3::new(1.5, 130.25, -7.0))
        .unwrap();
    town.world.player_moves(id, "Cave Layer 3").unwrap();
    let done = town.tale(&["players"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    let words = |line: &str| {
        let words = line.split("  ").map(str::trim);
        let words = words.filter(|word| !word.is_empty()).map(str::to_owned);
        words.collect::<Vec<String>>()
    };
    assert_eq!(words(lines[0]), ["ID", "NAME", "CHUNK", "POSITION"]);
    let cells = words(lines[1]);
    assert_eq!(
        [&cells[0], &cells[1], &cells[2]],
        [&id.to_string(), "O'N\\u{1b}eil", "Cave Layer 3"]
    );
    assert_eq!(lines.len(), 2, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_an_array_with_the_id_name_chunk_and_position() {
    let town = Town::start().await;
    let id = town.world.player_joins("Ashwick").unwrap();
    let done = town.tale(&["players", "--json"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let players: Value = serde_json::from_str(&done.out).unwrap();
    let player = &players[0];
    assert_eq!(player["name"], "Ashwick");
    assert_eq!(player["id"].to_string(), id.to_string());
    assert_eq!(
        player["position"].as_array().map(Vec::len),
        Some(3),
        "{player}"
    );
    assert!(player["chunk"].is_string(), "{player}");
    town.world.player_moves(id, "Cave Layer 3").unwrap();
    let at = Vector3::new(-12.5, 60.0, 207.25);
    town.world.player_at(id, at).unwrap();
    assert_documented(&town.tale(&["players"]).await.out);
    assert_documented(&town.tale(&["players", "--json"]).await.out);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_watched_list_continues_after_a_restart_until_ctrl_c() {
    let town = Town::start().await;
    town.world.player_joins("Ashwick").unwrap();
    let mut running = town.running(&["players", "--watch", "0.1"]);
    let heading = running.line().await;
    assert!(
        heading.contains(": 1 player at ") && heading.contains("every 100ms"),
        "{heading}"
    );
    running.line_with("Ashwick").await;
    town.world.restart().await.unwrap();
    town.world.player_joins("Bo").unwrap();
    running.line_with("  Bo").await;
    running.interrupt().await;
    assert_eq!(running.done().await.code, 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn in_a_terminal_each_list_replaces_the_last_one() {
    let town = Town::start().await;
    let ashwick = town.world.player_joins("Ashwick").unwrap();
    let port = town.port();
    let arguments = ["--port", &port, "--token-file", town.token_file()];
    let mut terminal = crate::terminal::Terminal::start(
        90,
        20,
        &[("TALE_CONFIG", "/nonexistent/tale.toml")],
        &[&arguments[..], &["players", "--watch", "0.1"]].concat(),
    );
    terminal.wait_for_text("Ashwick");
    town.world.player_joins("Bo").unwrap();
    terminal.wait_for("both players", |lines| {
        lines.len() == 4 && lines[0].contains(": 2 players at ")
    });
    town.world.player_leaves(ashwick).unwrap();
    terminal.wait_for("one player", |lines| {
        lines.len() == 3 && lines[2].contains("Bo")
    });
    terminal.keys("\x03");
    assert_eq!(terminal.status(), 0);
}
