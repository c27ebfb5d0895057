//! Lines, names and declarations, without a server.

use super::commands::{BotCommands, Builder};
use super::cursor::{Cursor, REPORTED};
use super::declaration::{Declaration, Declared};
use super::invalid::Invalid;
use super::resolve::{Matches, nearest_names, typed};
use super::{CallLimits, arg};
use crate::error::ErrorKind;
use alta_model::console::command_words;
use alta_model::console::event::ReportReason;
use alta_model::{User, UserId, Vector3};
use att_console::{Argument, Command, Target};
use proptest::prelude::*;

fn user(id: i64, name: &str) -> User {
    User::new(UserId::new(id), name)
}

fn cursor(line: &str) -> Cursor {
    Cursor::new(line.into(), None)
}

/// All words that a cursor reads.
fn words(line: &str) -> Result<Vec<String>, Invalid> {
    let mut cursor = cursor(line);
    let mut words = Vec::new();
    while !cursor.is_at_end() {
        words.push(cursor.word("it")?.text);
    }
    Ok(words)
}

fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("'".to_owned()),
        Just("\\".to_owned()),
        Just("-".to_owned()),
        Just(" ".to_owned()),
        Just("\u{a0}".to_owned()),
        Just("\n".to_owned()),
        Just("#".to_owned()),
        Just(REPORTED.to_owned()),
        "[0-9]{1,4}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn arguments_that_a_command_can_write_are_read_back(
        one in hostile(), other in hostile(), id in any::<i64>(), number in -1e9..1e9_f64, is_on: bool,
    ) {
        let command = Command::new("say").arg(one.as_str()).arg(Argument::typographic(&other));
        let at = Vector3::new(number, -number, 0.5);
        let command = command.arg(Target::Id(UserId::new(id))).arg(number).arg(at).arg(is_on);
        let line = command.to_string();
        if line.starts_with('<') {
            prop_assert!(one.contains(|sign: char| matches!(sign, '"' | '\\') || sign.is_control()));
            return Ok(());
        }
        let words = words(&line).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(words.len(), 7, "{}", line);
        prop_assert_eq!(&words[1], &one);
        if !other.contains(['"', '\\', '\n']) {
            prop_assert_eq!(&words[2], &other);
        }
        prop_assert_eq!(&words[3], &id.to_string());
        prop_assert_eq!(words[4].parse::<f64>().unwrap().to_bits(), number.to_bits());
        prop_assert_eq!(words[5].parse::<Vector3>().unwrap(), at);
        prop_assert_eq!(&words[6], &is_on.to_string());
    }

    #[test]
    fn a_cursor_reads_the_words_of_the_server_or_an_open_quote(line in hostile()) {
        match words(&line) {
            Ok(words) => prop_assert_eq!(words, command_words(&line)),
            Err(error) => prop_assert!(matches!(error, Invalid::OpenQuote(_)), "{}", error),
        }
        let mut cursor = cursor(&line);
        if let Ok(rest) = cursor.rest_of_line("it") {
            prop_assert!(cursor.is_at_end());
            prop_assert!(line.contains(&rest));
        }
    }

    /// A name is suggested in a form that a caller can type.
    #[test]
    fn a_suggested_name_is_the_player(names in proptest::collection::btree_set(hostile(), 1..6)) {
        let names = names.iter().filter(|name| !name.trim().is_empty());
        let mut players: Vec<User> = Vec::new();
        for (name, id) in names.zip(1_000_000..) {
            let is_new = |it: &User| it.username.trim().to_lowercase() != name.trim().to_lowercase();
            if players.iter().all(is_new) {
                players.push(user(id, name));
            }
        }
        for player in &players {
            let suggested = typed(player);
            prop_assert_eq!(words(&suggested).unwrap().len(), 1);
            let word = cursor(&suggested).word("it").unwrap().text;
            let found = Matches::find(&word, &players).one(&word).unwrap();
            prop_assert_eq!(found.as_ref(), Some(player), "{}", suggested);
        }
    }
}

