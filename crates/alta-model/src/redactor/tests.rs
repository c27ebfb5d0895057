use super::*;
use proptest::prelude::*;

fn redacted(text: &str) -> String {
    Redactor::new().redact(text).into_owned()
}

#[test]
fn a_learned_secret_is_redacted_with_all_escapes() {
    let redactor = Redactor::knowing(["h/u\"n+t é=🦀"]);
    for written in [
        "h/u\"n+t é=🦀",
        r#"h\/u\"n+t é=🦀"#,
        r"h\u002fu\u0022n\u002Bt\u0020\u00e9=\ud83e\udd80",
        r#"h\\\/u\\\"n+t \\u00E9=\\ud83e\\udd80"#,
        "h%2Fu%22n%2bt%20%C3%A9%3D%F0%9F%A6%80",
        "h%2Fu%22n%2Bt+%C3%A9%3D%F0%9F%A6%80",
        "h%252Fu%2522n%252Bt%2520%25C3%25A9%253D%25F0%259F%25A6%2580",
        "h&#x2F;u&quot;n&#43;t &#233;&#x3D;🦀",
        r#"h/u\"n+t \xe9=\u{1f980}"#,
    ] {
        assert_eq!(
            redactor.redact(&format!("no <{written}> here")),
            "no <<redacted>> here",
            "{written}"
        );
    }
}

#[test]
fn a_learned_secret_is_redacted_in_base64_at_any_position() {
    let redactor = Redactor::knowing(["hunter2??>"]);
    for before in ["", "u", "us", "user:"] {
        for engine in [&general_purpose::STANDARD, &general_purpose::URL_SAFE] {
            let text = engine.encode(format!("{before}hunter2??>!"));
            let shown = redactor.redact(&text).into_owned();
            assert!(shown.contains("<redacted>"), "{text}: {shown}");
            assert!(shown.len() < "<redacted>".len() + 13, "{shown}");
        }
    }
}

#[test]
fn a_learned_secret_is_redacted_in_hexadecimal_digits_and_in_any_case() {
    let secret = "Xk9-T0ken.of\u{e4}";
    let redactor = Redactor::knowing([secret]);
    let digits: Vec<String> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let digits = digits.concat();
    for written in [
        digits.to_uppercase(),
        digits,
        secret.to_ascii_lowercase(),
        secret.to_ascii_uppercase(),
    ] {
        assert_eq!(redactor.redact(&written), "<redacted>", "{written}");
    }
}

#[test]
fn each_piece_of_a_secret_in_two_messages_is_redacted() {
    let secret = "Xk9-fQ2/zz+T0ken_with.many~chars=and\u{e4}more/of+them.";
    let redactor = Redactor::knowing([secret]);
    for cut in (BEGINNING..secret.len() - BEGINNING).filter(|cut| secret.is_char_boundary(*cut)) {
        let (first, second) = secret.split_at(cut);
        assert_eq!(redactor.redact(&format!("no {first}!")), "no <redacted>!");
        assert_eq!(redactor.redact(&format!("{second}!")), "<redacted>!");
        let middle = &secret.as_bytes()[cut - 8..cut + 8];
        let middle = String::from_utf8_lossy(middle).to_ascii_uppercase();
        if !middle.contains('\u{fffd}') {
            assert_eq!(redactor.redact(&format!("a {middle} b")), "a <redacted> b");
        }
    }
    // A piece that begins and ends inside a character.
    let redactor = Redactor::knowing(["\u{e4}0123456789abcdefghij\u{e4}"]);
    let shown = redactor
        .redact("x\u{14}\u{664}0123456789abcdefghij\u{e5}x")
        .into_owned();
    assert!(!shown.contains("0123456789"), "{shown}");
    assert_eq!(redactor.redact("0123456789abcde"), "0123456789abcde");
}

