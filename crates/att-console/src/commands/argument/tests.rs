use super::tokenizer::Tokenizer;
use super::*;
use alta_model::console::result::PlayerDetailed;
use alta_model::{User, UserId, Vector3};
use proptest::prelude::*;

fn written(argument: impl Into<Argument>) -> Result<String, Problem> {
    argument.into().into_written()
}

/// Sometimes makes the string ten kilobytes long, with the hostile part at the beginning, in the middle or at the end.
fn maybe_long(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let filler = prop_oneof![9 => Just(0_usize), 1 => Just(10 * 1024)];
    (text, filler, 0_usize..3).prop_map(|(text, filler, place)| {
        let (before, after) = match place {
            0 => (0, filler),
            1 => (filler / 2, filler / 2),
            _ => (filler, 0),
        };
        format!(
            "{}{text}{}",
            "a ".repeat(before / 2),
            " ä".repeat(after / 3)
        )
    })
}

fn hostile_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\n".to_owned()),
        Just(";".to_owned()),
        Just("*".to_owned()),
        Just("'".to_owned()),
        Just("-".to_owned()),
        Just(" ".to_owned()),
        Just(",".to_owned()),
        Just("\u{2028}".to_owned()),
        Just("\\\"".to_owned()),
        Just("\"\"".to_owned()),
        Just("\" ; player kill *".to_owned()),
        "[+-]?[0-9]{1,3}",
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn promise_07_no_argument_can_end_its_quotes_or_become_another(
        text in maybe_long(hostile_text()), tail in maybe_long(hostile_text()),
    ) {
        let Ok(argument) = written(text.as_str()) else {
            prop_assert!(text.chars().any(is_unwritable), "only what cannot be written is refused");
            return Ok(());
        };
        let replaced: String = tail.chars().map(|c| if is_unwritable(c) { '?' } else { c }).collect();
        prop_assert!(written(Argument::typographic(&tail)).is_ok());
        let tail = written(Argument::replacing(&tail, '?'));
        let line = format!("player message 1200000001 {argument} {} 5", tail.unwrap());
        for tokenizer in Tokenizer::all() {
            let words = tokenizer.split(&line);
            let expected = ["player", "message", "1200000001", &text, &replaced, "5"];
            prop_assert!(words == expected, "{tokenizer:?} read {} as {}", abbreviated(&line), words.len());
        }
    }

    #[test]
    fn promise_07_a_name_is_one_target_or_an_error(name in maybe_long(hostile_text())) {
        let target = written(Target::from(name.as_str()));
        prop_assert_eq!(&target, &written(PlayerRef::from(name.as_str())));
        if let Ok(target) = target {
            for tokenizer in Tokenizer::all() {
                let words = tokenizer.split(&format!("player kill {target}"));
                prop_assert!(words == ["player", "kill", &name], "{tokenizer:?}");
            }
            let read = name.trim();
            prop_assert!(!read.contains(',') && read != "*" && !read.is_empty());
            prop_assert!(read.parse::<i128>().is_err(), "nobody's id");
        }
    }
}

