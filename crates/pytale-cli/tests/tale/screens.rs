//! Hard screens: narrow, resized, without colors, dumb, gone; large results and hostile texts in the console.

use crate::console::console;
use crate::run::Town;
use crate::scripted;
use crate::terminal::Terminal;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use pytale::console::event::PlayerJoined;
use serde_json::{Value, json};
use std::io::Read as _;
use std::time::{Duration, Instant};

/// A name that would change the title, the colors and the direction of a terminal.
const HOSTILE: &str = "Evil\u{1b}]0;title\u{7}\u{1b}[31m\u{9b}2J\u{202e}gnp";

/// Parts of [`HOSTILE`] that the editor itself never writes.
fn has_hostile(raw: &[u8]) -> bool {
    let has = |part: &[u8]| raw.windows(part.len()).any(|window| window == part);
    has(b"\x1b]") || has(b"\x1b[31m") || has("\u{9b}".as_bytes()) || has("\u{202e}".as_bytes())
}

/// The program in a terminal, with the options of a town and no configuration.
fn in_terminal(
    columns: u16,
    rows: u16,
    town: &Town,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> Terminal {
    let port = town.port();
    let server = ["--port", &port, "--token-file", town.token_file()];
    let folder = town.folder().to_str().unwrap();
    let fixed = [
        ("TALE_CONFIG", "/nonexistent/tale.toml"),
        ("TALE_DATA", folder),
    ];
    Terminal::start(
        columns,
        rows,
        &[&fixed[..], variables].concat(),
        &[&server[..], arguments].concat(),
    )
}

/// Runs a line in the console of the profile "home", and waits for the next prompt.
fn run(terminal: &mut Terminal, line: &str) -> Vec<String> {
    terminal.keys(&format!("{line}\r"));
    let echo = format!("home> {line}");
    terminal.wait_for(&format!("the end of {line}"), |lines| {
        let last = lines.last().is_some_and(|last| last == "home>");
        last && lines.contains(&echo)
    })
}

/// The settings of a terminal that no program has changed.
fn untouched() -> String {
    let mut help = Terminal::start(100, 30, &[], &["--version"]);
    help.wait_for_text("tale");
    let mode = help.mode();
    help.ends_with_mode(&mode);
    mode
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_of_20_columns_is_usable() {
    let town = Town::start().await;
    town.world.player_joins("Elder Toad").unwrap();
    let mut terminal = in_terminal(20, 40, &town, &[], &["players"]);
    terminal.wait_for("the player", |lines| {
        lines.iter().any(|line| line == "NAME      Elder Toad")
    });
    assert_eq!(terminal.status(), 0);
    let doctor = ["doctor", "--login-port", "0", "--admin-port", "0"];
    terminal = in_terminal(20, 40, &town, &[], &doctor);
    terminal.wait_for("the summary", |lines| {
        lines.iter().any(|line| line.starts_with("ok reply: "))
            && lines.iter().any(|line| line.starts_with("no problem"))
    });
    assert_eq!(terminal.status(), 0);
    terminal = in_terminal(20, 400, &town, &[], &["exec", "-h"]);
    terminal.wait_for("the end of the help", |lines| {
        lines.iter().any(|line| line.starts_with("Usage:")) && lines.concat().contains("Print help")
    });
    assert_eq!(terminal.status(), 0);
    // The prompt is longer than a line of the terminal.
    terminal = in_terminal(20, 40, &town, &[], &["console", "--sub", "PlayerJoined"]);
    terminal.wait_for_text("-- connected");
    terminal.keys("player list\r");
    terminal.wait_for("the prompt after the table", |lines| {
        let text = lines.concat();
        let is_prompt = lines.last().is_some_and(|last| last.ends_with('>'));
        text.contains("USERNAME") && text.contains("-- subscribed to") && is_prompt
    });
    terminal.keys("player message 1000000007 abcdefghijklmnopqrstuvwxyz");
    let typed = |lines: &[String]| {
        let last = lines.last().map_or("", String::as_str);
        last.contains("> player message 1000000007 abcdefghijklmnopqrstuvwxyz")
    };
    terminal.wait_for("the line", typed);
    town.world
        .wait_for_subscription::<PlayerJoined>()
        .await
        .unwrap();
    town.world.player_joins("Bo").unwrap();
    terminal.wait_for("the event, and the line", |lines| {
        lines.concat().contains("user=Bo") && typed(lines)
    });
    terminal.keys("\x03:quit\r");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_typed_survives_a_change_of_the_window() {
    let town = Town::start().await;
    let mut terminal = console(&town, &["--sub", "PlayerJoined"]);
    terminal.wait_for_text("-- subscribed to PlayerJoined");
    terminal.keys("player message 7 one-two");
    terminal.wait_for_text("home> player message 7 one-two");
    terminal.resize(24, 20);
    terminal.keys("-three");
    terminal.wait_for("the whole line", |lines| {
        lines.concat().contains("one-two-three")
    });
    terminal.resize(90, 25);
    terminal.keys("-four");
    terminal.wait_for("the whole line", |lines| {
        lines.concat().contains("one-two-three-four")
    });
    town.world.player_joins("Ashwick").unwrap();
    terminal.wait_for_text("user=Ashwick");
    terminal.keys("\r");
    let sent = town.world.wait_for_command("player message").await.unwrap();
    assert!(
        sent.ends_with("player message 7 one-two-three-four"),
        "{sent}"
    );
    terminal.wait_for_line("home>");
    terminal.keys("\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_of_many_megabytes_is_cut_and_the_console_goes_on() {
    let port = scripted::console(|line| {
        Some(Ok(match line {
            "rows" => (0..100_000)
                .map(|id| json!({"id": id, "name": "x"}))
                .collect(),
            "lines" => Value::String("line\n".repeat(100_000)),
            "line" => Value::String("y".repeat(50_000_000)),
            _ => json!("pong"),
        }))
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token.txt");
    std::fs::write(&token, "a.secret.token").unwrap();
    let variables = [
        ("TALE_CONFIG", "/nonexistent/tale.toml"),
        ("TALE_DATA", folder.path().to_str().unwrap()),
    ];
    let arguments = [
        "--port",
        &port,
        "--token-file",
        token.to_str().unwrap(),
        "console",
    ];
    let mut terminal = Terminal::start(80, 24, &variables, &arguments);
    terminal.wait_for_text("-- connected");
    for (line, rest) in [
        ("rows", "98003 more entries"),
        ("lines", "98003 more lines"),
        ("line", "49900500 more bytes of this line"),
    ] {
        terminal.keys(&format!("{line}\r"));
        let said = format!("… {rest}; `tale exec COMMAND > FILE` writes all of them");
        terminal.wait_for(&said, |lines| lines.concat().contains(&said));
        terminal.keys("ping\r");
        terminal.wait_for_text("pong");
        terminal.keys(":clear\r");
        terminal.wait_for("a clear screen", |lines| lines.len() == 2);
    }
    assert!(terminal.raw().len() < 1_000_000);
    terminal.keys(":quit\r");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_never_reach_the_terminal() {
    let town = Town::start().await;
    let mut terminal = console(&town, &["--sub", "PlayerJoined"]);
    terminal.wait_for_text("-- subscribed to PlayerJoined");
    let player = town.world.player_joins(HOSTILE).unwrap();
    terminal.wait_for_text("user=Evil");
    for line in ["player list", ":players", ":status", ":count"] {
        run(&mut terminal, line);
    }
    // A name that no line can show is completed by the id.
    terminal.keys("player kick Evi\t");
    terminal.wait_for_text(&format!("home> player kick {player}"));
    terminal.keys("\x03");
    run(&mut terminal, ":help player kick");
    let raw = terminal.raw();
    assert!(
        !has_hostile(&raw),
        "{}",
        String::from_utf8_lossy(&raw).escape_debug()
    );
    terminal.keys(":quit\r");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_wait_for_a_reply_and_the_session_goes_on() {
    let town = Town::start().await;
    let server = town.world.server().get().try_into().unwrap();
    let mut terminal = console(&town, &[]);
    run(&mut terminal, "time");
    town.world.sim().stall_console(server);
    terminal.keys("player message 7 hello\r");
    town.world.wait_for_command("player message").await.unwrap();
    terminal.keys("\x03");
    terminal.wait_for_text("; the command may have run");
    terminal.wait_for_line("home>");
    town.world.sim().resume_console(server);
    terminal.keys("no such command\r");
    terminal.wait_for_text("the server has no such command");
    terminal.keys(":quit\r");
    terminal.ends_with_mode(&untouched());
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_while_a_reply_is_awaited_leave_the_terminal_as_it_was() {
    let town = Town::start().await;
    let server = town.world.server().get().try_into().unwrap();
    let before = untouched();
    for signal in ["TERM", "HUP"] {
        let mut terminal = console(&town, &[]);
        town.world.sim().stall_console(server);
        terminal.keys(&format!("player message 7 {signal}\r"));
        let message = format!("player message 7 {signal}");
        town.world.wait_for_command(&message).await.unwrap();
        terminal.signal(signal);
        terminal.ends_with_mode(&before);
        town.world.sim().resume_console(server);
    }
    let mut terminal = in_terminal(80, 24, &town, &[], &["players", "--watch", "0.1"]);
    terminal.wait_for_text("no player is online");
    terminal.keys("\x03");
    terminal.ends_with_mode(&before);
    town.world.sim().stall_console(server);
    let mut terminal = in_terminal(80, 24, &town, &[], &["exec", "time"]);
    town.world.wait_for_command("time").await.unwrap();
    terminal.keys("\x03");
    terminal.wait_for_text("help: `time` may have run");
    terminal.ends_with_mode(&before);
    assert_eq!(terminal.status(), 130);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_ends_the_program() {
    let town = Town::start().await;
    town.world.player_joins("Ashwick").unwrap();
    let port = town.port();
    for (arguments, shown) in [
        (&["console"][..], "-- connected"),
        (&["players", "--watch", "0.1"], "Ashwick"),
        (&["events", "--follow", "--only", "InfoLog"], ""),
    ] {
        let pty = native_pty_system().openpty(PtySize::default()).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tale"));
        command.args(["--port", &port, "--token-file", town.token_file()]);
        command.args(arguments);
        command.env("TERM", "xterm");
        command.env("TALE_CONFIG", "/nonexistent/tale.toml");
        command.env("TALE_DATA", town.folder());
        let mut child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let mut seen = Vec::new();
        let mut bytes = [0; 1_024];
        while !String::from_utf8_lossy(&seen).contains(shown) {
            let read = reader.read(&mut bytes).unwrap();
            seen.extend_from_slice(&bytes[..read]);
        }
        drop(reader);
        drop(pty.master);
        let deadline = Instant::now() + Duration::from_mins(1);
        while child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < deadline, "{arguments:?} did not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_are_dimmed_unless_colors_are_off() {
    let town = Town::start().await;
    for (variables, is_dimmed) in [(&[][..], true), (&[("NO_COLOR", "1")], false)] {
        let mut terminal = in_terminal(100, 30, &town, variables, &["console"]);
        terminal.wait_for_text("-- connected");
        terminal.keys("player kick");
        terminal.wait_for_text("player kick <players: PlayerList>");
        let raw = terminal.raw();
        let dimmed = raw.windows(4).any(|window| window == b"\x1b[2m");
        assert_eq!(
            dimmed,
            is_dimmed,
            "{}",
            String::from_utf8_lossy(&raw).escape_debug()
        );
        terminal.keys("\x03:quit\r");
        assert_eq!(terminal.status(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_without_a_line_editor_runs_lines() {
    let town = Town::start().await;
    town.world.player_joins("Ashwick").unwrap();
    let mut terminal = in_terminal(80, 24, &town, &[("TERM", "dumb")], &["console"]);
    terminal.wait_for_text("this terminal has no line editor");
    terminal.keys("player list\r");
    terminal.wait_for_text("USERNAME");
    terminal.wait_for_text("Ashwick");
    terminal.keys("\x04");
    assert!(!terminal.raw().contains(&0x1b));
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_paused_counted_and_filtered() {
    let town = Town::start().await;
    let mut terminal = console(&town, &["--sub", "PlayerJoined"]);
    terminal.wait_for_text("-- subscribed to PlayerJoined");
    run(&mut terminal, ":pause");
    town.world.player_joins("Ashwick").unwrap();
    town.world.player_joins("Bo").unwrap();
    let is_counted = |line: &String| line.split_whitespace().eq(["PlayerJoined", "2"]);
    // The events arrive at some time.
    let lines = (0..1_000)
        .map(|number| run(&mut terminal, &format!(":count {number}")))
        .find(|lines| lines.iter().any(is_counted))
        .unwrap();
    assert!(!lines.concat().contains("user="), "{lines:?}");
    let lines = run(&mut terminal, ":resume");
    assert!(
        lines.concat().contains("user=Ashwick") && lines.concat().contains("user=Bo"),
        "{lines:?}"
    );
    run(&mut terminal, ":filter toad");
    town.world.player_joins("O'Neil").unwrap();
    town.world.player_joins("Elder Toad").unwrap();
    let lines = terminal.wait_for_text("user=Elder Toad");
    assert!(!lines.concat().contains("O'Neil"), "{lines:?}");
    terminal.keys(":quit\r");
    assert_eq!(terminal.status(), 0);
}
