//! Several servers at once.

use crate::run::{Done, Running, Town, tale_in};
use pytale::console::event::PlayerJoined;
use serde_json::Value;
use std::fmt::Write as _;

/// Two towns and a server that does not run, each with a profile.
struct Towns {
    home: Town,
    away: Town,
    config: String,
}

impl Towns {
    async fn start() -> Self {
        let (home, away) = (Town::start().await, Town::start().await);
        let config = home.folder().join("tale.toml");
        let mut text = String::new();
        let servers = [
            ("home", home.port()),
            ("away", away.port()),
            ("down", "1".to_owned()),
        ];
        for ((name, port), token) in servers.iter().zip([&home, &away, &away]) {
            writeln!(
                text,
                "[profiles.{name}]\nport = {port}\ntoken-file = '{}'",
                token.token_file()
            )
            .unwrap();
        }
        std::fs::write(&config, text).unwrap();
        let config = config.to_str().unwrap().to_owned();
        Self { home, away, config }
    }

    async fn tale(&self, arguments: &[&str]) -> Done {
        tale_in(&[("TALE_CONFIG", &self.config)], arguments).await
    }
}

const BOTH: [&str; 4] = ["--profile", "home", "--profile", "away"];

#[tokio::test(flavor = "multi_thread")]
async fn exec_names_the_server_of_each_result() {
    let towns = Towns::start().await;
    towns.home.world.player_joins("Ashwick").unwrap();
    let done = towns
        .tale(&[&BOTH[..], &["exec", "player list"]].concat())
        .await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(
        (lines[0], lines[3], lines[4]),
        ("== home", "== away", "(none)"),
        "{done:?}"
    );
    assert!(lines[2].ends_with("Ashwick"), "{done:?}");
    let done = towns
        .tale(&[
            "exec",
            "--json",
            "time",
            "--profile",
            "home",
            "--profile",
            "down",
            "--profile",
            "away",
        ])
        .await;
    assert_eq!(done.code, 3, "{done:?}");
    let values = done
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let servers: Vec<String> = values.map(|value| value["server"].to_string()).collect();
    assert_eq!(servers, ["\"home\"", "\"away\""], "{done:?}");
    assert!(done.err.starts_with("tale: down: "), "{done:?}");
    for wrong in [
        &[&BOTH[..], &["save"]].concat()[..],
        &[&BOTH[..], &["--port", "1760", "exec", "time"]].concat(),
        &[&BOTH[..], &["exec", "--csv", "time"]].concat(),
        &["--profile", "home", "--profile", "home", "exec", "time"],
    ] {
        let done = towns.tale(wrong).await;
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn players_of_all_servers_are_one_table() {
    let towns = Towns::start().await;
    towns.home.world.player_joins("Ashwick").unwrap();
    towns.away.world.player_joins("Elder Toad").unwrap();
    let done = towns.tale(&[&BOTH[..], &["players"]].concat()).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let words: Vec<Vec<&str>> = done
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        words[0],
        ["SERVER", "ID", "NAME", "CHUNK", "POSITION"],
        "{done:?}"
    );
    assert_eq!((words[1][0], words[1][2]), ("home", "Ashwick"), "{done:?}");
    assert_eq!((words[2][0], words[2][2]), ("away", "Elder"), "{done:?}");
    let done = towns
        .tale(&[&BOTH[..], &["--profile", "down", "players", "--json"]].concat())
        .await;
    assert_eq!(done.code, 3, "{done:?}");
    let players: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(
        (players[0]["server"].as_str(), players[1]["server"].as_str()),
        (Some("home"), Some("away"))
    );
    assert!(done.err.starts_with("tale: down: "), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_all_servers_are_named_and_a_server_that_is_down_disturbs_none() {
    let towns = Towns::start().await;
    let only = [
        "--profile",
        "down",
        "events",
        "--only",
        "PlayerJoined",
        "--count",
        "2",
    ];
    for json in [false, true] {
        let mut arguments = [&BOTH[..], &only].concat();
        arguments.extend(json.then_some("--json"));
        let mut running = Running::start_in(&[("TALE_CONFIG", &towns.config)], &arguments);
        // The program may end before it has tried to connect to a third server.
        let told = running.log_line_with("connecting").await;
        assert!(
            told.starts_with("tale: down: connecting to down: "),
            "{told}"
        );
        let mut lines = Vec::new();
        for (town, name) in [(&towns.home, "Ashwick"), (&towns.away, "Bo")] {
            town.world
                .wait_for_subscription::<PlayerJoined>()
                .await
                .unwrap();
            let player = town.world.player_joins(name).unwrap();
            lines.push(running.line().await);
            town.world.player_leaves(player).unwrap();
        }
        let done = running.done().await;
        assert_eq!(done.code, 0, "{done:?}");
        if json {
            let of = |line: &str| serde_json::from_str::<Value>(line).unwrap()["console"].clone();
            assert_eq!(
                (of(&lines[0]), of(&lines[1])),
                ("home".into(), "away".into()),
                "{lines:?}"
            );
        } else {
            assert!(
                lines[0].starts_with("home  ") && lines[0].contains("Ashwick"),
                "{lines:?}"
            );
            assert!(
                lines[1].starts_with("away  ") && lines[1].contains("Bo"),
                "{lines:?}"
            );
        }
        for town in [&towns.home, &towns.away] {
            let server = town.world.server().get().try_into().unwrap();
            town.world.sim().forget_console_subscriptions(server);
        }
    }
}
