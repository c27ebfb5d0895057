//! Bot commands: from a chat, from consoles and from the tablet, against a simulated server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::{User, UserId};
use alta_sim::Sim;
use att_console::commands::player;
use att_console::event::ReportReason;
use att_console::{Console, ConsoleAccess};
use att_kit::bot_commands::{
    Allowed, BotCommands, Builder, Call, CallLimits, Caller, Dispatched, Invalid, Replied, Who, arg,
};
use att_kit::players::Players;
use att_kit::{FailureKind, Handlers};
use proptest::prelude::*;
use serde_json::json;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{TEST_TIMEOUT, notes, open, run, self_hosted, until, within};
use tokio::sync::Notify;

/// A console that is never connected: most arguments need no server.
fn offline() -> Console {
    let url = "ws://127.0.0.1:9".parse().unwrap();
    Console::open_with(ConsoleAccess::new(url, "token"), support::config())
}

/// A caller of a chat, and the replies to them.
#[derive(Clone, Default)]
struct Chat(Arc<Mutex<Vec<String>>>);

impl Chat {
    fn caller(&self) -> Caller {
        let replies = Arc::clone(&self.0);
        Caller::named("chat").replying(move |text| {
            replies.lock().unwrap().push(text);
            async {}
        })
    }

    /// Runs a line, and returns its outcome and the replies.
    async fn run(
        &self,
        commands: &BotCommands,
        console: &Console,
        line: &str,
    ) -> (Option<Dispatched>, String) {
        let dispatched = within(commands.dispatch(console, self.caller(), line)).await;
        let replies = std::mem::take(&mut *self.0.lock().unwrap());
        (dispatched.ok(), replies.join(" | "))
    }
}

/// A command for everyone that replies with its arguments.
macro_rules! echo {
    ($builder:expr, $name:literal, $($parameter:expr),*) => {
        $builder.command($name, |command| {
            command
                $(.arg($parameter))*
                .allow(Allowed::everyone())
                .run(|_, arguments| async move { Ok(format!("{arguments:?}")) })
        })
    };
}

fn arguments() -> Builder {
    let builder = BotCommands::builder();
    let builder = echo!(
        builder,
        "string",
        arg::string("text"),
        arg::string("more").optional()
    );
    let builder = echo!(builder, "word", arg::word("text"));
    let builder = echo!(
        builder,
        "integer",
        arg::integer::<u8>("count").range(1..=64)
    );
    let builder = echo!(builder, "signed", arg::integer::<i64>("count").default(-7));
    let builder = echo!(builder, "number", arg::number("amount").range(..100.0));
    let builder = echo!(builder, "flag", arg::flag("on"));
    let builder = echo!(builder, "vector", arg::vector("at"));
    let builder = echo!(
        builder,
        "choice",
        arg::choice("time", [("noon", 12), ("midnight", 0)])
    );
    let builder = echo!(builder, "parsed", arg::parsed::<char>("letter", "a letter"));
    let builder = echo!(builder, "rest", arg::word("first"), arg::rest("text"));
    let builder = echo!(builder, "several", arg::integer::<i32>("numbers").several());
    echo!(builder, "two words",)
}

