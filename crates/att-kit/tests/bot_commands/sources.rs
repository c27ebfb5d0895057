//! Lines at a console, reports with the tablet, and loops.

use super::support::{TEST_TIMEOUT, notes, open, run, self_hosted, until, within};
use super::{locate, subscribed};
use alta_model::UserId;
use att_console::commands::player;
use att_console::event::ReportReason;
use att_kit::Handlers;
use att_kit::bot_commands::{Allowed, BotCommands, Call, CallLimits, Replied, arg};
use att_kit::players::Players;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_report_with_the_tablet_runs_its_line_and_the_reporter_sees_the_reply() {
    let (sim, server) = self_hosted().await;
    sim.set_timeout(TEST_TIMEOUT);
    let sheriff = sim.player_joins(server, "Elder Toad").unwrap();
    let thief = sim.player_joins(server, "1234").unwrap();
    let sheriff_id = UserId::new(sheriff.cast_signed());
    let builder = BotCommands::builder().command("jail", |command| {
        let command = command
            .arg(arg::player("player"))
            .arg(arg::integer::<u32>("minutes"));
        let command = command.allow(Allowed::ids([sheriff_id]));
        command.run(|call, (player, minutes)| async move {
            assert_eq!(call.reply("one moment").await, Replied::Sent);
            call.command(player::kill(&player)).await?;
            Ok(format!("\"{}\" sits for {minutes} min", player.username))
        })
    });
    let builder = builder.on_report(ReportReason::Griefing, "jail {player} 10");
    let _bot = run(&sim, server, builder.build().unwrap().handlers());
    let event = "SocialTabletPlayerReported";
    sim.wait_for_console_subscription(server, event)
        .await
        .unwrap();
    let report = |by: (u64, &str), of: (u64, &str), reason: &str| {
        let data = json!({
            "ReportedBy": {"id": by.0, "username": by.1},
            "ReportedPlayer": {"id": of.0, "username": of.1},
            "Reason": reason,
        });
        sim.emit_console_event(server, event, data);
    };
    let (sheriff, thief) = ((sheriff, "Elder Toad"), (thief, "1234"));
    report(sheriff, thief, "Harrassment");
    report(thief, sheriff, "Griefing");
    let refused = sim.wait_for_message(server, thief.0, 0).await.unwrap();
    assert_eq!(refused.text, "you may not run `jail`");
    report(sheriff, thief, "Griefing");
    for (after, text) in ["one moment", "“1234” sits for 10 min"]
        .into_iter()
        .enumerate()
    {
        let message = sim
            .wait_for_message(server, sheriff.0, after)
            .await
            .unwrap();
        assert_eq!(message.text, text);
    }
    // The player has left before the command runs.
    sim.player_leaves(server, thief.0).unwrap();
    report(sheriff, thief, "Griefing");
    let gone = sim.wait_for_message(server, sheriff.0, 2).await.unwrap();
    assert_eq!(
        gone.text,
        "no player `1234` is online / Usage: jail <player> <minutes>"
    );
}

#[tokio::test]
async fn neither_own_commands_nor_those_that_the_server_has_run_are_dispatched() {
    let (sim, server) = self_hosted().await;
    let (calls, mut called) = notes();
    let builder = BotCommands::builder().command("player", |command| {
        let calls = calls.clone();
        let command = command.arg(arg::rest("line"));
        command.run(move |_, (line,)| {
            calls.note(line);
            async { Ok(()) }
        })
    });
    let calls = calls.clone();
    let builder = builder.command("again", |command| {
        command.run(move |call, ()| {
            calls.note("again");
            async move {
                // Its own command, and one that has the name of a bot command.
                call.command("again").await.ok();
                call.command("player unknown").await.ok();
                Ok(())
            }
        })
    });
    let bot = run(&sim, server, builder.build().unwrap().handlers());
    subscribed(&sim, server).await;
    let typist = open(&sim, server);
    within(typist.command("player list")).await.unwrap();
    within(typist.command("again")).await.unwrap_err();
    within(typist.command("player by hand")).await.unwrap_err();
    called.next_are(&["again", "by hand"]).await;
    within(bot.console().command("player list")).await.unwrap();
    within(typist.command("player last")).await.unwrap_err();
    called.next_are(&["last"]).await;
}

