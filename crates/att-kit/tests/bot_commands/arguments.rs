//! The arguments on a line, and its mistakes.

use super::support::within;
use super::{Chat, offline};
use att_kit::bot_commands::{Allowed, BotCommands, Builder, Dispatched, arg};
use proptest::prelude::*;

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
