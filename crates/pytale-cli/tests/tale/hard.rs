//! Large results, hostile texts, closed pipes, odd ports and interrupts.

use crate::run::{Town, tale, tale_in};
use crate::scripted;
use pytale::console::event::PlayerJoined;
use serde_json::{Value, json};

/// A name and a text on which a terminal acts: colors, a title, one-byte controls, reversed text.
const HOSTILE: &str = "\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J\u{202e}gnp.exe\r";

/// Characters of [`HOSTILE`] that must never reach a terminal.
const ACTING: [char; 6] = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\r', '\u{7f}'];

/// A console with the token file that it accepts.
async fn console(reply: impl Fn(&str) -> scripted::Reply + Send + Sync + 'static) -> Odd {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("console_token.txt");
    std::fs::write(&token, "a.secret.token").unwrap();
    Odd {
        port: scripted::console(reply).await,
        token: token.to_str().unwrap().to_owned(),
        _folder: folder,
    }
}

struct Odd {
    port: String,
    token: String,
    _folder: tempfile::TempDir,
}

impl Odd {
    fn options<'o>(&'o self, arguments: &[&'o str]) -> Vec<&'o str> {
        let server = ["--port", &self.port, "--token-file", &self.token];
        [&server[..], arguments].concat()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_of_many_megabytes_is_written_whole() {
    let rows = 100_000;
    let odd = console(move |line| {
        Some(Ok(match line {
            "rows" => (0..rows)
                .map(|id| json!({"id": id, "name": "x".repeat(8)}))
                .collect(),
            _ => Value::String("y".repeat(50_000_000)),
        }))
    })
    .await;
    let done = tale(&odd.options(&["exec", "--timeout", "100", "rows"])).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out.lines().count(), rows + 1);
    assert!(done.out.ends_with("\n99999  xxxxxxxx\n"));
    let done = tale(&odd.options(&["exec", "--timeout", "100", "line"])).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""));
    assert_eq!(done.out.len(), 50_000_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_output_has_no_character_on_which_a_terminal_acts() {
    let odd = console(|line| match line {
        "fail" => Some(Err(HOSTILE.to_owned())),
        "text" => Some(Ok(json!(HOSTILE))),
        "tree" => Some(Ok(json!({HOSTILE: {HOSTILE: [HOSTILE, {HOSTILE: 1}]}}))),
        _ => Some(Ok(
            json!([{"id": 7, "username": HOSTILE, HOSTILE: [1, 2, 3]}]),
        )),
    })
    .await;
    for command in ["table", "text", "tree", "fail"] {
        for format in [&["exec"][..], &["exec", "--json"], &["exec", "--csv"]] {
            let done = tale(&odd.options(&[format, &[command]].concat())).await;
            let shown = format!("{}{}", done.out, done.err);
            assert!(!shown.contains(ACTING), "{command} {format:?}: {shown:?}");
            assert_eq!(done.code, i32::from(command == "fail"), "{done:?}");
        }
    }
    let done = tale(&odd.options(&["exec", "--json", "text"])).await;
    assert_eq!(serde_json::from_str::<Value>(&done.out).unwrap(), HOSTILE);
    for arguments in [
        &["players"][..],
        &["players", "--json"],
        &["players", "--csv"],
    ] {
        let done = tale(&odd.options(arguments)).await;
        assert!(!done.out.contains(ACTING), "{done:?}");
        assert!(!done.err.contains(ACTING), "{done:?}");
    }
    let doctor = ["doctor", "--login-port", "0", "--admin-port", "0"];
    for arguments in [&doctor[..], &[&doctor[..], &["--check"]].concat()] {
        let done = tale(&odd.options(arguments)).await;
        assert!(!done.out.contains(ACTING), "{done:?}");
        assert!(!done.out.contains("secret"), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_in_events_are_shown_as_escapes() {
    let town = Town::start().await;
    for arguments in [
        &["events", "--count", "1", "--only", "PlayerJoined"][..],
        &["events", "--count", "1", "--only", "PlayerJoined", "--json"],
        &["wait", "PlayerJoined"],
        &["wait", "PlayerJoined", "--json"],
    ] {
        let running = town.running(arguments);
        town.world
            .wait_for_subscription::<PlayerJoined>()
            .await
            .unwrap();
        let player = town.world.player_joins(HOSTILE).unwrap();
        let done = running.done().await;
        town.world.player_leaves(player).unwrap();
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.out.contains("gnp.exe"), "{done:?}");
        assert!(!done.out.contains(ACTING), "{done:?}");
        assert_eq!(done.err, "");
        town.world
            .sim()
            .forget_console_subscriptions(town.world.server().get().try_into().unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_is_rows_for_a_spreadsheet() {
    let town = Town::start().await;
    let id = town.world.player_joins("=O'Neil, \"Jr.\"").unwrap();
    let done = town.tale(&["exec", "--csv", "player list"]).await;
    assert_eq!(
        done.out,
        format!("id,username\n{id},\"'=O'Neil, \"\"Jr.\"\"\"\n"),
        "{done:?}"
    );
    let done = town.tale(&["players", "--csv"]).await;
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(
        (lines.len(), lines[0]),
        (2, "id,name,chunk,x,y,z"),
        "{done:?}"
    );
    assert!(
        lines[1].starts_with(&format!("{id},\"'=O'Neil")),
        "{done:?}"
    );
    let done = town.tale(&["exec", "--csv", "--json", "time"]).await;
    assert_eq!(done.code, 2, "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_profile_and_a_misspelled_key_are_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("tale.toml");
    let config = config.to_str().unwrap();
    for (text, said) in [
        (
            "[profiles.home]\nprot = 1760\n",
            "unknown key profiles.home.prot; did you mean profiles.home.port?",
        ),
        ("[profiles.home]\nport = 'many'\n", "line 2"),
        (
            "[profiles.home]\nport = 1760\n",
            "there is no profile \"hoem\"",
        ),
        ("this is no toml", "is wrong"),
    ] {
        std::fs::write(config, text).unwrap();
        for command in [
            &["exec", "time"][..],
            &["players"],
            &["events", "--follow"],
            &["console"],
        ] {
            let arguments = [&["--profile", "hoem"][..], command].concat();
            let done = tale_in(&[("TALE_CONFIG", config)], &arguments).await;
            assert_eq!((done.code, done.out.as_str()), (2, ""), "{done:?}");
            assert!(
                done.err.starts_with("tale: ") && done.err.contains(said),
                "{done:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_reply_to_a_command_is_a_timeout() {
    let odd = console(|_| None).await;
    let done = tale(&odd.options(&["exec", "--timeout", "0.5", "save now"])).await;
    assert_eq!((done.code, done.out.as_str()), (5, ""), "{done:?}");
    assert!(done.err.contains("help: check its effect"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_in_no_output_not_even_in_the_log() {
    let odd = console(|_| Some(Ok(json!(1)))).await;
    let done = tale(&odd.options(&["-vv", "exec", "time"])).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.err.is_empty(), "{done:?}");
    assert!(!done.err.contains("secret"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_closes_the_pipe_is_no_failure() {
    let odd = console(|_| Some(Ok((0..100_000).map(|id| json!({"id": id})).collect()))).await;
    let town = Town::start().await;
    let players = ["players", "--watch", "0.05"];
    for mut running in [
        crate::run::Running::start(&odd.options(&["exec", "rows", "rows", "rows"])),
        crate::run::Running::start(&["--help"]),
        crate::run::Running::start(&["help", "exec"]),
        crate::run::Running::start(&["man"]),
        town.running(&players),
    ] {
        running.line().await;
        assert_eq!(running.close_output().done().await, (0, String::new()));
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_behind_standard_output_has_its_status() {
    let town = Town::start().await;
    for arguments in [
        "exec 'player list'",
        "players",
        "players --watch 0.05",
        "doctor",
        "exec --json time",
    ] {
        let done = in_shell(&town, &format!("{arguments} > /dev/full")).await;
        let err = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(6), "{arguments}: {err}");
        assert!(
            err.contains("writing to standard output"),
            "{arguments}: {err}"
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn closed_standard_streams_do_not_stop_the_program() {
    let town = Town::start().await;
    for (arguments, streams) in [
        ("console", "<&-"),
        ("exec", "<&-"),
        ("exec time", "2>&-"),
        ("exec time", ">&-"),
    ] {
        let done = in_shell(&town, &format!("{arguments} {streams}")).await;
        assert_eq!(
            done.status.code(),
            Some(0),
            "{arguments} {streams}: {done:?}"
        );
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_while_a_reply_is_awaited_says_that_the_command_may_have_run() {
    let town = Town::start().await;
    let server = town.world.server().get().try_into().unwrap();
    town.world.sim().stall_console(server);
    for (arguments, line) in [
        (&["exec", "player list"][..], "player list"),
        (&["save"], "save now"),
    ] {
        let running = town.running(arguments);
        town.world.wait_for_command(line).await.unwrap();
        running.interrupt().await;
        let done = running.done().await;
        assert_eq!((done.code, done.out.as_str()), (130, ""), "{done:?}");
        assert!(
            done.err.starts_with("tale: canceled after ")
                && done.err.contains(&format!("help: `{line}` may have run")),
            "{done:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn colors_follow_the_variables_and_redirects_are_plain() {
    let colored = |text: &str| text.contains('\u{1b}');
    assert!(!colored(&tale(&["--help"]).await.out));
    let done = tale_in(&[("CLICOLOR_FORCE", "1")], &["--help"]).await;
    assert!(colored(&done.out), "{done:?}");
    let done = tale_in(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &["--help"]).await;
    assert!(!colored(&done.out), "{done:?}");
    let town = Town::start().await;
    let port = town.port();
    let arguments = [
        "--port",
        &port,
        "--token-file",
        town.token_file(),
        "-v",
        "exec",
        "player list",
    ];
    let done = tale_in(&[], &arguments).await;
    assert!(!colored(&done.out) && !colored(&done.err), "{done:?}");
    let done = tale_in(&[("CLICOLOR_FORCE", "1")], &arguments).await;
    assert!(!colored(&done.out) && colored(&done.err), "{done:?}");
}
/// Runs the program for a town by a shell line, which has the arguments and the redirections.
#[cfg(unix)]
async fn in_shell(town: &Town, arguments: &str) -> std::process::Output {
    let program = env!("CARGO_BIN_EXE_tale");
    let line = format!(
        "'{program}' --port {} --token-file '{}' {arguments}",
        town.port(),
        town.token_file()
    );
    let done = tokio::process::Command::new("sh")
        .args(["-c", &line])
        .env("TALE_CONFIG", "/nonexistent/tale.toml")
        .output();
    tokio::time::timeout(std::time::Duration::from_mins(1), done)
        .await
        .unwrap()
        .unwrap()
}
