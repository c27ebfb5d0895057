use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Result<Frame, Malformed> {
    Frame::read(text.into(), SystemTime::now())
}

#[test]
fn types_are_read_from_names_and_from_numbers() {
    for (word, number) in [
        ("\"SystemMessage\"", "0"),
        ("\"Subscription\"", "1"),
        ("\"CommandResult\"", "2"),
        ("\"subscription\"", "1.0"),
        ("\"commandresult\"", "\"2\""),
    ] {
        let frame = |kind| {
            read(&format!(
                r#"{{"type":{kind},"timeStamp":"2023-07-01T18:23:32Z","eventType":"PlayerJoined","data":[1, "ä"],"commandId":"7"}}"#
            ))
            .unwrap()
        };
        let kind = |frame: &Frame| match &frame.kind {
            Kind::Reply { id, .. } => Err(*id),
            other => Ok(other.clone()),
        };
        assert_eq!(kind(&frame(word)), kind(&frame(number)));
        assert_eq!(frame(number).data(), r#"[1, "ä"]"#);
        assert_eq!(
            frame(number).timestamp().unwrap().to_string(),
            "2023-07-01T18:23:32Z"
        );
    }
}

#[test]
fn the_id_of_a_reply_is_read_from_a_number_and_from_a_string() {
    for id in ["7", "\"7\"", "\" 7 \"", "7.0", "\"7.0\""] {
        let frame = read(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#)).unwrap();
        assert!(matches!(frame.kind, Kind::Reply { id: Some(7), .. }));
    }
    for id in [
        "-7",
        "7.5",
        "[7]",
        "null",
        "99999999999",
        "1e999",
        "\"NaN\"",
    ] {
        let frame = read(&format!(r#"{{"type":2,"data":{{}},"commandId":{id}}}"#)).unwrap();
        assert!(matches!(frame.kind, Kind::Reply { id: None, .. }));
    }
}

#[test]
fn a_string_that_is_not_a_frame_has_a_reason() {
    for text in [
        "",
        "ping",
        "[]",
        "null",
        r#"{"type":1"#,
        r#"{"type":1}}"#,
        r#"{"type":1}{"type":1}"#,
    ] {
        assert_eq!(read(text).unwrap_err(), Malformed::NotAnObject, "{text}");
    }
    for text in ["{}", r#"{"type":null}"#, r#"{"type":true}"#] {
        assert_eq!(read(text).unwrap_err(), Malformed::NoType, "{text}");
    }
    assert_eq!(
        read(r#"{"type":1,"data":{}}"#).unwrap_err(),
        Malformed::Nameless
    );
    let other = read(r#"{"type":"FatalLog","data":"Invalid Token"}"#).unwrap();
    assert_eq!(other.kind, Kind::Other("FatalLog".into()));
    assert_eq!(other.text().as_deref(), Some("Invalid Token"));
}

#[test]
fn an_invalid_field_does_not_affect_the_others() {
    let frame = read(
        r#"{"TYPE":1,"eventType":null,"EventType":"PlayerJoined","timeStamp":[1],"data":{"a":1},"commandId":1e999,"\ud83d":"\ud83d"}"#,
    )
    .unwrap();
    assert_eq!(frame.kind, Kind::Event("PlayerJoined".into()));
    assert_eq!((frame.data(), frame.timestamp()), (r#"{"a":1}"#, None));
}

#[test]
fn invalid_values_in_an_event_do_not_lose_the_event() {
    use alta_model::console::event::{InfoLog, PlayerJoined, PlayerKilled};
    let event = |name: &str, data: &str| {
        read(&format!(
            r#"{{"type":"Subscription","timeStamp":"2026-11-28T10:00:02.5Z","eventType":"{name}","data":{data}}}"#
        ))
        .unwrap()
    };
    for position in ["[null,null,null]", "[]", "[1e999,2,3]", "\"\\ud83d\""] {
        let data = format!(
            r#"{{"user":{{"id":1,"username":"Fox\ud83d"}},"position":{position},"\ude00":1}}"#
        );
        let joined: PlayerJoined = event("PlayerJoined", &data).decode().unwrap();
        assert_eq!(
            (joined.user.username.as_str(), joined.position),
            ("Fox\u{fffd}", None)
        );
    }
    let data = r#"{"killedPlayer":{"id":1},"source":"Impact","killerPlayer":{}}"#;
    let killed: PlayerKilled = event("PlayerKilled", data).decode().unwrap();
    assert_eq!(
        (
            killed.killer_player.as_ref(),
            killed.skipped().to_string().as_str()
        ),
        (None, "killerPlayer")
    );
    let data = r#"{"message":"hello","timeStamp":"9999-12-31T23:59:59.9999999","logger":"L"}"#;
    let log: InfoLog = event("InfoLog", data).decode().unwrap();
    assert_eq!(log.time_stamp, Some(Timestamp::MAX));
}

#[test]
fn the_fast_reader_accepts_an_event_only_if_nothing_follows_its_data() {
    let event = |rest: &str| {
        format!(
            r#"{{"type":"Subscription","timeStamp":"2024-08-03T04:08:51.5Z","eventType":"PlayerJoined","data":{rest}"#
        )
    };
    let usual = event(r#"{"a":[1,"}"]}}"#);
    let (fast, full) = Frame::by_both_readers(&usual).unwrap();
    same(&fast, &full.unwrap());
    for rest in [
        r#"{"a":1}}{"type":2}"#,
        r#"{"a":1}} {"a":1}}"#,
        r#"{"a":1}}x}"#,
        r#"{"a":1},"data":{"a":2}}"#,
        r#"{"a":1},"serialized":null}"#,
        r#"{"a":1}"#,
        r#"{"a":}}"#,
        r#"{"a":1} }"#,
        "[1]}",
        "7}",
    ] {
        assert!(usual_frame(&event(rest)).is_none(), "{rest}");
    }
    let escaped =
        r#"{"type":"Subscription","timeStamp":"","eventType":"Player\u004aoined","data":{}}"#;
    assert_eq!(
        read(escaped).unwrap().kind,
        Kind::Event("PlayerJoined".into())
    );
}

/// Reads a message. Each part is shown as the name of its event, the id of its reply, or the reason why it is not a frame.
fn found(text: &str) -> Vec<Result<String, Malformed>> {
    let mut found = Vec::new();
    Frame::read_each(text.into(), SystemTime::now(), |frame| {
        found.push(frame.map(|frame| match &frame.kind {
            Kind::Event(name) => format!("{name} {}", frame.data()),
            Kind::Reply { id, .. } => format!("{id:?}"),
            Kind::Malformed => format!("malformed {}", frame.raw.as_str()),
            other => format!("{other:?}"),
        }));
    });
    found
}

#[test]
fn every_object_in_a_message_is_a_frame() {
    let event =
        r#"{"type":"Subscription","timeStamp":"","eventType":"PlayerJoined","data":{"a":"}{"}}"#;
    let odd_event = r#"{"type":1,"eventType":"PlayerJoined","data":{"a":"}{"}}"#;
    let reply = r#"{"type":"CommandResult","timeStamp":"","data":{"Result":1},"commandId":7}"#;
    let (joined, seven) = (
        || Ok(r#"PlayerJoined {"a":"}{"}"#.to_owned()),
        || Ok("Some(7)".to_owned()),
    );
    for event in [event, odd_event] {
        for between in ["", " ", "\r\n", "\0"] {
            let text = [event, reply, event].join(between);
            assert_eq!(found(&text), [joined(), seven(), joined()], "{text}");
        }
    }
    for (rest, shown) in [
        ("rubbish", "rubbish"),
        (",", ","),
        ("]", "]"),
        (&event[..40], &event[..40]),
        (&reply[..reply.len() - 1], &reply[..reply.len() - 1]),
    ] {
        let malformed_part = Ok(format!("malformed {shown}"));
        assert_eq!(
            found(&format!("{event}{rest}")),
            [joined(), malformed_part.clone()]
        );
        assert_eq!(found(&format!("{reply} {rest}")), [seven(), malformed_part]);
    }
    let malformed = r#"{"type":1,"eventType":"PlayerJoined","data":{"a":}}"#;
    let malformed_part = Ok(format!("malformed {malformed}"));
    assert_eq!(
        found(&format!("{malformed}{reply}")),
        [malformed_part.clone(), seven()],
        "the frame after a malformed one is read"
    );
    assert_eq!(found(malformed), [malformed_part]);
    assert_eq!(
        found(&format!("{reply}{{}}")),
        [seven(), Err(Malformed::NoType)]
    );
    for text in ["", " ", "ping", "[1, 2]"] {
        assert_eq!(found(text), [Err(Malformed::NotAnObject)], "{text}");
    }
    for text in [format!("[{event},{reply}]"), format!("rubbish{event}")] {
        let malformed_part = Ok(format!("malformed {text}"));
        assert_eq!(found(&text), [malformed_part], "it may contain events");
    }
}

#[test]
fn a_frame_of_several_in_a_message_keeps_only_its_own_text() {
    let one = r#"{"type":1,"eventType":"PlayerJoined","data":{}}"#;
    Frame::read_each(
        format!("{one}{one}").as_str().into(),
        SystemTime::now(),
        |frame| {
            assert_eq!(frame.unwrap().raw.as_str(), one);
        },
    );
}

fn same(short: &Frame, long: &Frame) {
    assert_eq!(short.kind, long.kind);
    assert_eq!(short.data(), long.data());
    assert_eq!(short.timestamp(), long.timestamp());
}

#[test]
fn both_readers_read_a_usual_reply_the_same() {
    let reply = |data: &str, id: &str| {
        format!(
            r#"{{"type":"CommandResult","timeStamp":"2024-08-03T04:08:51.5Z","data":{data},"commandId":{id}}}"#
        )
    };
    for data in [
        r#"{"Result":{"a":[1,"}"]},"ResultString":"Success","Command":{"x":null}}"#,
        r#"{"ResultString":"a \"b\"","StringResult":"c"}"#,
        r#"{"Exception":{"ClassName":"X"}}"#,
        r#"{"exception":5,"Exception":{"ClassName":"X"},"RESULT":null,"result":7}"#,
        r#"{"ResultString":"Fox\ud83d","StringResult":7}"#,
        r#"{"commandId":3}"#,
        "{}",
    ] {
        for id in ["7", "0", "99999999999"] {
            let text = reply(data, id);
            let (fast, full) = Frame::by_both_readers(&text).unwrap();
            same(&fast, &full.unwrap());
        }
    }
}

#[test]
fn a_reply_of_another_form_is_left_to_the_full_reader() {
    let begins = r#"{"type":"CommandResult","timeStamp":"","data":{"Result":1}"#;
    for (rest, id) in [
        (r#","x":2,"commandId":7}"#, Some(7)),
        (r#","x":{"y":2,"commandId":7}}"#, None),
        (r#","commandId":"7"}"#, Some(7)),
        (r#","commandId":7 }"#, Some(7)),
        (r#","commandId":3,"commandId":7}"#, Some(3)),
    ] {
        let text = format!("{begins}{rest}");
        assert!(usual_frame(&text).is_none(), "{text}");
        let frame = read(&text).unwrap();
        assert!(
            matches!(frame.kind, Kind::Reply { id: found, .. } if found == id),
            "{frame:?}"
        );
        assert_eq!(frame.data(), r#"{"Result":1}"#);
    }
    for rest in [
        "",
        r#","commandId":07}"#,
        r#","commandId":}"#,
        r#"x,"commandId":7}"#,
    ] {
        let text = format!("{begins}{rest}");
        assert_eq!(read(&text).unwrap_err(), Malformed::NotAnObject, "{text}");
    }
    let endless = format!(r#"{begins},"commandId":1{}}}"#, "0".repeat(400));
    let (fast, full) = Frame::by_both_readers(&endless).unwrap();
    same(&fast, &full.unwrap());
    let two_lines = begins.replace(r#""timeStamp":""#, "\"timeStamp\":\"\n");
    let text = format!(r#"{two_lines},"commandId":7}}"#);
    assert_eq!(read(&text).unwrap_err(), Malformed::NotAnObject);
}

proptest! {
    #[test]
    fn both_readers_read_any_reply_the_same(
        data in r#"\{("(Result|ResultString|Exception|EXCEPTION|x)":("[a}\\"]{0,3}"|"\\ud83d"|1|\{\}|null),?){0,3}\}?.?"#,
        id in r#"(,"commandId":[0-9]{0,3}0{0,20}(0{300})?){1,2}"#,
        time in r#"[2\\n\n\t "]{0,2}"#,
        follows in r#"(\}|\{\}| |x|,"data":null\})?"#,
    ) {
        let text = format!(r#"{{"type":"CommandResult","timeStamp":"{time}","data":{data}{id}}}{follows}"#);
        if let Some((fast, full)) = Frame::by_both_readers(&text) {
            same(&fast, &full.unwrap());
        }
    }

    #[test]
    fn both_readers_read_any_event_the_same(
        name in r#"(PlayerJoined|x\\u0041|é|\t|")?"#,
        data in r#"(\{("[ab}{]{0,2}":("[a}{\\"]{0,3}"|"\\ud83d"|01|1e999|\{\}|\[\{\}\]|null),?){0,3}\}?|[0-9]{0,2}|"\}").?"#,
        time in r#"[2\\n\n\t "]{0,2}"#,
        follows in r#"(\}|\{\}| |x|,"data":null\}|\}\{"type":1\})?"#,
    ) {
        let text = format!(r#"{{"type":"Subscription","timeStamp":"{time}","eventType":"{name}","data":{data}}}{follows}"#);
        if let Some((fast, full)) = Frame::by_both_readers(&text) {
            same(&fast, &full.unwrap());
        }
    }

    #[test]
    fn no_string_makes_the_reader_panic(text in "\\PC*", json in r#"\{"type":[0-3],"(data|commandId)":.{0,20}\}"#) {
        let _ = read(&text).map(|frame| (frame.data().len(), frame.timestamp()));
        let _ = read(&json).map(|frame| (frame.data().len(), frame.timestamp()));
    }
}
