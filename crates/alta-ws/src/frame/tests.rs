use super::*;
use crate::topic::Topic;
use alta_model::Timestamp;
use http::Method;
use proptest::prelude::*;
use std::time::Instant;

proptest! {
    #[test]
    fn any_string_is_decoded_to_a_kind_of_frame(text: String, field: String, inner: String) {
        let _ = Incoming::parse(&text);
        let value = serde_json::json!({ "event": field, "key": inner, "content": text });
        let frame = value.to_string();
        if let Incoming::Event { event, key, content } = Incoming::parse(&frame) {
            prop_assert_eq!((&*event, &*key), (field.as_str(), inner.as_str()));
            let range = range_within(&frame, content);
            prop_assert_eq!(RawContent::new(&frame[range]).text().unwrap(), text);
        }
    }
}

proptest! {
    #[test]
    fn every_string_is_decoded_as_by_serde_json(
        text in "(\\PC|[\n\r\t\\x08\\x0c\\x01/\"\\\\é]){0,20}") {
        let json = serde_json::Value::from(text.as_str()).to_string();
        prop_assert_eq!(RawContent::new(&json).text().unwrap(), text.as_str());
    }

    #[test]
    fn an_invalid_string_is_an_error_for_both_readers(json in "\"[a\\\\u0\"\n]{0,8}") {
        let theirs = serde_json::from_str::<String>(&json);
        prop_assert_eq!(RawContent::new(&json).text().ok().map(Cow::into_owned), theirs.ok());
    }
}

/// A usual event, or one with a different part.
fn nearly_usual() -> impl Strategy<Value = String> {
    let name = "[a-z-]{0,4}|[Rr]esponse|[a\\\\\"\n\x01é]{0,3}";
    let content = "\"([a7 ,:{}\\[\\]]|\\\\[\"\\\\/nux]|\\\\ud83d|\\\\u00e9|[\"\n\x01é]){0,8}\"|\\PC{0,4}|7|null";
    let rest = "|| |x|,\"content\":\"1\"";
    let tail = "|\n|x|\\{\\}|,\"responseCode\":200\\}";
    (name, name, content, rest, tail).prop_map(|(event, key, content, rest, tail)| {
        format!(
            r#"{{"id":0,"event":"{event}","key":"{key}","content":{content}{rest},"responseCode":200}}{tail}"#
        )
    })
}

proptest! {
    #[test]
    fn both_readers_read_any_frame_the_same(text in nearly_usual()) {
        if let Some((short, long)) = Incoming::both_ways(&text) {
            prop_assert_eq!(&short, &long);
        }
    }

    #[test]
    fn the_fast_reader_reads_most_usual_events(content: String, key in "[0-9]{1,10}") {
        let content = serde_json::Value::from(content).to_string();
        let text = format!(
            r#"{{"id":0,"event":"group-update","key":"{key}","content":{content},"responseCode":200}}"#
        );
        let (short, long) = Incoming::both_ways(&text).unwrap();
        prop_assert_eq!(short, long);
    }
}

proptest! {
    #[test]
    fn a_string_is_one_for_serde_json_too(json in "\"?(\\\\[\"\\\\/bfnrtux]|\\\\u00e9|[a\"\n\x01é]){0,6}\"?") {
        let theirs = json.starts_with('"') && serde_json::from_str::<&RawValue>(&json).is_ok();
        prop_assert_eq!(is_string(&json), theirs && !json.ends_with('\n'));
    }
}