#[test]
fn a_secret_that_is_learned_again_is_not_forgotten() {
    let redactor = Redactor::new();
    for number in 0..3 * MOST_KNOWN {
        redactor.learn("hunter/2");
        redactor.learn(&format!("<token {number:03}>"));
    }
    assert_eq!(redactor.known.read().unwrap().len(), MOST_KNOWN);
    assert_eq!(redactor.redact("hunter/2"), "<redacted>");
}

#[test]
fn a_long_beginning_and_the_end_of_a_cut_string_are_redacted() {
    let redactor = Redactor::knowing(["0123456789abcdefghij"]);
    for (text, shown) in [
        ("not 0123456789abcdef...", "not <redacted>..."),
        ("not 01234", "not <redacted>"),
        ("not 01234 but", "not 01234 but"),
        ("not 012", "not 012"),
    ] {
        assert_eq!(redactor.redact(text), shown);
    }
    // Cut inside a character of the secret.
    let redactor = Redactor::knowing(["0123456789abcdeéx"]);
    assert_eq!(redactor.redact("0123456789abcdeè"), "<redacted>");
}

#[test]
fn an_old_secret_stays_secret_and_the_number_of_secrets_is_bounded() {
    let redactor = Redactor::new();
    let other = redactor.clone();
    for number in 0..MOST_KNOWN + 6 {
        other.learn(&format!("<secret {number:03}>"));
        other.learn(&format!("<secret {number:03}>"));
    }
    assert_eq!(redactor.known.read().unwrap().len(), MOST_KNOWN);
    let shown = redactor.redact("<secret 006> <secret 069> <secret 002>");
    assert_eq!(shown, "<redacted> <redacted> <secret 002>");
    assert_eq!(format!("{redactor:?}"), "Redactor");
}

#[test]
fn a_short_secret_is_redacted_and_a_second_pass_changes_nothing() {
    let redactor = Redactor::knowing(["e", "", " "]);
    let shown = redactor.redact("the end").into_owned();
    assert_eq!(shown, "th<redacted> <redacted>nd");
    assert_eq!(redactor.redact(&shown), shown);
}

