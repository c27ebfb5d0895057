use crate::frame::RawContent;
use crate::topic::Topic;
use alta_model::{Group, GroupDetailed, GroupId, InvitedGroup, Member, Server, UserId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One topic to subscribe to, or several topics whose events arrive in one stream, in order.
///
/// Each event that this crate knows has a type ([`GroupServerStatus`], [`MeGroupInviteCreate`], …). For any other
/// event, use its [`Topic`]. A `Vec` or an array gives one stream for all its topics.
pub trait Subscribable {
    /// The type of the events' content.
    type Content: Send + 'static;

    /// The topics.
    fn topics(&self) -> Vec<Topic>;

    /// Decodes the content of one event.
    ///
    /// # Errors
    ///
    /// Fails if it is not a [`Content`](Self::Content). The stream then yields
    /// [`Missed::Undecodable`](crate::Missed::Undecodable) and continues.
    fn read(content: RawContent<'_>) -> Result<Self::Content, serde_json::Error>;
}

/// The content is a JSON value; a string that is not JSON stays a string.
impl Subscribable for Topic {
    type Content = Value;

    fn topics(&self) -> Vec<Topic> {
        vec![self.clone()]
    }

    fn read(content: RawContent<'_>) -> Result<Value, serde_json::Error> {
        content.json().or_else(|_| content.text().map(Value::from))
    }
}

impl<S: Subscribable + ?Sized> Subscribable for &S {
    type Content = S::Content;

    fn topics(&self) -> Vec<Topic> {
        (**self).topics()
    }

    fn read(content: RawContent<'_>) -> Result<Self::Content, serde_json::Error> {
        S::read(content)
    }
}

impl<S: Subscribable> Subscribable for Vec<S> {
    type Content = S::Content;

    fn topics(&self) -> Vec<Topic> {
        self.iter().flat_map(S::topics).collect()
    }

    fn read(content: RawContent<'_>) -> Result<Self::Content, serde_json::Error> {
        S::read(content)
    }
}

impl<S: Subscribable, const N: usize> Subscribable for [S; N] {
    type Content = S::Content;

    fn topics(&self) -> Vec<Topic> {
        self.iter().flat_map(S::topics).collect()
    }

    fn read(content: RawContent<'_>) -> Result<Self::Content, serde_json::Error> {
        S::read(content)
    }
}

macro_rules! events {
    ($( $(#[$meta:meta])* $name:ident($id:ty): $event:literal => $content:ty $(, $then:expr)?; )*) => {
        $(
            #[doc = concat!("`", $event, "`: ")]
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct $name(pub $id);

            impl $name {
                #[doc = concat!("The event's name, `", $event, "`.")]
                pub const EVENT: &'static str = $event;
            }

            impl From<$name> for Topic {
                fn from(event: $name) -> Topic {
                    Topic::known($name::EVENT, event.0.get())
                }
            }

            impl Subscribable for $name {
                type Content = $content;

                fn topics(&self) -> Vec<Topic> {
                    vec![Topic::from(*self)]
                }

                fn read(content: RawContent<'_>) -> Result<$content, serde_json::Error> {
                    content.json()$( .map($then) )?
                }
            }
        )*

        #[cfg(test)]
        const ALL: &[(&str, &str)] = &[$( ($event, stringify!($id)) ),*];
    };
}

events! {
    /// this account joined a group (att-client, Townsharp, js-tale).
    MeGroupCreate(UserId): "me-group-create" => GroupMembership;
    /// this account left a group, was kicked or banned (att-client, Townsharp, js-tale).
    MeGroupDelete(UserId): "me-group-delete" => GroupMembership;
    /// this account was invited to a group (py-tale README).
    MeGroupInviteCreate(UserId): "me-group-invite-create" => InvitedGroup;
    /// an invitation of this account was removed (py-tale README).
    MeGroupInviteDelete(UserId): "me-group-invite-delete" => InvitedGroup;
    /// this account requested to join a group (py-tale README). No source shows the content; js-tale reads a group.
    MeGroupRequestCreate(UserId): "me-group-request-create" => Group;
    /// a request of this account to join a group was removed (py-tale README). No source shows the content; js-tale
    /// reads a group.
    MeGroupRequestDelete(UserId): "me-group-request-delete" => Group;
    /// a group was changed (py-tale README). Samples have the basic fields only.
    GroupUpdate(GroupId): "group-update" => GroupDetailed;
    /// a user became a member of a group (js-tale).
    GroupMemberCreate(GroupId): "group-member-create" => Member;
    /// a user is no longer a member of a group (js-tale).
    GroupMemberDelete(GroupId): "group-member-delete" => Member;
    /// a member's role or permissions were changed (att-client, Townsharp, js-tale).
    GroupMemberUpdate(GroupId): "group-member-update" => Member;
    /// a user was invited to a group (js-tale).
    GroupInviteCreate(GroupId): "group-invite-create" => Member;
    /// an invitation to a group was removed (js-tale).
    GroupInviteDelete(GroupId): "group-invite-delete" => Member;
    /// a user requested to join a group (js-tale).
    GroupRequestCreate(GroupId): "group-request-create" => Member;
    /// a request to join a group was removed (js-tale).
    GroupRequestDelete(GroupId): "group-request-delete" => Member;
    /// a user was banned from a group (js-tale).
    GroupBanCreate(GroupId): "group-ban-create" => Member;
    /// a ban from a group was lifted (js-tale).
    GroupBanDelete(GroupId): "group-ban-delete" => Member;
    /// a group has a new server (py-tale README). Only the server's id is certainly present.
    GroupServerCreate(GroupId): "group-server-create" => Server;
    /// a server of a group was removed (py-tale README). Only the server's id is certainly present.
    GroupServerDelete(GroupId): "group-server-delete" => Server;
    /// a server of a group was changed (py-tale README).
    GroupServerUpdate(GroupId): "group-server-update" => Server;
    /// a server came online, or a player joined or left it (py-tale README). It is not sent reliably when a server goes
    /// offline (Townsharp).
    GroupServerStatus(GroupId): "group-server-status" => Server, Server::from_event;
    /// a server runs or changes its state; sent every 15 s (att-client, Townsharp).
    GroupServerHeartbeat(GroupId): "group-server-heartbeat" => Server, Server::from_event;
}

/// The content of `me-group-create` and `me-group-delete`: a group and this account's membership in it.
///
/// Townsharp and newer versions of att-client read both; older versions of att-client and js-tale also read a group
/// alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct GroupMembership {
    /// The group.
    pub group: GroupDetailed,
    /// This account's membership, as it began or ended; `None` if the server sent none that can be decoded.
    pub member: Option<Member>,
}

impl<'de> Deserialize<'de> for GroupMembership {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        let mut take = |name| value.get_mut(name).map(Value::take);
        let (group, member) = (take("group"), take("member"));
        // An invalid membership counts as absent, like any optional field.
        let member = member.and_then(|member| serde_json::from_value(member).ok());
        let group = serde_json::from_value(group.unwrap_or(value)).map_err(D::Error::custom)?;
        Ok(Self { group, member })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_an_account_is_keyed_by_a_user_and_one_of_a_group_by_a_group() {
        for (event, id) in ALL {
            let of_user = event.starts_with("me-");
            assert_eq!(*id, if of_user { "UserId" } else { "GroupId" }, "{event}");
        }
        assert_eq!(ALL.len(), 21);
    }

    #[test]
    fn a_typed_event_names_its_topic() {
        let topics = [
            GroupServerStatus(GroupId::new(7)),
            GroupServerStatus(GroupId::new(8)),
        ]
        .topics();
        assert_eq!(topics[1].to_string(), "subscription/group-server-status/8");
        assert_eq!(topics.len(), 2);
    }

    #[test]
    fn a_joined_or_left_group_can_arrive_without_its_member() {
        let bare: GroupMembership =
            serde_json::from_str(r#"{"id": 7, "name": "Thornwood"}"#).unwrap();
        assert_eq!((bare.group.name.as_str(), bare.member), ("Thornwood", None));
        let whole = r#"{"group": {"id": 7}, "member": {"group_id": 7, "user_id": 3}}"#;
        let whole: GroupMembership = serde_json::from_str(whole).unwrap();
        assert_eq!(whole.member.unwrap().user_id, UserId::new(3));
        let odd = r#"{"group": {"id": 7, "name": "Fox\ud83d"}, "member": {"user_id": []}}"#;
        let odd: GroupMembership = RawContent::new(odd).json().unwrap();
        assert_eq!((odd.group.name.as_str(), odd.member), ("Fox\u{fffd}", None));
        for incomplete in [r#"{"group": {}}"#, r#"{"name": "Thornwood"}"#, "[]"] {
            assert!(serde_json::from_str::<GroupMembership>(incomplete).is_err());
        }
    }

    #[test]
    fn a_stopping_server_is_not_up_by_the_final_status_in_its_last_event() {
        let stopping = r#"{"id": 7, "server_status": "Online", "final_status": "Online"}"#;
        let stopping = RawContent::new(stopping);
        assert!(!GroupServerStatus::read(stopping).unwrap().is_up());
        assert!(!GroupServerHeartbeat::read(stopping).unwrap().is_up());
        let now = alta_model::Timestamp::now();
        let beating = format!(r#"{{"id": 7, "final_status": "Online", "online_ping": "{now}"}}"#);
        let beating = RawContent::new(&beating);
        assert!(GroupServerHeartbeat::read(beating).unwrap().is_up());
    }

    #[test]
    fn the_content_of_an_unknown_event_is_passed_on_unchanged() {
        let read = |content| Topic::read(RawContent::new(content)).unwrap();
        assert_eq!(read(r#""{\"a\":1}""#)["a"], 1);
        assert_eq!(read(r#"{"a": 1}"#)["a"], 1);
        assert_eq!(read(r#""not json""#), "not json");
        assert_eq!(read(r#""""#), "");
        assert_eq!(read(""), "");
    }
}
