use super::command::{CommandFrame, exception};
use crate::private_cloud::allowed::Allowed;
use serde_json::{Value, json};

fn is_allowed(allowed: &Allowed, text: &str) -> bool {
    allowed.check(CommandFrame::parse(text).as_ref()).is_ok()
}

#[test]
fn a_role_without_allowed_commands_may_send_anything() {
    let all = Allowed::new([].into_iter());
    for text in ["no JSON", "[]", r#"{"id":1,"content":"quit"}"#] {
        assert!(is_allowed(&all, text), "{text}");
    }
}

#[test]
fn allowed_commands_are_compared_by_their_first_words() {
    let some = Allowed::new(["player list", "Websocket"].into_iter());
    for line in [
        "player list",
        "PLAYER  LIST",
        " player list x",
        "websocket subscribe PlayerJoined",
    ] {
        let text = json!({"id": 1, "content": line}).to_string();
        assert!(is_allowed(&some, &text), "{line}");
    }
    for line in [
        "quit",
        "player",
        "player listx",
        "player kick a",
        "player.list",
        "\"player\" list",
        "player list\nquit",
        "player\u{a0}list",
        "",
    ] {
        let text = json!({"id": 1, "content": line}).to_string();
        assert!(!is_allowed(&some, &text), "{line}");
    }
}

#[test]
fn a_restricted_role_cannot_hide_a_command_in_a_frame() {
    let some = Allowed::new(["player list"].into_iter());
    for text in [
        r#"{"id":1,"content":"player list","content":"quit"}"#,
        r#"{"id":1,"content":"player list","Content":"quit"}"#,
        r#"{"id":1,"Id":2,"content":"player list"}"#,
        r#"{"id":1,"content":["quit"]}"#,
        r#"{"id":1}"#,
        r#"{"id":1,"content":"player list"} {"id":2,"content":"quit"}"#,
        r#"{"id":1,"content":"player list",}"#,
        "[]",
        "quit",
        "",
    ] {
        assert!(!is_allowed(&some, text), "{text}");
    }
}

#[test]
fn a_refusal_is_an_exception_with_the_id_of_the_command() {
    let frame: Value = serde_json::from_str(&exception(Some(&json!(5)), "no \"quit\"")).unwrap();
    assert_eq!(frame["type"], "CommandResult");
    assert_eq!(frame["commandId"], 5);
    assert_eq!(frame["data"]["Exception"]["Message"], "no \"quit\"");
}
