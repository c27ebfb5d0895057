//! `tale exec`.

use crate::run::{Town, tale, tale_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_command_prints_its_result_as_a_table() {
    let town = Town::start().await;
    town.world.player_joins("O'Neil").unwrap();
    let done = town.tale(&["exec", "player list"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(lines.len(), 2, "{done:?}");
    assert!(
        lines[0].starts_with("ID") && lines[0].ends_with("USERNAME"),
        "{done:?}"
    );
    assert!(lines[1].ends_with("O'Neil"), "{done:?}");
    assert_eq!(done.err, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_line_for_each_command() {
    let town = Town::start().await;
    town.world.player_joins("Ashwick").unwrap();
    let done = town.tale(&["exec", "--json", "player list", "time"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let values: Vec<serde_json::Value> = done
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(values[0][0]["username"], "Ashwick");
    assert!(values[1].is_number(), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_come_from_standard_input_and_end_at_the_first_failure() {
    let town = Town::start().await;
    let script = "# a comment\n\nplayer list\nno such command\nplayer list\n";
    let done = town.tale_with_input(&["exec"], script).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert_eq!(done.out, "(none)\n", "{done:?}");
    assert!(done.err.contains("no such command"), "{done:?}");
    let done = town
        .tale_with_input(&["exec", "--keep-going"], script)
        .await;
    assert_eq!(
        (done.code, done.out.as_str()),
        (1, "(none)\n(none)\n"),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directive_of_the_console_is_not_sent_without_a_terminal() {
    let town = Town::start().await;
    for mode in ["exec", "console"] {
        let done = town.tale_with_input(&[mode], ":sub PlayerJoined\n").await;
        assert_ne!(done.code, 0, "{done:?}");
        assert_eq!(done.out, "", "{done:?}");
        assert!(
            done.err.contains("\":sub PlayerJoined\"") && done.err.contains("tale events"),
            "{done:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_of_failing_to_connect_has_its_status() {
    let town = Town::start().await;
    let nobody = tale(&[
        "exec",
        "--host",
        "127.0.0.1",
        "--port",
        "1",
        "--token-file",
        town.token_file(),
        "time",
    ])
    .await;
    assert_eq!(nobody.code, 3, "{nobody:?}");
    assert!(
        nobody.err.contains("127.0.0.1:1") && nobody.err.contains("help:"),
        "{nobody:?}"
    );
    let port = town.port();
    let missing = tale(&[
        "exec",
        "--port",
        &port,
        "--token-file",
        "/no/such/file",
        "time",
    ])
    .await;
    assert_eq!(missing.code, 3, "{missing:?}");
    assert!(missing.err.contains("/no/such/file"), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_names_the_server() {
    let town = Town::start().await;
    let config = town.folder().join("tale.toml");
    let text = format!(
        "default = 'home'\n[profiles.home]\nport = {}\ntoken-file = 'console_token.txt'\n",
        town.port()
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let done = tale_in(&[("TALE_CONFIG", config)], &["exec", "player list"]).await;
    assert_eq!((done.code, done.out.as_str()), (0, "(none)\n"), "{done:?}");
    let done = tale_in(
        &[("TALE_CONFIG", config)],
        &["exec", "--profile", "hoem", "player list"],
    )
    .await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("did you mean home?"), "{done:?}");
}