#[test]
fn promise_07_the_error_names_the_character() {
    let error = written("say \"hi\"").unwrap_err();
    assert!(error.to_string().contains(r#"'"'"#), "{error}");
    let error = written("C:\\").unwrap_err();
    assert!(error.to_string().contains(r"'\\'"), "{error}");
    let error = written("two\nlines").unwrap_err();
    assert!(error.to_string().contains(r"'\n'"), "{error}");
    assert_eq!(
        written(Argument::replacing("say \"hi\"\n", '\'')).unwrap(),
        "\"say 'hi''\""
    );
}

#[test]
fn the_replaced_characters_are_listed() {
    let greeted = Argument::replacing(r#"a"b\c"d"#, '\'');
    assert_eq!(greeted.replaced(), ['"', '\\']);
    assert_eq!(written(greeted).unwrap(), r#""a'b'c'd""#);
    assert!(Argument::replacing("Ashwick", '\'').replaced().is_empty());
    assert!(Argument::text("Ashwick").replaced().is_empty());
    let left_out = Argument::replacing("a\"b", '\\');
    assert_eq!(left_out.replaced(), ['"']);
    assert_eq!(written(left_out).unwrap(), r#""ab""#);
}

#[test]
fn straight_quotation_marks_become_typographic_ones() {
    for (text, expected) in [
        (r#""hi""#, "\u{201c}hi\u{201d}"),
        (
            r#"say "hi" ("you"), "he" said"#,
            "say \u{201c}hi\u{201d} (\u{201c}you\u{201d}), \u{201c}he\u{201d} said",
        ),
        (r"C:\logs", "C:/logs"),
        ("two\r\nlines\u{2028}and\ttab\u{7}", "two lines and tab"),
        ("it's as it was", "it's as it was"),
    ] {
        let argument = Argument::typographic(text);
        assert_eq!(argument.replaced().is_empty(), text == expected, "{text:?}");
        assert_eq!(written(argument).unwrap(), format!("\"{expected}\""));
    }
}

#[test]
fn a_string_of_ten_kilobytes_is_one_argument_and_abbreviated_in_an_error() {
    let long = "ä".repeat(5_000);
    assert_eq!(written(long.as_str()).unwrap().len(), 10_002);
    let error = written(format!("{long}\"")).unwrap_err().to_string();
    assert!(error.len() < 400, "{}", error.len());
}

#[test]
fn hostile_names_are_errors_and_their_ids_are_not() {
    for name in [
        "",
        " ",
        "*",
        " * ",
        "1234",
        "+1200000001",
        "-5",
        " 7 ",
        "a,b",
        "\" ; player kill *",
        "O\"Neil \\ Jr.",
        "a\u{0}b",
        "\u{661}\u{662}",
    ] {
        assert!(written(Target::from(name)).is_err(), "{name:?}");
    }
    for name in [
        "-Bee-",
        "Iris_",
        "O'Neil",
        "player kill *",
        "Ashwick;",
        "1234a",
        "-5-",
        "+",
    ] {
        assert_eq!(written(Target::from(name)).unwrap(), format!("\"{name}\""));
    }
    let hostile = User::new(UserId::new(1_200_000_001), "\" ; player kill *");
    assert_eq!(written(Target::from(&hostile)).unwrap(), "1200000001");
    assert_eq!(
        written(Target::ids([UserId::new(1), UserId::new(2)])).unwrap(),
        "1,2"
    );
    let others = vec![hostile, User::new(UserId::new(2), "a,b")];
    assert_eq!(written(Target::from(&others)).unwrap(), "1200000001,2");
    let detailed: PlayerDetailed = serde_json::from_str(r#"{"id": 3, "username": "*"}"#).unwrap();
    assert_eq!(written(Target::from(&detailed)).unwrap(), "3");
    let near: Target = [detailed.id].into_iter().collect();
    assert_eq!(written(near).unwrap(), "3");
    assert!(written(Target::ids([])).is_err());
    assert_eq!(written(Target::Everyone).unwrap(), "*");
}

#[test]
fn numbers_have_a_point_and_no_exponent() {
    assert_eq!(written(1e21).unwrap(), "1000000000000000000000");
    assert_eq!(written(0.000_000_1).unwrap(), "0.0000001");
    assert_eq!(written(5.0).unwrap(), "5");
    assert!(written(f64::NAN).is_err());
    assert_eq!(written(Vector3::new(1.5, -2.0, 0.0)).unwrap(), "1.5,-2,0");
    assert!(written(Vector3::new(1.5, f64::INFINITY, 0.0)).is_err());
}

#[test]
fn an_error_says_how_to_replace_the_character() {
    let said = |argument: Argument| argument.into_written().unwrap_err().to_string();
    let name = said(Target::from("O\"Neil").into());
    assert!(
        name.contains("'\"' in it") && name.ends_with("use the id"),
        "{name}"
    );
    let text = said(Argument::text("say \"hi\""));
    assert!(
        text.contains("'\"' in")
            && text.contains("Argument::replacing")
            && text.contains("typographic quotation marks"),
        "{text}"
    );
    let text = said(Argument::text("C:\\"));
    assert!(
        text.contains("leave it out") && !text.contains("quotation"),
        "{text}"
    );
}
