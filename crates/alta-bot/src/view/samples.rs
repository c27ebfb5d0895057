//! Sample data for tests of views and plans.

use super::{GroupView, Known, ServerView};
use alta_model::{GroupId, JoinedGroup, Member, Server, ServerId, UserId};
use serde_json::{Value, json};
use std::sync::Arc;

pub(crate) const ME: UserId = UserId::new(1_100_000_001);
pub(crate) const GROUP: GroupId = GroupId::new(2_000_000_031);
pub(crate) const SERVER: ServerId = ServerId::new(300_000_001);

pub(crate) fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub(crate) fn member(user: UserId, role: i32) -> Member {
    read(
        json!({"group_id": GROUP, "user_id": user, "username": "Birch", "role_id": role, "type": "Accepted"}),
    )
}

/// A group with one server, in which role 2 may use the console.
pub(crate) fn joined(role: i32) -> JoinedGroup {
    read(json!({
        "group": {
            "id": GROUP,
            "name": "Thornwood Folk",
            "servers": [{"id": SERVER, "name": "Thornwood"}],
            "roles": [
                {"role_id": 1, "name": "Member", "permissions": []},
                {"role_id": 2, "name": "Moderator", "permissions": ["Kick", "Console"]},
            ],
        },
        "member": {"group_id": GROUP, "user_id": ME, "role_id": role, "type": "Accepted"},
    }))
}

pub(crate) fn server(id: ServerId, fields: Value) -> Server {
    let mut all = json!({"id": id, "name": "Thornwood"});
    let Value::Object(fields) = fields else {
        panic!("{fields}")
    };
    all.as_object_mut().unwrap().extend(fields);
    read(all)
}

/// A complete group with these servers.
pub(crate) fn group(
    id: GroupId,
    role: i32,
    servers: impl IntoIterator<Item = ServerView>,
) -> GroupView {
    let mut joined = joined(role);
    joined.group.id = id;
    let servers = servers.into_iter();
    GroupView {
        group: Arc::new(joined.group),
        me: Arc::new(joined.member),
        members: Arc::default(),
        members_known: true,
        servers: servers
            .map(|server| (server.id, Arc::new(server)))
            .collect(),
        complete: true,
    }
}

pub(crate) fn view(group: GroupId, id: ServerId, is_online: bool, record: Value) -> ServerView {
    let mut view = ServerView::new(id, group, "Thornwood");
    view.is_online = is_online;
    view.known = Some(Known::AtStart);
    view.is_tried = true;
    view.record = Some(Arc::new(server(id, record)));
    view
}