#[test]
fn a_frame_with_only_the_beginning_and_end_of_a_usual_event_is_not_one() {
    let event = |content: &str| {
        format!(
            r#"{{"id":0,"event":"group-update","key":"7","content":{content},"responseCode":200}}"#
        )
    };
    let usual = event(r#""1""#);
    assert!(usual_event(&usual).is_some());
    for text in [
        format!("{usual}{usual}"),
        format!("{usual} {usual}"),
        format!("{usual}\n"),
        event(r#""1","content":"2""#),
        event(r#""1"x"2""#),
        event(r#""\""#),
        event(r#""\x""#),
        event("\"\u{1}\""),
        event("\"\n\""),
        event(r#"""#),
        usual.replacen("group-update", "Response", 1),
        usual.replacen("group-update", "group\u{1}update", 1),
    ] {
        assert_eq!(usual_event(&text), None, "{text}");
    }
}

#[test]
fn half_a_surrogate_pair_loses_no_event() {
    for (name, read) in [
        (r"Fox\\ud83d", "Fox\u{fffd}"),
        (r"Fox\ud83d", "Fox\u{fffd}"),
        (r"\\ude00\\ud83d", "\u{fffd}\u{fffd}"),
        (r"\\ud83d\\ude00\ude00", "\u{1f600}\u{fffd}"),
    ] {
        for begins in [r#"{"id":0,"#, r#"{"id": 0,"#] {
            let text = format!(
                r#"{begins}"event":"group-update","key":"7","content":"{{\"id\":7,\"name\":\"{name}\",\"{name}\":1}}","responseCode":200}}"#
            );
            let Incoming::Event { content, .. } = Incoming::parse(&text) else {
                panic!("not an event: {text}");
            };
            let group: alta_model::Group = RawContent::new(content).json().unwrap();
            assert_eq!(group.name, read, "{text}");
        }
    }
    let refused = r#"{"id":3,"event":"response","key":"GET \ud83d","content":"no \ud83d","responseCode":404}"#;
    assert!(matches!(
        Incoming::parse(refused),
        Incoming::Response { id: Some(3), key, status: 404, .. } if key == "GET \u{fffd}"
    ));
}

#[test]
fn a_usual_event_is_read_as_any_other() {
    let usual = r#"{"id":0,"event":"group-update","key":"7","content":"{\"id\":7,\"name\":\"A \\\"b\\\"\"}","responseCode":200}"#;
    let unusual = usual.replacen("\"id\":0,", "\"id\": 0,", 1);
    assert!(usual_event(usual).is_some() && usual_event(&unusual).is_none());
    let read = |text: &str| {
        let Incoming::Event {
            event,
            key,
            content,
        } = Incoming::parse(text)
        else {
            panic!("not an event");
        };
        (
            event.into_owned(),
            key.into_owned(),
            RawContent::new(content).text().unwrap().into_owned(),
        )
    };
    assert_eq!(read(usual), read(&unusual));
    // The string that a migration compares is the same, too.
    let Incoming::Event { content, .. } = Incoming::parse(&unusual) else {
        panic!("not an event");
    };
    assert_eq!(usual_event(usual).unwrap().2, content);
    assert_eq!(read(usual).2, r#"{"id":7,"name":"A \"b\""}"#);
    let reply = usual.replacen("group-update", "response", 1);
    assert!(matches!(Incoming::parse(&reply), Incoming::Response { .. }));
}

#[test]
fn an_event_keeps_its_content_wrapped_until_it_is_read() {
    let text =
        r#"{"id":0,"event":"group-update","key":"7","content":"{\"id\":7}","responseCode":200}"#;
    let Incoming::Event {
        event,
        key,
        content,
    } = Incoming::parse(text)
    else {
        panic!("not an event");
    };
    assert_eq!((&*event, &*key), ("group-update", "7"));
    let frame = Frame {
        topic: Topic::known("group-update", 7),
        received: Instant::now(),
        content: Some(range_within(text, content)),
        raw: text.into(),
    };
    assert_eq!(frame.content().unwrap().text().unwrap(), r#"{"id":7}"#);
}

#[test]
fn the_fields_of_a_frame_determine_its_kind() {
    let told = |text| match Incoming::parse(text) {
        Incoming::Malformed(_) => "malformed",
        Incoming::Gateway { .. } => "gateway",
        Incoming::Response { .. } => "response",
        Incoming::Event { .. } => "event",
    };
    for (text, kind) in [
        ("ping", "malformed"),
        ("[1]", "malformed"),
        ("{\"id\":", "malformed"),
        ("null", "malformed"),
        (r#"{"message":"Forbidden","connectionId":"A="}"#, "gateway"),
        (r#"{"message":"odd"}"#, "gateway"),
        ("{}", "malformed"),
        (r#"{"id":0,"event":null}"#, "malformed"),
        (r#"{"Event":"x","KEY":"7"}"#, "event"),
        (r#"{"ID":1.0,"Event":"Response"}"#, "response"),
        (r#"{"event":"response","key":"","content":""}"#, "response"),
        (
            r#"{"event":"x","key":7,"id":null,"content":{"a":1}}"#,
            "event",
        ),
        (r#"{"event":"x"}"#, "event"),
    ] {
        assert_eq!(told(text), kind, "{text}");
    }
}

#[test]
fn a_field_of_another_type_loses_no_frame() {
    for text in [
        r#"{"id":"12","event":"response","key":"GET \/ws\/migrate","content":null,"responseCode":"200"}"#,
        r#"{"Id":12.0,"Event":"response","Key":"GET /ws/migrate","RESPONSECODE":" 200.0 "}"#,
    ] {
        let Incoming::Response {
            id,
            key,
            status,
            content,
        } = Incoming::parse(text)
        else {
            panic!("not a response");
        };
        assert_eq!(
            (id, &*key, status, content),
            (Some(12), "GET /ws/migrate", 200, "")
        );
        assert_eq!(range_within(text, content), 0..0);
    }
}

#[test]
fn a_request_has_the_token_and_omits_an_absent_content() {
    let mut request = Request::new(Method::POST, "subscription/group-update/7");
    let frame = request.frame(3, "abc").unwrap();
    assert_eq!(
        frame.as_str(),
        r#"{"id":3,"method":"POST","path":"subscription/group-update/7","authorization":"Bearer abc"}"#
    );
    request.content = Some(Content::Text(r#"{"token":"x"}"#.into()));
    let frame: serde_json::Value =
        serde_json::from_str(request.frame(4, "abc").unwrap().as_str()).unwrap();
    assert_eq!(frame["content"], r#"{"token":"x"}"#);
    let of = BatchOf {
        event: "group-update".to_owned(),
        keys: vec!["7".to_owned()],
    };
    request.content = Some(Content::Batch([of].into()));
    let frame: serde_json::Value =
        serde_json::from_str(request.frame(5, "abc").unwrap().as_str()).unwrap();
    let raw = serde_json::json!([{"event": "group-update", "keys": ["7"]}]);
    assert_eq!(frame["content"], raw);
    assert!(request.has_reply_key("POST /ws/subscription/group-update/7"));
    assert!(!request.has_reply_key("DELETE /ws/subscription/group-update/7"));
}

#[test]
fn an_event_serializes_to_one_line_of_a_log() {
    let received: Timestamp = "2026-11-28T10:00:01.5Z".parse().unwrap();
    let event = Event {
        data: serde_json::json!({"id": 7}),
        topic: Topic::known("group-update", 7),
        received,
        raw: "{}".into(),
    };
    assert_eq!(
        serde_json::to_value(&event).unwrap(),
        serde_json::json!({"received": received, "topic": event.topic.to_string(), "data": {"id": 7}})
    );
}