#[test]
fn values_of_secret_fields_are_redacted_and_json_stays_valid() {
    for (text, shown) in [
        (
            r#"{"id": 7, "token": "bv\"s4", "access_Token" : "x", "name": "y"}"#,
            r#"{"id": 7, "token": "<redacted>", "access_Token" : "<redacted>", "name": "y"}"#,
        ),
        (
            r#"{"token": ["a", {"b": "]"}], "password":{"b": 1}, "secret": 12, "c": "d"}"#,
            r#"{"token": "<redacted>", "password":"<redacted>", "secret": "<redacted>", "c": "d"}"#,
        ),
        (
            r#"{"token": null, "list": ["a"], "my_token":true,"a":{"b": "c"}, "secret":""}"#,
            r#"{"token": null, "list": ["a"], "my_token":true,"a":{"b": "c"}, "secret":""}"#,
        ),
        (
            r#"{"content":"{\"token\":\"a\\\"b\",\"n\":1}","key":"k"}"#,
            r#"{"content":"{\"token\":\"<redacted>\",\"n\":1}","key":"k"}"#,
        ),
        (
            r#"{"content":"{\"token\":12,\"n\":1}","key":"k"}"#,
            r#"{"content":"{\"token\":\"<redacted>\",\"n\":1}","key":"k"}"#,
        ),
        (r#"{"\u0074oken":"hush"}"#, r#"{"\u0074oken":"<redacted>"}"#),
        (
            "{'id': 5, 'authorization': 'Bearer abc'}",
            "{'id': 5, 'authorization': '<redacted>'}",
        ),
    ] {
        assert_eq!(redacted(text), shown);
    }
}

#[test]
fn a_cut_value_is_redacted_to_its_end() {
    for (text, shown) in [
        (r#"{"token": "abc"#, r#"{"token": "<redacted>"#),
        (r#"{"token": "ab\"#, r#"{"token": "<redacted>"#),
        (r#"{"token": ["a", {"b"#, r#"{"token": "<redacted>""#),
        (r#"{"token"#, r#"{"token"#),
        (r#"{"token":"#, r#"{"token":"#),
        ("it is eyJhbGci", "it is <redacted>"),
    ] {
        assert_eq!(redacted(text), shown);
    }
}

#[test]
fn secrets_in_forms_headers_and_addresses_are_redacted() {
    for (text, shown) in [
        (
            "client_id=client_1&client_secret=c2VjcmV0%3D%3D&scope=a+b",
            "client_id=client_1&client_secret=<redacted>&scope=a+b",
        ),
        (
            "Authorization: Digest abc, def\r\nHost: town.example",
            "Authorization: <redacted>\r\nHost: town.example",
        ),
        ("a Bearer hush and", "a Bearer <redacted> and"),
        ("Basic dXNlcjpwYXNz", "Basic <redacted>"),
        (
            "at wss://user:p%40ss@town.example:1760/",
            "at wss://<redacted>@town.example:1760/",
        ),
        ("<p>eyJhbGci.eyJz.c2ln</p>", "<p><redacted></p>"),
        (r"\u0065yJhbGci.eyJz.c2\u006cn!", "<redacted>!"),
        ("invalid token: \"abc\"", "invalid token: \"<redacted>\""),
    ] {
        assert_eq!(redacted(text), shown);
    }
}

#[test]
fn a_string_without_secrets_stays_unchanged() {
    for text in [
        r#"{"b" : 1, "a":2}"#,
        r#"[{"id": 1, "name": "a=b&c"#,
        "player list",
        "",
        r#"{"message":"Token expired","error_code":"ExpiredToken"}"#,
        "the token: it has expired",
        "a Bearer token is wanted; a basic sword",
        "at http://town.example/@market",
    ] {
        assert!(matches!(Redactor::new().redact(text), Cow::Borrowed(same) if same == text));
    }
}

#[test]
fn secrets_are_learned_from_a_body_and_from_an_address() {
    let redactor = Redactor::new();
    redactor.learn_fields(r#"{"new_password_hash": "a\/b\u0063", "name": "Ashwick"}"#);
    redactor.learn_fields("grant_type=x&client_secret=d%2Fe");
    redactor.learn_address("wss://user:p%40ss@town.example/");
    redactor.learn_address("wss://town.example/");
    let shown = redactor
        .redact("a/bc d/e p@ss p%40ss Ashwick x")
        .into_owned();
    let hidden = "<redacted>";
    assert_eq!(
        shown,
        format!("{hidden} {hidden} {hidden} {hidden} Ashwick x")
    );
}

#[test]
fn a_source_stays_itself_unless_its_message_contains_a_secret() {
    let redactor = Redactor::knowing(["hunter2"]);
    let io = |words: &str| redactor.cause(std::io::Error::other(words.to_owned()));
    assert!(io("reset").is::<std::io::Error>());
    assert_eq!(io("no hunter2 \u{1b}").to_string(), r"no <redacted> \u{1b}");
}

#[test]
fn a_position_in_the_string_is_found_again() {
    let text = r#"{"token":"abcdefghijklmnop","x":1}"#;
    for (position, place) in [(0, '{'), (9, '"'), (text.len() - 2, '1')] {
        let (shown, moved) = Redactor::new().redact_at(text, position);
        assert_eq!(shown[moved..].chars().next(), Some(place), "{shown}");
    }
    let (shown, moved) = Redactor::new().redact_at(text, 15);
    assert!(shown[moved..].starts_with("<redacted>"), "{shown}");
    assert_eq!(Redactor::new().redact_at(text, 99).1, shown.len());
}

#[test]
fn a_long_string_is_cut_and_searched_in_a_bounded_time() {
    let redactor = Redactor::new();
    for number in 0..MOST_KNOWN {
        redactor.learn(&format!("token-{number:02}/of some length"));
    }
    let one = Redactor::knowing(["token-07/of some length"]);
    for written in ["token-07/of some length", "token-07\\u002fof some length"] {
        for before in LONGEST - written.len() - 1..=LONGEST {
            let text = "é".repeat(before / 2) + &"x".repeat(before % 2) + written + " and more";
            let shown = one.redact(&text);
            assert!(
                !shown.contains("tok") || shown.ends_with("tok…"),
                "{}",
                &shown[LONGEST - 40..]
            );
            assert!(shown.len() < LONGEST + 20 && shown.ends_with('…'));
        }
    }
    let text = format!(
        "{}token-07/of some length{}",
        "a".repeat(100_000),
        "b".repeat(100_000)
    );
    let (shown, moved) = redactor.redact_at(&text, 100_000);
    assert!(shown[moved..].starts_with("<redacted>bb") && shown.len() < LONGEST + 20);
    // Every byte may begin an escape.
    let text = LONGEST / 4;
    for hostile in ["\\", "%25", "&#", "eyJ", "token=", "Bearer ", "://", "\\\""] {
        redactor.redact(&hostile.repeat(text));
    }
}

/// One way of writing a character.
fn written(c: char, way: u8) -> String {
    let (mut units, mut bytes) = ([0; 2], [0; 4]);
    let units = c.encode_utf16(&mut units).iter();
    let bytes = c.encode_utf8(&mut bytes).bytes();
    let joined = |parts: Vec<String>| parts.concat();
    match way {
        0 => joined(units.map(|unit| format!(r"\u{unit:04x}")).collect()),
        1 => joined(units.map(|unit| format!(r"\\u{unit:04X}")).collect()),
        2 => joined(bytes.map(|byte| format!("%{byte:02X}")).collect()),
        3 => joined(bytes.map(|byte| format!("%25{byte:02x}")).collect()),
        4 => format!("&#x{:x};", u32::from(c)),
        5 => format!("&#{};", u32::from(c)),
        _ => c.to_string(),
    }
}

proptest! {
    #[test]
    fn a_secret_is_redacted_with_any_escape_of_each_character(
        secret in "[a-zA-Z/+=\"é🦀_~-]{1,40}",
        ways in prop::collection::vec(0_u8..10, 40),
        before in "[0-9 ,.]{0,10}",
        after in "[0-9 ,.]{0,10}",
    ) {
        let written: String = secret.chars().zip(ways).map(|(c, way)| written(c, way)).collect();
        // Digits behind `&#` would belong to the entity.
        let text = format!("{before} {written} {after}");
        let shown = Redactor::knowing([&*secret]).redact(&text).into_owned();
        prop_assert_eq!(shown, format!("{before} <redacted> {after}"));
    }

    #[test]
    fn any_string_is_processed_to_its_end(
        text in r#"([\\"'a:,\[\]{}token =%&;1é]|token|eyJ|Bearer |://|@|&quot;|%22|\\u00){0,40}"#,
        position in 0_usize..60,
    ) {
        let redactor = Redactor::knowing(["a1", "tok\\en"]);
        let (shown, moved) = redactor.redact_at(&text, position);
        prop_assert!(moved <= shown.len());
        prop_assert!(!shown.contains("a1"), "{}", shown);
    }

    #[test]
    fn json_stays_valid(
        name in "(token|my_Password|name)",
        value in r#"("[a-z]{0,5}"|[1-9][0-9]{0,2}|null|true|\["a", 1\]|\{"b": \{"c": "]"\}\})"#,
        depth in 0_usize..3,
    ) {
        let mut text = format!(r#"{{"{name}": {value}, "z": "last"}}"#);
        for _ in 0..depth {
            text = serde_json::json!({ "content": text }).to_string();
        }
        let shown = redacted(&text);
        let mut inner: serde_json::Value = serde_json::from_str(&shown).unwrap();
        for _ in 0..depth {
            inner = serde_json::from_str(inner["content"].as_str().unwrap()).unwrap();
        }
        prop_assert_eq!(&inner["z"], "last");
        let original: serde_json::Value = serde_json::from_str(&value).unwrap();
        let is_kept = name == "name" || original.is_null() || original == true || original == "";
        let expected = if is_kept { original } else { "<redacted>".into() };
        prop_assert_eq!(&inner[&name], &expected);
    }
}