#[test]
fn a_name_wins_over_an_id_and_two_players_are_an_error_that_names_both() {
    let players = [
        user(1001, "Ashwick"),
        user(1002, "ASHWICK"),
        user(1003, "1234"),
        user(1004, "O'Neil"),
        user(1005, "1004"),
        user(1006, "Elder Toad"),
    ];
    let found = |given: &str| {
        let found = Matches::find(given, &players).one(given);
        match found {
            Ok(found) => found.map_or(0, |user| user.id.get()),
            Err(Invalid::Ambiguous { users, .. }) => {
                -users.iter().map(|it| it.id.get()).sum::<i64>()
            }
            Err(other) => panic!("{other}"),
        }
    };
    for (given, expected) in [
        ("Ashwick", 1001),
        ("ASHWICK", 1002),
        ("ashwick", -(1001 + 1002)),
        ("1234", 1003),
        ("1003", 1003),
        ("1004", -(1004 + 1005)),
        ("#1004", 1004),
        ("#1005", 1005),
        ("o'neil", 1004),
        (" elder toad ", 1006),
        ("Elder", 0),
        ("", 0),
        ("#", 0),
        ("99999999999999999999", 0),
    ] {
        assert_eq!(found(given), expected, "{given}");
    }
    let error = Matches::find("1004", &players).one("1004").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`1004` is more than one player: 1004 (#1005), O'Neil (#1004); add # and the id"
    );
}

#[test]
fn near_names_are_those_that_resemble_or_continue_the_typed_one() {
    let players = [
        user(1, "Ashwick"),
        user(2, "Elder Toad"),
        user(3, "a\"b\\c"),
        user(4, "x'\""),
    ];
    assert_eq!(nearest_names("Ashwik", &players), ["Ashwick"]);
    assert_eq!(nearest_names("elder", &players), ["\"Elder Toad\""]);
    assert_eq!(nearest_names("a\"b", &players), ["'a\"b\\c'"]);
    assert_eq!(nearest_names("x", &players), ["#4"]);
    assert_eq!(nearest_names("Brambletoe", &players), [""; 0]);
    assert_eq!(nearest_names(&"A".repeat(10_000), &players), [""; 0]);
}

fn nothing(command: Declaration) -> Declared {
    command.run(|_, ()| async { Ok(()) })
}

fn problems(builder: Builder) -> Vec<String> {
    let error = builder.build().unwrap_err();
    let ErrorKind::Config { problems } = error.kind() else {
        panic!("{error}");
    };
    problems.clone()
}

#[test]
fn mistakes_of_a_declaration_are_found_when_it_is_built() {
    let builder = BotCommands::builder()
        .prefix("the \"town")
        .command("heal", nothing)
        .command(" HEAL ", nothing)
        .command("help", nothing)
        .command("", nothing)
        .command("give", |command| {
            let command = command.arg(arg::rest("text")).arg(arg::word("more"));
            command.run(|_, (_, _)| async { Ok(()) })
        })
        .command("jail", |command| {
            let minutes = arg::integer::<u32>("minutes").default(5);
            let command = command.arg(minutes).arg(arg::player("player"));
            command.run(|_, (_, _)| async { Ok(()) })
        })
        .on_report(ReportReason::Griefing, "jial {player}");
    let expected = [
        "the name `the \"town` has a quote or a control character",
        "there are two commands `HEAL`",
        "the command `help` is built in",
        "a command has no name",
        "the command `give`: a parameter follows one that takes the rest of the line",
        "the command `jail`: a required parameter follows an optional one",
        "`jial {player}` for Griefing names no command",
    ];
    assert_eq!(problems(builder), expected);
}

#[test]
fn usage_shows_the_parameters_of_every_command() {
    let commands = BotCommands::builder()
        .prefix("town")
        .command("heal", |command| {
            let amount = arg::number("amount").range(0.0..=100.0).default(10.0);
            let command = command.arg(arg::player("player")).arg(amount);
            let command = command.arg(arg::vector("at").optional());
            command.run(|_, (_, _, _)| async { Ok(()) })
        });
    let commands = commands.command("greet all", |command| {
        let command = command.arg(arg::user("users").several());
        command.run(|_, (_,)| async { Ok(()) })
    });
    let commands = commands.call_limits(CallLimits::default()).build().unwrap();
    let expected = [
        "town greet all <users…>",
        "town heal <player> [amount=10] [at]",
    ];
    assert_eq!(commands.usage(), expected);
}
