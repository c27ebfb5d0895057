use super::*;
use serde_json::json;

#[test]
fn ids_are_recognized_by_field_or_size() {
    let values = vec![json!({
        "created_by": 66_003, "user_ids": [66_003, 5], "assignee": 77_000_004, "percent": 66, "bytes": 999_999,
    })];
    let values = anonymized(values).unwrap();
    let body = &values[0];
    assert!(body["created_by"] != 66_003 && body["created_by"] == body["user_ids"][0]);
    assert_ne!(body["assignee"], 77_000_004);
    assert_eq!(
        (&body["user_ids"][1], &body["percent"], &body["bytes"]),
        (&json!(5), &json!(66), &json!(999_999))
    );
}

fn exchange() -> Value {
    json!({
        "request": {"path": "/servers/name/Quill%27s%20town", "query": {"paginationToken": "g+44001"}},
        "response": {
            "headers": {"paginationToken": "g+44001"},
            "body": [{"id": 44_001, "name": "Quill's town", "owner_id": "55002", "role_id": 2, "address": "192.0.2.77",
                "local_address": "127.0.0.1", "token": "eyJhbGciOi", "region": "australia-agones",
                "description": "Ask Quill at 192.0.2.77", "up_time": "7.09:36:59"}],
        },
    })
}

fn message() -> Value {
    json!({"username": "Quill", "last_name": "der", "message": "no Quill's town for 55002"})
}

#[test]
fn equal_originals_get_equal_replacements_everywhere() {
    let values = anonymized(vec![exchange(), message()]).unwrap();
    let text = Value::from(values.clone()).to_string();
    for original in ["44001", "55002", "Quill", "192.0.2.77", "eyJ"] {
        assert!(!text.contains(original), "{original} in {text}");
    }
    let (request, response) = (&values[0]["request"], &values[0]["response"]);
    let body = &response["body"][0];
    let name = body["name"].as_str().unwrap();
    assert_eq!(request["path"], format!("/servers/name/{name}"));
    assert_eq!(
        request["query"]["paginationToken"],
        response["headers"]["paginationToken"]
    );
    assert_eq!(
        values[1]["message"],
        format!("no {name} for {}", body["owner_id"].as_str().unwrap())
    );
    for (field, kept) in [
        ("role_id", json!(2)),
        ("local_address", json!("127.0.0.1")),
        ("region", json!("australia-agones")),
        ("up_time", json!("7.09:36:59")),
    ] {
        assert_eq!(body[field], kept);
    }
}

#[test]
fn a_value_that_would_remain_is_an_error() {
    let mut exchange = exchange();
    // A count that equals an id cannot be distinguished from it.
    exchange["response"]["body"][0]["player_count"] = json!(44_001);
    anonymized(vec![exchange, message()]).unwrap_err();
}

#[test]
fn json_within_strings_is_anonymized_too() {
    let content = r#"{"user":{"id":4321,"username":"Quill"}}"#;
    let frame = json!({"type": "Subscription", "data": content}).to_string();
    let values = vec![json!({"frames": [{"text": frame}]}), json!({"id": 4_321})];
    let values = anonymized(values).unwrap();
    let text = Value::from(values.clone()).to_string();
    assert!(!text.contains("Quill") && !text.contains("4321"), "{text}");
    let frame = values[0]["frames"][0]["text"].as_str().unwrap();
    let frame: Value = serde_json::from_str(frame).unwrap();
    let content: Value = serde_json::from_str(frame["data"].as_str().unwrap()).unwrap();
    assert_eq!(content["user"]["id"], values[1]["id"]);
}

#[test]
fn several_values_may_follow_each_other() {
    let values = read(&b"{\"id\":1}\n{\"id\":2} [3]"[..]).unwrap();
    assert_eq!(values, [json!({"id": 1}), json!({"id": 2}), json!([3])]);
    read(&b"{\"id\":1} and more"[..]).unwrap_err();
}

#[test]
fn frames_are_anonymized_together_with_the_caller_in_the_reply_to_the_token() {
    let originals = [
        r#"{"type":"SystemMessage","data":"Connection Succeeded, Authenticated as: 44001 - Quill"}"#,
        r#"{"id":1,"content":"player kick \"Nettle\""}"#,
        r#"{"a":{"id":55002,"username":"Nettle"}}{"b":"Quill"}"#,
        "<redacted>",
    ];
    let frames = frames(originals.into_iter()).unwrap();
    let all = frames.join("\n");
    for original in ["44001", "Quill", "55002", "Nettle"] {
        assert!(!all.contains(original), "{all}");
    }
    assert_eq!(frames[3], "<redacted>");
    assert!(frames[1].contains("player kick"), "{all}");
}