#[tokio::test]
async fn every_type_of_argument_is_read_and_every_mistake_is_explained_with_the_usage() {
    let (commands, console, chat) = (arguments().build().unwrap(), offline(), Chat::default());
    let long = "x".repeat(10_000);
    let long_reply = format!("(\"{long}\", None)");
    for (line, expected) in [
        (
            r#"string "two words" 'say "hi"'"#,
            r#"("two words", Some("say \"hi\""))"#,
        ),
        ("STRING -dash", r#"("-dash", None)"#),
        (&format!("string {long}"), &long_reply),
        ("word O'Neil", r#"("O'Neil",)"#),
        ("integer 64", "(64,)"),
        ("signed", "(-7,)"),
        ("signed -9", "(-9,)"),
        ("number -1.5", "(-1.5,)"),
        ("flag ON", "(true,)"),
        ("vector -1,2.5,3", "(Vector3 { x: -1.0, y: 2.5, z: 3.0 },)"),
        ("choice Noon", "(12,)"),
        ("parsed ä", "('ä',)"),
        (r#"rest a  it's "b"  c "#, r#"("a", "it's \"b\"  c")"#),
        (r#"rest a "b c""#, r#"("a", "b c")"#),
        ("several 1 -2  3", "([1, -2, 3],)"),
        ("two words", "()"),
        (" Two  WORDS ", "()"),
    ] {
        let (dispatched, reply) = chat.run(&commands, &console, line).await;
        assert_eq!(
            (dispatched, reply.as_str()),
            (Some(Dispatched::Ran), expected),
            "{line}"
        );
    }
    let shortened = format!("`{}…`", "x".repeat(60));
    for (line, expected) in [
        ("string", "<text> is missing\nUsage: string <text> [more]"),
        (r#"string "no end"#, "the quote before `no end` has no end"),
        (
            "string a b c",
            "`c` is one word too many; write a value with spaces in quotes",
        ),
        (
            "string a\u{1b}[2J",
            r"the line has the control character \u{1b}",
        ),
        (
            r#"word "two words""#,
            "<text> must be a word, not `two words`",
        ),
        (
            "integer 65",
            "<count> must be at least 1 and at most 64, not `65`",
        ),
        (
            "integer 256",
            "<count> must be a smaller integer, not `256`",
        ),
        ("integer -1", "<count> must be an integer, not `-1`"),
        ("integer 1.5", "<count> must be an integer, not `1.5`"),
        (
            &format!("integer {long}"),
            &format!("<count> must be an integer, not {shortened}"),
        ),
        (
            "signed -9223372036854775809",
            "<count> must be a larger integer, not `-9223372036854775809`",
        ),
        ("number 100", "<amount> must be less than 100, not `100`"),
        ("number NaN", "<amount> must be finite, not `NaN`"),
        ("number 1e999", "<amount> must be finite, not `1e999`"),
        ("flag maybe", "<on> must be true or false, not `maybe`"),
        ("vector 1,2", "<at> must be a vector x,y,z, not `1,2`"),
        (
            "vector 1,2,inf",
            "<at> must be a vector x,y,z, not `1,2,inf`",
        ),
        (
            "choice dawn",
            "<time> must be one of noon, midnight, not `dawn`",
        ),
        ("parsed ab", "<letter> must be a letter, not `ab`"),
        ("rest a", "<text> is missing"),
        ("several 1 two", "<numbers> must be an integer, not `two`"),
        ("two words 3", "`3` is one word too many"),
        (
            &format!("string {}", "x".repeat(70_000)),
            "the line is too long",
        ),
    ] {
        let (dispatched, reply) = chat.run(&commands, &console, line).await;
        assert!(
            matches!(dispatched, Some(Dispatched::Invalid(_))),
            "{line}: {reply}"
        );
        assert!(reply.starts_with(expected), "{line}: {reply}");
        assert!(reply.contains("\nUsage: "), "{reply}");
    }
    for (line, expected) in [
        (
            "strng a",
            "there is no command `strng`; did you mean string? (`help` lists all)",
        ),
        ("two", "there is no command `two` (`help` lists all)"),
        (
            long.as_str(),
            &format!("there is no command {shortened} (`help` lists all)"),
        ),
        ("", "there is no command `` (`help` lists all)"),
        ("\"no end", "there is no command"),
    ] {
        let (dispatched, reply) = chat.run(&commands, &console, line).await;
        assert_eq!(dispatched, Some(Dispatched::NoSuchCommand), "{line}");
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

fn hostile_line() -> impl Strategy<Value = String> {
    let names = "string|word|integer|signed|number|flag|vector|choice|parsed|rest|several|two words|help|\\PC{0,9}";
    let piece = prop_oneof![
        Just(" "),
        Just("\""),
        Just("'"),
        Just("-"),
        Just("\u{1b}"),
        Just("\u{a0}"),
        Just("{player}")
    ];
    let piece = prop_oneof![
        piece.prop_map(str::to_owned),
        "[0-9a-z,.+]{0,5}",
        "\\PC{0,4}"
    ];
    let pieces = proptest::collection::vec(piece, 0..8);
    (names, pieces).prop_map(|(name, pieces)| format!("{name} {}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn every_line_gets_one_reply_and_none_is_a_failure(lines in proptest::collection::vec(hostile_line(), 1..50)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (commands, console, chat) = (arguments().build().unwrap(), offline(), Chat::default());
            for line in lines {
                let dispatched = within(commands.dispatch(&console, chat.caller(), line.as_str())).await;
                assert!(dispatched.is_ok(), "{line}");
                let replies = std::mem::take(&mut *chat.0.lock().unwrap());
                assert_eq!(replies.len(), 1, "{line}: {replies:?}");
            }
        });
    }
}

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
async fn a_failure_of_a_command_is_told_to_the_caller_and_to_the_program() {
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

async fn subscribed(sim: &Sim, server: u64) {
    for event in ["CommandExecuted"] {
        let subscribed = sim.wait_for_console_subscription(server, event);
        subscribed.await.unwrap();
    }
}

fn locate() -> Builder {
    let builder = BotCommands::builder().command("locate", |command| {
        let command = command
            .arg(arg::player("player"))
            .allow(Allowed::everyone());
        command.run(|_, (player,)| async move { Ok(format!("{} {}", player.id, player.username)) })
    });
    builder.command("find", |command| {
        let command = command.arg(arg::user("user")).allow(Allowed::everyone());
        command.run(|_, (user,)| async move { Ok(format!("{} {}", user.id, user.username)) })
    })
}

#[tokio::test]
async fn players_are_found_by_every_form_of_name_and_id_online_or_not() {
    let (sim, server) = self_hosted().await;
    let names = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];
    let ids = names.map(|name| sim.player_joins(server, name).unwrap());
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
    for ((name, id), form) in names.into_iter().zip(ids).zip(forms) {
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

#[tokio::test]
async fn without_a_list_of_players_the_caller_is_told_so() {
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
async fn the_log_tells_the_user_of_a_console_who_sees_the_reply_in_the_game() {
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
    // The simulated server has one user for all consoles, so another one is made up.
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
