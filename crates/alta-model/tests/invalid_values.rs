//! An invalid value affects no other value.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_model::console::event::{
    ChangeType, InfoLog, InventoryChanged, InventoryType, PlayerJoined, PlayerKilled,
};
use alta_model::console::result::PlayerDetailed;
use alta_model::{GroupDetailed, InvitedGroup, JoinResult, JoinType, Member, OwnerType, Server};
use serde::de::DeserializeOwned;

fn read<T: DeserializeOwned>(json: &str) -> T {
    let read = serde_json::from_str(json);
    read.unwrap_or_else(|error| panic!("{error}: {json}"))
}

#[test]
fn the_extreme_times_of_dot_net_make_no_record_invalid() {
    for time in [
        "9999-12-31T23:59:59.9999999",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59.9999999-08:00",
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+09:00",
        "2022-02-28T24:00:00Z",
        "2016-12-31T23:59:60Z",
    ] {
        let servers: Vec<Server> = read(&format!(
            r#"[{{"id":7,"name":"Thornwood","last_online":"{time}"}},{{"id":8}}]"#
        ));
        assert!(servers[0].last_online.is_some(), "{time}");
        let log: InfoLog = read(&format!(
            r#"{{"message":"hello","timeStamp":"{time}","logger":"L"}}"#
        ));
        assert!(log.time_stamp.is_some(), "{time}");
    }
    for time in ["\"soon\"", "\"\"", "12", "[]", "\"99999-01-01T00:00:00\""] {
        let server: Server = read(&format!(r#"{{"last_online":{time},"id":7,"name":"A"}}"#));
        assert_eq!((server.last_online, server.name.as_str()), (None, "A"));
    }
}

#[test]
fn an_invalid_value_of_an_optional_field_is_none() {
    for position in [
        "[null,null,null]",
        "[]",
        "[1,2]",
        "{}",
        "7",
        "\"x\"",
        "[[1],2,3]",
    ] {
        let joined: PlayerJoined = read(&format!(
            r#"{{"position":{position},"user":{{"id":1,"username":"Ashwick"}},"mode":"OpenVR"}}"#
        ));
        assert_eq!(joined.position, None, "{position}");
        assert_eq!(joined.user.username, "Ashwick");
        assert_eq!(joined.mode.as_deref(), Some("OpenVR"));
    }
    for killer in [
        "{}",
        "[]",
        "7",
        "{\"id\":{}}",
        "{\"id\":\"x\",\"username\":[]}",
    ] {
        let killed: PlayerKilled = read(&format!(
            r#"{{"killerPlayer":{killer},"killedPlayer":{{"id":1}},"source":["Impact"],"usedTool":{{"a":[1]}}}}"#
        ));
        assert_eq!((killed.killer_player, killed.source), (None, None));
    }
    let players: Vec<PlayerDetailed> =
        read(r#"[{"id":1,"LeftHandPosition":[],"Position":[1,2,3]},{"id":2,"Body":{}}]"#);
    assert!(players[0].position.is_some() && players[0].left_hand_position.is_none());
    assert_eq!(players[1].body, None);
    let join: JoinResult = read(
        r#"{"server_id":7,"allowed":true,"connection":{"game_port":"many","websocket_port":70000,"address":"a"},"token":"t"}"#,
    );
    let connection = join.connection.unwrap();
    assert_eq!(
        (connection.game_port, connection.websocket_port),
        (None, None)
    );
    let server: Server = read(
        r#"{"id":7,"up_time":"long","fleet":1.5,"player_count":1e40,"is_online":"perhaps","name":"A","description":5}"#,
    );
    assert_eq!((server.up_time, server.player_count), (None, None));
    assert_eq!((server.is_online, server.name.as_str()), (None, "A"));
}

#[test]
fn an_invalid_entry_of_a_list_is_skipped() {
    let server: Server = read(
        r#"{"id":7,"online_players":[null,{"id":null,"username":"Ashwick"},{"id":2,"username":"Bee"},"x",[]]}"#,
    );
    assert_eq!(server.online_players.len(), 1);
    let group: GroupDetailed = read(
        r#"{"id":7,"servers":{"id":1},"roles":[{"role_id":"x"},{"role_id":2,"permissions":["Console",7,{}]}],"tags":[1,"a"]}"#,
    );
    assert!(group.servers.is_empty());
    assert_eq!(
        (group.roles.len(), group.roles[0].permissions.len()),
        (1, 2)
    );
    assert_eq!(group.tags, ["a"]);
}

#[test]
fn a_missing_or_invalid_required_field_is_an_error() {
    for json in [
        r#"{"name":"A"}"#,
        r#"{"id":null}"#,
        r#"{"id":[7]}"#,
        r#"{"id":"seven"}"#,
        r#"{"id":1.5}"#,
        "[7]",
        "null",
    ] {
        assert!(serde_json::from_str::<Server>(json).is_err(), "{json}");
    }
    assert!(serde_json::from_str::<PlayerJoined>(r#"{"user":{"username":"A"}}"#).is_err());
    assert!(serde_json::from_str::<Member>(r#"{"group_id":1,"user_id":[]}"#).is_err());
}

#[test]
fn enums_are_read_from_their_numbers() {
    let changed: InventoryChanged = read(r#"{"User":{"id":1},"ChangeType":3,"InventoryType":"1"}"#);
    assert_eq!(changed.change_type, Some(ChangeType::Undock));
    assert_eq!(changed.inventory_type, Some(InventoryType::Player));
    let server: Server = read(r#"{"id":1,"owner_type":1,"join_type":5}"#);
    assert_eq!(server.owner_type, Some(OwnerType::Group));
    assert_eq!(server.join_type, Some(JoinType::PublicGroup));
}

#[test]
fn a_count_that_the_server_did_not_send_is_not_zero() {
    let invited: InvitedGroup = read(r#"{"id":7}"#);
    assert!(!format!("{:?}", invited.member_count).contains('0'));
}
