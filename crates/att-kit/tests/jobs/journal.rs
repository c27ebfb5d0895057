//! Journals of everything and of some events.

use crate::support::within;
use crate::town::{ODD_NAMES, Town};
use tokio::sync::mpsc;

#[path = "../../examples/job03_mirror.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod mirror;

#[path = "../../examples/job17_audit.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod audit;

/// The next line that contains these words.
async fn next(lines: &mut mpsc::Receiver<String>, words: &str) -> String {
    within(async {
        loop {
            let line = lines.recv().await.expect("the mirror has ended");
            if line.contains(words) {
                return line;
            }
        }
    })
    .await
}

#[tokio::test]
async fn job_03_events_are_mirrored_and_gaps_are_named() {
    let town = Town::start().await;
    // A destination that takes one line at a time.
    let (lines, mut mirrored) = mpsc::channel(1);
    let _job = town.run(|console| mirror::run(console, lines));
    town.subscribed("TradeDeckUsed").await;
    for name in ODD_NAMES {
        let player = town.join(name);
        town.sim
            .player_moves(town.server, player, "Cave Layer 2")
            .unwrap();
        let quoted = serde_json::to_string(name).unwrap();
        let line = next(&mut mirrored, "PlayerJoined").await;
        assert!(line.contains(&quoted), "{line}");
        next(&mut mirrored, "PlayerMovedChunk").await;
    }
    town.restart("TradeDeckUsed").await;
    next(&mut mirrored, "Gap").await;
    town.join("1234");
    next(&mut mirrored, "PlayerJoined").await;
}

#[tokio::test]
async fn job_17_the_audit_log_has_every_event_and_command() {
    let town = Town::start().await;
    let folder = std::env::temp_dir().join(format!("audit-{}", std::process::id()));
    let path = folder.join("audit.jsonl");
    let console = town.console();
    let job = tokio::spawn(audit::run(console.clone(), path.display().to_string()));
    town.subscribed("WarnLog").await;
    for name in ODD_NAMES {
        town.join(name);
    }
    console.command("player list").await.unwrap();
    town.restart_seen_by(&console).await;
    town.subscribed("WarnLog").await;
    town.join("O'Neil");
    // Its reply comes after the event.
    console.command("player list").await.unwrap();
    console.close().await;
    within(job).await.unwrap().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    let count = |words: &str| text.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count("\"PlayerJoined\""), 7, "{text}");
    assert_eq!(count("\"type\":\"gap\""), 1, "{text}");
    assert!(count("\"own\":true") > 0, "{text}");
    assert!(!text.contains(&town.sim.console_token(town.server)));
}
