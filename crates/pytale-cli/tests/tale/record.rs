//! `tale record` and `:record`.

use crate::run::Town;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_transcript_has_the_frames_of_both_directions_and_no_token() {
    let town = Town::start().await;
    town.world.player_joins("Elder Toad").unwrap();
    let file = town.folder().join("session.jsonl");
    let file = file.to_str().unwrap();
    let done = town
        .tale_with_input(&["record", file], "player list\nno such command\n")
        .await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("Elder Toad"), "{done:?}");
    assert!(done.err.contains("recording to"), "{done:?}");
    let text = std::fs::read_to_string(file).unwrap();
    let token = std::fs::read_to_string(town.token_file()).unwrap();
    assert!(!text.contains(token.trim()));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["transcript"], 1);
    assert_eq!(lines[1]["direction"], "sent");
    assert_eq!(lines[1]["frame"], "<redacted>");
    let sent = lines.iter().filter(|line| line["direction"] == "sent");
    assert!(
        sent.clone()
            .any(|line| line["frame"].as_str().unwrap().contains("player list"))
    );
    assert!(text.contains("Command not found"), "{text}");
    let again = town.tale(&["record", file]).await;
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.err.contains("exists"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anonymized_transcript_has_no_name_of_a_player() {
    let town = Town::start().await;
    town.world.player_joins("Elder Toad").unwrap();
    let file = town.folder().join("session.jsonl");
    let done = town
        .tale_with_input(
            &["record", file.to_str().unwrap(), "--anonymize"],
            "player list\nplayer kick \"Elder Toad\"\n",
        )
        .await;
    assert_eq!(done.code, 0, "{done:?}");
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("player kick \\\\\\\""), "{text}");
    assert!(text.contains("websocket subscribe PlayerJoined"), "{text}");
    assert!(!text.contains("Toad"), "{text}");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_ends_the_recording_with_a_clear_line() {
    let town = Town::start().await;
    let done = town.tale(&["record", "/dev/full"]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(
        done.err.contains("writing the transcript /dev/full") && done.err.contains("help:"),
        "{done:?}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_while_the_console_records_does_not_end_the_console() {
    let town = Town::start().await;
    let mut terminal = crate::console::console(&town, &[]);
    terminal.keys(":record /dev/full\r");
    terminal.wait_for_text("writing the transcript /dev/full");
    terminal.keys("player list\r");
    terminal.wait_for_text("(none)");
    let file = town.folder().join("town.jsonl");
    terminal.keys(&format!(":record {}\r", file.display()));
    terminal.wait_for_text("town.jsonl");
    terminal.keys("no such command\r");
    terminal.wait_for_text("the server has no such command");
    terminal.keys(":quit\r");
    assert_eq!(terminal.status(), 6);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("no such command"), "{text}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_console_anonymizes_a_transcript_on_request() {
    let town = Town::start().await;
    town.world.player_joins("Elder Toad").unwrap();
    let file = town.folder().join("a town.jsonl");
    let mut terminal = crate::console::console(&town, &[]);
    terminal.keys(&format!(":record --anonymize {}\r", file.display()));
    terminal.wait_for_text("-- recording to");
    terminal.keys("player list\r");
    terminal.wait_for_text("USERNAME");
    terminal.keys(":record\r");
    terminal.wait_for_text(" frames");
    terminal.wait_for_line("home>");
    terminal.keys("\x04");
    assert_eq!(terminal.status(), 0);
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("player list"), "{text}");
    assert!(!text.contains("Toad"), "{text}");
}