#[tokio::test]
async fn two_bots_that_reply_to_each_other_stop_after_some_calls() {
    let (sim, server) = self_hosted().await;
    let (calls, mut called) = notes();
    let bot = |hears: &'static str, says: &'static str| {
        let (calls, checks) = (calls.clone(), calls.clone());
        let builder = BotCommands::builder().command(hears, move |command| {
            command.run(move |call, ()| {
                calls.note(hears);
                async move {
                    call.command(says).await.ok();
                    Ok(())
                }
            })
        });
        let builder = builder.command(format!("check {hears}"), move |command| {
            command.run(move |_, ()| {
                checks.note(format!("check {hears}"));
                async { Ok(()) }
            })
        });
        let builder = builder.call_limits(CallLimits::default().period(Duration::from_secs(3_600)));
        run(&sim, server, builder.build().unwrap().handlers())
    };
    let _bots = (bot("ping", "pong"), bot("pong", "ping"));
    until("both are subscribed", || {
        let subscriptions = sim.console_subscriptions(server).into_iter();
        subscriptions
            .filter(|(_, event)| event == "CommandExecuted")
            .count()
            == 2
    })
    .await;
    let typist = open(&sim, server);
    within(typist.command("ping")).await.unwrap_err();
    for _ in 0..5 {
        called.next_are(&["ping", "pong"]).await;
    }
    let is_over = |line: &str| {
        let received = sim.received();
        received
            .iter()
            .filter(|it| it.command().as_deref() == Some(line))
            .count()
            == 6
    };
    until("the last reply", || is_over("ping")).await;
    within(typist.command("check ping")).await.unwrap_err();
    called.next_are(&["check ping"]).await;
}

#[tokio::test]
async fn with_a_prefix_a_mistyped_command_gets_a_reply_and_others_none() {
    let (sim, server) = self_hosted().await;
    let (replies, mut replied) = notes();
    let builder = locate().prefix("Town").on_console_reply(move |_, text| {
        replies.note(text);
        async {}
    });
    let handlers = Handlers::new().and(builder.build().unwrap().handlers());
    let _bot = run(&sim, server, handlers);
    subscribed(&sim, server).await;
    let typist = open(&sim, server);
    for line in [
        "locate Ashwick",
        "help",
        "town locte",
        "town",
        "town locate",
        "town help find",
    ] {
        let _ = within(typist.command(line)).await;
    }
    for expected in [
        "there is no command `locte`; did you mean locate? (`Town help` lists all)",
        "Town find <user>\nTown locate <player>",
        "<player> is missing\nUsage: Town locate <player>",
        "Town find <user>\n<user> is a player whom the server knows",
    ] {
        assert_eq!(replied.next().await, expected);
    }
}

#[tokio::test]
async fn the_log_names_the_user_of_a_console_who_gets_the_reply_in_the_game() {
    let (sim, server) = self_hosted().await;
    sim.set_timeout(TEST_TIMEOUT);
    let sheriff = sim.player_joins(server, "Elder Toad").unwrap();
    let sheriff_id = UserId::new(sheriff.cast_signed());
    let (calls, mut called) = notes();
    let builder = BotCommands::builder()
        .users_from_log()
        .command("jail", |command| {
            let command = command
                .arg(arg::rest("name"))
                .allow(Allowed::ids([sheriff_id]));
            command.run(move |call: Call, (name,)| {
                calls.note(format!("{} jails {name}", call.caller().who()));
                async move { Ok(format!("{name} is in jail")) }
            })
        });
    let bot = run(&sim, server, builder.build().unwrap().handlers());
    subscribed(&sim, server).await;
    sim.wait_for_console_subscription(server, "InfoLog")
        .await
        .unwrap();
    within(Players::of(&bot.console()).complete())
        .await
        .unwrap();
    // The simulated server has one user for all consoles, so the test invents another one.
    let typed = |by: &str, line: &str| {
        let message = format!("[CommandService.Handle] Running command {line} as user ({by})");
        let log = json!({"message": message, "logger": "Alta.Console.CommandService"});
        sim.emit_console_event(server, "InfoLog", log);
        let executed = json!({"Command": line, "WasSuccessful": false});
        sim.emit_console_event(server, "CommandExecuted", executed);
    };
    let elder_toad = format!("Elder Toad:{sheriff}");
    typed("Mallory:9", &format!("jail Bee as user ({elder_toad})"));
    typed(&elder_toad, "jail Bee");
    called
        .next_are(&[&format!("Elder Toad ({sheriff}) jails Bee")])
        .await;
    let message = sim.wait_for_message(server, sheriff, 0).await.unwrap();
    assert_eq!(message.text, "Bee is in jail");
    // A user who is the same for everybody is nobody.
    let typist = open(&sim, server);
    within(typist.command("jail Bee")).await.unwrap_err();
    typed(&elder_toad, "jail again");
    called
        .next_are(&[&format!("Elder Toad ({sheriff}) jails again")])
        .await;
}
