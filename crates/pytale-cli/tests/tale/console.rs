//! `tale console` in a terminal.

use crate::run::Town;
use crate::terminal::Terminal;
use pytale::console::event::PlayerJoined;

/// The console of a town, with its profile "home".
pub(crate) fn console(town: &Town, arguments: &[&str]) -> Terminal {
    let config = town.folder().join("tale.toml");
    let text = format!(
        "default = 'home'\n[profiles.home]\nport = {}\ntoken-file = 'console_token.txt'\n",
        town.port()
    );
    std::fs::write(&config, text).unwrap();
    let variables = [
        ("TALE_CONFIG", config.to_str().unwrap()),
        ("TALE_DATA", town.folder().to_str().unwrap()),
    ];
    let terminal = Terminal::start(100, 30, &variables, &[&["console"], arguments].concat());
    terminal.wait_for_text("-- connected");
    terminal
}

#[tokio::test(flavor = "multi_thread")]
async fn tab_completes_commands_and_players_and_a_command_prints_a_table() {
    let town = Town::start().await;
    town.world.player_joins("Elder Toad").unwrap();
    let mut terminal = console(&town, &[]);
    // The only completion of `pla` ends with a space.
    terminal.keys("pla\tlis\t\t");
    terminal.wait_for_text("list-detailed");
    terminal.keys("\r");
    terminal.wait_for_text("USERNAME");
    terminal.wait_for_text("Elder Toad");
    terminal.keys("player kill el\t");
    terminal.wait_for_line(r#"home> player kill "Elder Toad""#);
    terminal.keys("\x03:quit\r");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_missing_parameters_are_shown_behind_the_cursor() {
    let town = Town::start().await;
    let mut terminal = console(&town, &[]);
    terminal.keys("player kick");
    terminal.wait_for_line(
        "home> player kick <players: PlayerList> [reason: string = No reason provided]",
    );
    terminal.keys(" 7");
    terminal.wait_for_line("home> player kick 7 [reason: string = No reason provided]");
    terminal.keys("\x03\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_printed_above_the_line_that_is_being_typed() {
    let town = Town::start().await;
    let mut terminal = console(&town, &["--sub", "PlayerJoined"]);
    terminal.wait_for_text("-- subscribed to PlayerJoined");
    terminal.keys("player mess");
    terminal.wait_for_line("home> player mess");
    town.world.player_joins("O'Neil").unwrap();
    let lines = terminal.wait_for_text("O'Neil");
    terminal.wait_for_line("home> player mess");
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("PlayerJoined") && line.contains("O'Neil"))
            .count(),
        1
    );
    terminal.keys("age\x03\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_continues_after_a_restart_of_the_server() {
    let town = Town::start().await;
    let mut terminal = console(&town, &["--sub", "PlayerJoined"]);
    terminal.wait_for_text("-- subscribed to PlayerJoined");
    terminal.keys("time s");
    town.world.restart().await.unwrap();
    terminal.wait_for_text("-- connected again after");
    terminal.wait_for_line("home> time s");
    town.world
        .wait_for_subscription::<PlayerJoined>()
        .await
        .unwrap();
    town.world.player_joins("J.K.").unwrap();
    terminal.wait_for_text("user=J.K.");
    terminal.keys("\x03player list\r");
    terminal.wait_for_text("USERNAME");
    // Between two lines the terminal itself reads Ctrl-D.
    terminal.wait_for_line("home>");
    terminal.keys("\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn log_lines_are_above_the_line_that_is_typed() {
    let town = Town::start().await;
    let mut terminal = console(&town, &["-v"]);
    terminal.keys("time s");
    terminal.wait_for_line("home> time s");
    town.world.restart().await.unwrap();
    let lines = terminal.wait_for("the log of the restart", |lines| {
        let logged = lines.iter().any(|line| line.contains("INFO"));
        let again = lines
            .iter()
            .any(|line| line.starts_with("-- connected again"));
        logged && again && lines.last().is_some_and(|last| last == "home> time s")
    });
    let typed = lines.iter().filter(|line| line.contains("time s"));
    assert_eq!(typed.collect::<Vec<_>>(), ["home> time s"]);
    terminal.keys("\x03\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_in_the_history_of_the_server() {
    let town = Town::start().await;
    let mut terminal = console(&town, &[]);
    terminal.keys("player list\r");
    terminal.wait_for_text("(none)");
    terminal.keys(":quit\r");
    assert_eq!(terminal.status(), 0);
    let mut terminal = console(&town, &[]);
    terminal.keys("\x1b[A\x1b[A");
    terminal.wait_for_line("home> player list");
    terminal.keys("\x03\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn results_follow_the_width_of_the_window() {
    let town = Town::start().await;
    town.world
        .player_joins("A player with a very long name")
        .unwrap();
    let mut terminal = console(&town, &[]);
    terminal.keys("player list\r");
    terminal.wait_for_text("A player with a very long name");
    terminal.resize(24, 30);
    terminal.keys(":clear\rplayer list\r");
    terminal.wait_for("a wrapped name", |lines| {
        lines
            .iter()
            .any(|line| line.ends_with("A player") || line.ends_with("A player with"))
    });
    terminal.keys(":quit\r");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_a_line_is_typed_restores_the_terminal() {
    let town = Town::start().await;
    for signal in ["TERM", "HUP"] {
        let mut help = Terminal::start(100, 30, &[], &["--version"]);
        help.wait_for_text("tale");
        let before = help.mode();
        help.ends_with_mode(&before);
        let mut terminal = console(&town, &[]);
        terminal.keys("player lis");
        terminal.wait_for_line("home> player lis");
        assert_ne!(terminal.mode(), before);
        terminal.signal(signal);
        terminal.ends_with_mode(&before);
    }
}
