//! Every event that any known client has, by its type.

use crate::support::{connected, event, group, start, within};
use alta_model::{GroupId, UserId};
use alta_sim::Sim;
use alta_ws::{
    Client, Event, GroupBanCreate, GroupBanDelete, GroupInviteCreate, GroupInviteDelete,
    GroupMemberCreate, GroupMemberDelete, GroupMemberUpdate, GroupRequestCreate,
    GroupRequestDelete, GroupServerCreate, GroupServerDelete, GroupServerHeartbeat,
    GroupServerStatus, GroupServerUpdate, GroupUpdate, MeGroupCreate, MeGroupDelete,
    MeGroupInviteCreate, MeGroupInviteDelete, MeGroupRequestCreate, MeGroupRequestDelete,
    Subscribable, Topic,
};
use serde_json::{Value, json};

/// Subscribes to an event, makes it happen, and reads it.
async fn read_one<S: Subscribable>(
    (sim, client): &(Sim, Client),
    wanted: S,
    name: &str,
    content: &Value,
) -> Event<S::Content> {
    let topic = wanted.topics().remove(0);
    assert_eq!(topic.event(), name);
    let mut stream = within(client.subscribe(wanted)).await.unwrap();
    sim.emit_main_event(name, topic.key().parse().unwrap(), content.clone());
    let event = event(&mut stream).await;
    assert_eq!(event.topic, topic);
    event
}

#[tokio::test]
async fn every_event_of_any_known_client_has_a_type() {
    let at = connected().await;
    let me = UserId::new(at.0.bot().user_id.try_into().unwrap());
    let id = group(&at.0);
    let group = json!({"id": id.get(), "name": "Thornwood Folk"});
    let member = json!({"group_id": id.get(), "user_id": 7, "username": "Ashwick", "role_id": 2});
    let server = json!({"id": 300_000_061, "name": "Hollowmere", "group_id": id.get()});
    let joined = json!({"group": group, "member": member});

    let create = read_one(&at, MeGroupCreate(me), "me-group-create", &joined).await;
    assert_eq!(create.data.group.id, id);
    let delete = read_one(&at, MeGroupDelete(me), "me-group-delete", &joined).await;
    assert_eq!(delete.data.member.unwrap().user_id, UserId::new(7));
    let bare = read_one(&at, MeGroupCreate(me), "me-group-create", &group).await;
    assert_eq!((bare.data.group.id, bare.data.member), (id, None));
    let bare = read_one(&at, MeGroupDelete(me), "me-group-delete", &group).await;
    assert_eq!((bare.data.group.id, bare.data.member), (id, None));
    macro_rules! groups {
        ($($event:ident($key:expr), $name:literal;)*) => { $(
            let of = read_one(&at, $event($key), $name, &group).await.data;
            assert_eq!((of.id, of.name.as_str()), (id, "Thornwood Folk"));
            assert_eq!($event::EVENT, $name);
        )* };
    }
    groups! {
        MeGroupInviteCreate(me), "me-group-invite-create";
        MeGroupInviteDelete(me), "me-group-invite-delete";
        MeGroupRequestCreate(me), "me-group-request-create";
        MeGroupRequestDelete(me), "me-group-request-delete";
        GroupUpdate(id), "group-update";
    }
    macro_rules! members {
        ($($event:ident, $name:literal;)*) => { $(
            let who = read_one(&at, $event(id), $name, &member).await.data;
            assert_eq!((who.user_id, who.username.as_str()), (UserId::new(7), "Ashwick"));
        )* };
    }
    members! {
        GroupMemberCreate, "group-member-create";
        GroupMemberDelete, "group-member-delete";
        GroupMemberUpdate, "group-member-update";
        GroupInviteCreate, "group-invite-create";
        GroupInviteDelete, "group-invite-delete";
        GroupRequestCreate, "group-request-create";
        GroupRequestDelete, "group-request-delete";
        GroupBanCreate, "group-ban-create";
        GroupBanDelete, "group-ban-delete";
    }
    macro_rules! servers {
        ($($event:ident, $name:literal;)*) => { $(
            let which = read_one(&at, $event(id), $name, &server).await.data;
            assert_eq!((which.id.get(), which.name.as_str()), (300_000_061, "Hollowmere"));
        )* };
    }
    servers! {
        GroupServerCreate, "group-server-create";
        GroupServerDelete, "group-server-delete";
        GroupServerUpdate, "group-server-update";
        GroupServerStatus, "group-server-status";
        GroupServerHeartbeat, "group-server-heartbeat";
    }
    // A server with only an id is one, too.
    let only_id = json!({"id": 300_000_061});
    let read_one = read_one(&at, GroupServerDelete(id), "group-server-delete", &only_id).await;
    assert_eq!(read_one.data.id.get(), 300_000_061);
}

#[tokio::test]
async fn each_action_of_the_service_sends_the_event_with_its_name() {
    let at = connected().await;
    let (sim, client) = &at;
    let (id, me) = (
        sim.group(),
        UserId::new(sim.bot().user_id.try_into().unwrap()),
    );
    let of = GroupId::new(id.try_into().unwrap());
    let mut requests = within(client.subscribe(GroupRequestCreate(of)))
        .await
        .unwrap();
    let mut joins = within(client.subscribe(GroupMemberCreate(of)))
        .await
        .unwrap();
    let mut roles = within(client.subscribe(GroupMemberUpdate(of)))
        .await
        .unwrap();
    let mut left = within(client.subscribe(MeGroupDelete(me))).await.unwrap();
    sim.ask_to_join(id, "Juno").unwrap();
    assert_eq!(event(&mut requests).await.data.username, "Juno");
    let member = sim.add_member(id, "Brambletoe").unwrap();
    assert_eq!(event(&mut joins).await.data.username, "Brambletoe");
    sim.set_role(id, member, 2).unwrap();
    assert_eq!(
        event(&mut roles).await.data.user_id.get(),
        i64::try_from(member).unwrap()
    );
    sim.kick_bot(id).unwrap();
    let left = event(&mut left).await.data;
    assert_eq!((left.group.id, left.member.unwrap().user_id), (of, me));
}

#[tokio::test]
async fn subscriptions_of_two_groups_are_separate_and_any_other_event_has_its_name() {
    let sim = start(Sim::builder()).await;
    let client = crate::support::connect(&sim, crate::support::config(&sim)).await;
    let other = sim.add_group("Hollowmere Folk");
    sim.admit_bot(other, 1).unwrap();
    let path = |group: u64| format!("subscription/Group-Update/{group}").parse::<Topic>();
    let mut first = within(client.subscribe(path(sim.group()).unwrap()))
        .await
        .unwrap();
    let mut second = within(client.subscribe(path(other).unwrap()))
        .await
        .unwrap();
    sim.rename_group(other, "Other").unwrap();
    sim.rename_group(sim.group(), "One").unwrap();
    assert_eq!(event(&mut first).await.data["name"], "One");
    assert_eq!(event(&mut second).await.data["name"], "Other");
    assert_eq!((first.queued(), second.queued()), (0, 0));
    // Leaving one group does not leave the other.
    drop(first);
    let held = |sim: &Sim| sim.main_socket_subscriptions();
    sim.wait_until(|sim| held(sim).len() == 1).await.unwrap();
    assert_eq!(held(&sim)[0].2, other.to_string());
    sim.rename_group(other, "Another").unwrap();
    assert_eq!(event(&mut second).await.data["name"], "Another");
}
