//! `CommandExecuted` events of the console's own commands and of those of others.

use crate::common::{next, ready, self_hosted, within};
use att_console::commands::player;
use att_console::event::CommandExecuted;
use att_console::{AnyEvent, Target};

#[tokio::test]
async fn a_bot_that_sends_a_command_for_each_command_does_not_react_to_its_own() {
    let (sim, server) = self_hosted().await;
    let (console, other) = (ready(&sim, server).await, ready(&sim, server).await);
    sim.player_joins(server, "Ashwick").unwrap();
    let mut executed = within(console.subscribe::<CommandExecuted>())
        .await
        .unwrap();
    let mut all = within(console.subscribe::<CommandExecuted>().with_own_commands())
        .await
        .unwrap();
    let mut everything = console.subscribe_to_everything().start();
    for round in 0..5 {
        within(other.command(player::kick("Ashwick").reason("to and fro")))
            .await
            .ok();
        let event = next(&mut executed).await.unwrap();
        assert_eq!(
            event.data.words(),
            ["player", "kick", "Ashwick", "to and fro"]
        );
        assert!(!event.is_own());
        let news = format!("round {round}: {}", event.data.words()[1]);
        within(console.command(player::message(Target::Everyone, news)))
            .await
            .unwrap();
        // Also a command in another spelling, and one that fails.
        within(console.command("Player  list")).await.unwrap();
        within(console.command("player lst")).await.unwrap_err();
    }
    within(other.command("player count")).await.unwrap();
    let last = next(&mut executed).await.unwrap();
    assert_eq!(
        last.data.command, "player count",
        "no own command in between"
    );

    let mut own = Vec::new();
    while own.len() < 15 {
        let event = next(&mut all).await.unwrap();
        // The console subscribes with commands, too.
        if event.is_own() && !event.data.command.starts_with("websocket") {
            own.push(event.data.command);
        } else {
            assert!(
                event.data.words().starts_with(&["player", "kick"])
                    || event.data.words()[0] == "websocket",
                "{event:?}"
            );
        }
    }
    assert!(own[0].starts_with("player message") && own[14] == "player lst");
    let seen = async { while !next(&mut everything).await.unwrap().is_own() {} };
    within(seen).await;
}

#[tokio::test]
async fn two_bots_that_send_the_same_command_each_omit_one_event() {
    let (sim, server) = self_hosted().await;
    let (console, other) = (ready(&sim, server).await, ready(&sim, server).await);
    let mut executed = within(console.subscribe_to_any(["CommandExecuted"]))
        .await
        .unwrap();
    within(async {
        let _ = tokio::join!(async { console.command("player count").await }, async {
            other.command("player count").await
        },);
    })
    .await;
    within(other.command("player list")).await.unwrap();
    for line in ["player count", "player list"] {
        let AnyEvent::CommandExecuted(event) = next(&mut executed).await.unwrap().data else {
            panic!("another event");
        };
        assert_eq!(event.command, line);
    }
}
