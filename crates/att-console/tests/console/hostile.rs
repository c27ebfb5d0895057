//! Players whose names look like commands, targets or other arguments.

use crate::common::{ready, self_hosted, within};
use att_console::commands::player;
use att_console::{ErrorKind, Sent, Target};

/// Names that could be read as something else.
const HOSTILE: [&str; 40] = [
    r#"" ; player kill *"#,
    r#"" player kill *"#,
    r#"x" "player kill *"#,
    r#""""#,
    r"\",
    r#"\" ; player kill *"#,
    r#"O"Neil \ Jr."#,
    r"C:\*",
    "O'Neil",
    "' ; player kill *",
    "''",
    "`player kill *`",
    "$(player kill *)",
    "; player kill *",
    "&& player kill *",
    "| player kill *",
    "player kill *",
    "-Bee-",
    "--all",
    "-1",
    "+1000000001",
    "1234",
    " 1000000001",
    "0x10",
    "1e9",
    "\u{661}\u{662}",
    "*",
    " * ",
    "**",
    "a,b",
    "Ashwick,*",
    ",",
    "line\nplayer kill *",
    "tab\there",
    "nul\0",
    "\u{2028}player kill *",
    "\u{202e}kciwhsA",
    "“ ; player kill *",
    "{\"id\":1,\"content\":\"player kill *\"}",
    "Ash\u{e4}\u{1f525} wick",
];

#[tokio::test]
async fn promise_07_a_message_to_a_player_with_a_hostile_name_reaches_only_that_player() {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.player_joins(server, "Ashwick").unwrap();
    let mut by_name = 0;
    for name in HOSTILE {
        let player = sim.player_joins(server, name).unwrap();
        let players = within(console.command(player::list())).await.unwrap();
        let record = players.iter().find(|one| one.username == name).unwrap();
        let before = sim.messages(server).len();
        within(console.command(player::message(record, "Welcome; here")))
            .await
            .unwrap();
        let sent = |sim: &alta_sim::Sim| -> Vec<(u64, String)> {
            let messages = sim.messages(server).into_iter().skip(before);
            messages.map(|one| (one.player, one.text)).collect()
        };
        let alone = (player, "Welcome; here".to_owned());
        let once = std::slice::from_ref(&alone);
        assert_eq!(sent(&sim), once, "one message to one player");

        // By name, the result is the same, or an error before anything is sent.
        match within(console.command(player::message(name, "Welcome; here"))).await {
            Ok(()) => {
                by_name += 1;
                assert_eq!(sent(&sim), [once, once].concat(), "{name:?}");
            }
            Err(error) => {
                assert!(
                    matches!(error.kind(), ErrorKind::Argument(_)),
                    "{name:?}: {error}"
                );
                assert_eq!((sent(&sim).len(), error.sent()), (1, Some(Sent::NotSent)));
            }
        }
    }
    assert!(by_name > 10, "{by_name} can be called by name");
    within(console.command(player::message(Target::Everyone, "all")))
        .await
        .unwrap();
    let left = sim.players(server).len();
    assert_eq!(left, HOSTILE.len() + 1, "nobody was killed or kicked");
}
