//! Permissions, failures and replies.

use super::support::{notes, open, run, self_hosted, within};
use super::{Chat, offline, subscribed};
use alta_model::{User, UserId};
use att_kit::FailureKind;
use att_kit::bot_commands::{Allowed, BotCommands, Call, Caller, Dispatched, Who, arg};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn only_allowed_callers_run_a_command_and_see_it_in_help() {
    let commands = BotCommands::builder()
        .command("open", |command| {
            let command = command.about("Opens the gate").allow(Allowed::everyone());
            command.run(|_, ()| async { Ok("open") })
        })
        .command("close", |command| {
            command.run(|_, ()| async { Ok("closed") })
        })
        .command("jail", |command| {
            let ids = Allowed::ids([UserId::new(7)]);
            let role = Allowed::when(|caller, _| async move {
                match caller.who() {
                    Who::Other(name) if name == "broken" => Err("the roles are gone"),
                    Who::Other(name) => Ok(name == "sheriff"),
                    _ => Ok(false),
                }
            });
            let command = command.about("Locks a player up").allow(ids).allow(role);
            let command = command.arg(arg::word("name"));
            command.run(|_, (name,)| async move { Ok(format!("{name} sits")) })
        })
        .build()
        .unwrap();
    let console = offline();
    let chat = Chat::default();
    let replying = |caller: Caller| {
        let replies = Arc::clone(&chat.0);
        caller.replying(move |text| {
            replies.lock().unwrap().push(text);
            async {}
        })
    };
    let ashwick = || replying(Caller::player(User::new(UserId::new(7), "Ashwick")));
    let other = || replying(Caller::player(User::new(UserId::new(8), "Sheriff")));
    let cases = [
        (ashwick(), "jail Bee", Some(Dispatched::Ran), "Bee sits"),
        (
            other(),
            "jail Bee",
            Some(Dispatched::NotAllowed),
            "you may not run `jail`",
        ),
        (
            replying(Caller::named("sheriff")),
            "jail Bee",
            Some(Dispatched::Ran),
            "Bee sits",
        ),
        (
            replying(Caller::named("broken")),
            "jail Bee",
            None,
            "`jail` failed: your permission is not known",
        ),
        (
            replying(Caller::console()),
            "jail Bee",
            Some(Dispatched::NotAllowed),
            "you may not run `jail`",
        ),
        (
            replying(Caller::console()),
            "close",
            Some(Dispatched::Ran),
            "closed",
        ),
        (
            ashwick(),
            "close",
            Some(Dispatched::NotAllowed),
            "you may not run `close`",
        ),
        (
            ashwick(),
            "help",
            Some(Dispatched::Ran),
            "jail <name>: Locks a player up\nopen: Opens the gate",
        ),
        (
            other(),
            "help",
            Some(Dispatched::Ran),
            "open: Opens the gate",
        ),
        (
            ashwick(),
            "HELP jail",
            Some(Dispatched::Ran),
            "jail <name>: Locks a player up\n<name> is a word",
        ),
        (
            other(),
            "help jail",
            Some(Dispatched::Ran),
            "open: Opens the gate",
        ),
        (
            replying(Caller::console()),
            "help",
            Some(Dispatched::Ran),
            "close\nopen: Opens the gate",
        ),
    ];
    for (caller, line, outcome, reply) in cases {
        let who = caller.who().to_string();
        let dispatched = within(commands.dispatch(&console, caller, line)).await;
        assert_eq!(dispatched.ok(), outcome, "{who}: {line}");
        let replies = std::mem::take(&mut *chat.0.lock().unwrap());
        assert_eq!(replies, [reply], "{who}: {line}");
    }
}

#[tokio::test]
async fn a_failure_of_a_command_is_reported_to_the_caller_and_the_program() {
    let builder = BotCommands::builder()
        .command("fail", |command| {
            command.run(|call: Call, ()| async move {
                call.command("no such").await?;
                Ok(())
            })
        })
        .command("panic", |command| {
            command.run(|_, ()| async {
                std::hint::black_box(None::<()>).expect("by a test");
                Ok(())
            })
        })
        .command("wait", |command| {
            let command = command.timeout(Duration::from_millis(20));
            command.run(|_, ()| async {
                std::future::pending::<()>().await;
                Ok(())
            })
        });
    let (replies, mut replied) = notes();
    let builder = builder.on_console_reply(move |_, text| {
        replies.note(text);
        async {}
    });
    let (sim, server) = self_hosted().await;
    let (failures, mut failed) = notes();
    let handlers = builder
        .build()
        .unwrap()
        .handlers()
        .on_failure(move |failure| {
            failures.note(
                format!("{:?}", failure.kind)
                    .split('(')
                    .next()
                    .unwrap_or_default(),
            );
            if !matches!(failure.kind, FailureKind::TimedOut(_)) {
                assert!(
                    failure.to_string().contains("the bot command `"),
                    "{failure}"
                );
            }
        });
    let _bot = run(&sim, server, handlers);
    subscribed(&sim, server).await;
    let typist = open(&sim, server);
    for (line, kind, reply) in [
        ("fail", "Failed", "`fail` failed: "),
        ("panic", "Panicked", "`panic` failed: it has a bug"),
        (
            "wait",
            "TimedOut",
            "`wait` failed: it did not end within 20ms",
        ),
    ] {
        within(typist.command(line)).await.unwrap_err();
        failed.next_are(&[kind]).await;
        let text = replied.next().await;
        assert!(text.starts_with(reply), "{text}");
    }
}

#[tokio::test]
async fn a_reply_says_whether_anybody_can_see_it() {
    let (sim, server) = self_hosted().await;
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let (outcomes, mut outcome) = notes();
    let commands = BotCommands::builder().command("say", |command| {
        let command = command.arg(arg::rest("text")).allow(Allowed::everyone());
        command.run(move |call: Call, (text,)| {
            let outcomes = outcomes.clone();
            async move {
                let outcome = call.reply(text).await;
                outcomes.note(format!("{outcome:?}").split('(').next().unwrap_or_default());
                Ok(())
            }
        })
    });
    let (commands, console) = (commands.build().unwrap(), open(&sim, server));
    within(console.ready()).await.unwrap();
    let user = User::new(UserId::new(ashwick.cast_signed()), "Ashwick");
    let player = Caller::player(user);
    let broken = Caller::named("chat").replying(|_| async { Err::<(), _>("the chat is closed") });
    let secret = sim.console_token(server);
    let leak = format!("say {secret}");
    let odd = format!("say a \"b\"\n\u{7}c {}", "d".repeat(600));
    for (caller, line, expected) in [
        (player.clone(), odd.replace('\u{7}', "").as_str(), "Sent"),
        (player.clone(), &leak, "Sent"),
        (Caller::console(), "say it", "Logged"),
        (Caller::named("nobody"), "say it", "Logged"),
        (broken, "say it", "Lost"),
    ] {
        within(commands.dispatch(&console, caller, line))
            .await
            .unwrap();
        outcome.next_are(&[expected]).await;
    }
    let message = sim.wait_for_message(server, ashwick, 0).await.unwrap();
    assert!(
        message.text.starts_with("a “b” / c ddd"),
        "{}",
        message.text
    );
    assert_eq!(message.text.chars().count(), 501);
    let message = sim.wait_for_message(server, ashwick, 1).await.unwrap();
    assert_eq!(message.text, "<redacted>");
    sim.player_leaves(server, ashwick).unwrap();
    within(commands.dispatch(&console, player, "say it"))
        .await
        .unwrap();
    outcome.next_are(&["Lost"]).await;
}
