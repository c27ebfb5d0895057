//! Players as arguments.

use super::support::{NAMES, open, self_hosted, within};
use super::{Chat, locate, offline};
use alta_sim::{Action, Fault, Hook};
use att_console::commands::player;
use att_kit::bot_commands::{Allowed, BotCommands, Call, Dispatched, Invalid, arg};
use att_kit::players::Players;
use std::sync::Arc;
use tokio::sync::Notify;

#[tokio::test]
async fn players_are_found_by_every_form_of_name_and_id_online_or_not() {
    let (sim, server) = self_hosted().await;
    let ids = NAMES.map(|name| sim.player_joins(server, name).unwrap());
    let gone = sim.player_joins(server, "Brambletoe").unwrap();
    sim.player_leaves(server, gone).unwrap();
    let (console, chat) = (open(&sim, server), Chat::default());
    let commands = locate().build().unwrap();
    let forms = [
        "o'neil",
        "-bee-",
        "J.K.",
        "\"Elder Toad\"",
        "'a\"b\\c'",
        "1234",
    ];
    for ((name, id), form) in NAMES.into_iter().zip(ids).zip(forms) {
        for form in [form, &id.to_string(), &format!("#{id}")] {
            for command in ["locate", "find"] {
                let line = format!("{command} {form}");
                let (_, reply) = chat.run(&commands, &console, &line).await;
                assert_eq!(reply, format!("{id} {name}"), "{line}");
            }
        }
    }
    let (_, reply) = chat.run(&commands, &console, "find Brambletoe").await;
    assert_eq!(reply, format!("{gone} Brambletoe"));
    let (_, reply) = chat
        .run(&commands, &console, &format!("find #{gone}"))
        .await;
    assert_eq!(reply, format!("{gone} Brambletoe"));
    for (line, expected) in [
        (
            "locate Brambletoe",
            "no player `Brambletoe` is online\nUsage: locate <player>",
        ),
        (
            "locate Elder Toad",
            "no player `Elder` is online; did you mean \"Elder Toad\"?",
        ),
        (
            "locate ONeil",
            "no player `ONeil` is online; did you mean O'Neil?",
        ),
        ("locate \u{202e}J.K", "no player `\\u{202e}J.K` is online"),
        ("locate *", "no player `*` is online"),
        ("locate #99", "no player `#99` is online"),
        ("find Nobody", "the server knows no player `Nobody`"),
        ("find 'x\"y'", "`x\"y` could not be looked up"),
    ] {
        let (dispatched, reply) = chat.run(&commands, &console, line).await;
        assert!(matches!(dispatched, Some(Dispatched::Invalid(_))), "{line}");
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

#[tokio::test]
async fn a_player_who_leaves_while_the_command_runs_is_an_error_for_the_caller() {
    let (sim, server) = self_hosted().await;
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let (found, gone) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let both = (Arc::clone(&found), Arc::clone(&gone));
    let commands = BotCommands::builder().command("kick", |command| {
        let command = command
            .arg(arg::player("player"))
            .allow(Allowed::everyone());
        command.run(move |call: Call, (player,)| {
            let (found, gone) = both.clone();
            async move {
                found.notify_one();
                gone.notified().await;
                call.command(player::kick(&player)).await?;
                Ok(())
            }
        })
    });
    let (commands, console, chat) = (
        commands.build().unwrap(),
        open(&sim, server),
        Chat::default(),
    );
    let leaves = async {
        found.notified().await;
        sim.player_leaves(server, ashwick).unwrap();
        gone.notify_one();
    };
    let ((dispatched, reply), ()) = tokio::join!(
        chat.run(&commands, &console, "kick Ashwick"),
        within(leaves)
    );
    assert_eq!(dispatched, None);
    assert!(reply.starts_with("`kick` failed: "), "{reply}");
}

#[tokio::test]
async fn without_a_list_of_players_the_reply_is_an_error() {
    let console = offline();
    let (commands, chat) = (locate().build().unwrap(), Chat::default());
    console.close().await;
    let (dispatched, reply) = chat.run(&commands, &console, "locate Ashwick").await;
    let unknown = Dispatched::Invalid(Invalid::PlayersUnknown);
    assert_eq!(dispatched, Some(unknown));
    assert!(
        reply.starts_with("the players of the server are not known"),
        "{reply}"
    );
}

#[tokio::test]
async fn a_player_whose_join_the_server_does_not_send_is_found() {
    let (sim, server) = self_hosted().await;
    sim.withdraw_console_event(server, "PlayerJoined");
    let (console, chat) = (open(&sim, server), Chat::default());
    within(Players::of(&console).complete()).await.unwrap();
    let id = sim.player_joins(server, "Elder Toad").unwrap();
    let commands = locate().build().unwrap();
    let (_, reply) = chat.run(&commands, &console, "locate 'elder toad'").await;
    assert_eq!(reply, format!("{id} Elder Toad"));
}

#[tokio::test]
async fn an_entry_of_the_list_that_cannot_be_read_hides_no_other_player() {
    let (sim, server) = self_hosted().await;
    let bee = sim.player_joins(server, "-Bee-").unwrap();
    let list =
        format!(r#"[null, {{"id": {bee}, "username": "-Bee-"}}, {{"id": [], "username": 7}}]"#);
    let list = Fault::new(Hook::ConsoleCommand, Action::Result(list));
    sim.faults()
        .arm(list.containing("player list").times(1_000));
    let (console, chat) = (open(&sim, server), Chat::default());
    let commands = locate().build().unwrap();
    for command in ["locate", "find"] {
        let (_, reply) = chat
            .run(&commands, &console, &format!("{command} -bee-"))
            .await;
        assert_eq!(reply, format!("{bee} -Bee-"));
    }
    assert!(!Players::of(&console).online().is_complete());
}
