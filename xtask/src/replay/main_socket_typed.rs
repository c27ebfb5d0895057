//! Subscriptions of the main websocket, by topic and by type.

use super::play::Play;
use super::script::Script;
use super::side::Side;
use crate::Error;
use alta_model::{GroupId, UserId};
use alta_ws::{Client, Event, Missed, RawContent, Subscribable};
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;
use std::pin::Pin;

/// Events, each with its problems.
pub(super) type Events = Pin<Box<dyn Stream<Item = Result<Received, Missed>> + Send>>;

/// An event that a stream has yielded.
pub(super) struct Received {
    pub(super) topic: (String, String),
    pub(super) raw: String,
    /// `true` if its data is equal to the fixture's content.
    pub(super) is_same: bool,
}

type Subscribing = BoxFuture<'static, Result<Events, alta_ws::Error>>;

/// Returns whether our client has types for a part of the fixture.
pub(super) fn has_types(script: &Script) -> bool {
    script.of_side(Side::Server).any(|(_, step)| {
        let frame = step.json();
        frame["event"].as_str().is_some_and(is_known)
    })
}

macro_rules! events {
    ($($name:ident($id:ty))*) => {
        fn is_known(event: &str) -> bool {
            [$(alta_ws::$name::EVENT),*].contains(&event)
        }

        fn typed(client: &Client, event: &str, key: i64) -> Option<Subscribing> {
            $(
                if event == alta_ws::$name::EVENT {
                    return Some(stream(client, alta_ws::$name(<$id>::new(key))));
                }
            )*
            None
        }
    };
}

events! {
    MeGroupCreate(UserId) MeGroupDelete(UserId) MeGroupInviteCreate(UserId) MeGroupInviteDelete(UserId)
    MeGroupRequestCreate(UserId) MeGroupRequestDelete(UserId) GroupUpdate(GroupId) GroupMemberCreate(GroupId)
    GroupMemberDelete(GroupId) GroupMemberUpdate(GroupId) GroupInviteCreate(GroupId) GroupInviteDelete(GroupId)
    GroupRequestCreate(GroupId) GroupRequestDelete(GroupId) GroupBanCreate(GroupId) GroupBanDelete(GroupId)
    GroupServerCreate(GroupId) GroupServerDelete(GroupId) GroupServerUpdate(GroupId) GroupServerStatus(GroupId)
    GroupServerHeartbeat(GroupId)
}

/// Subscribes to a topic, by the type of its event for the typed interface.
pub(super) fn subscribe(
    client: &Client,
    play: Play,
    (event, key): &(String, String),
) -> Result<Subscribing, Error> {
    let by_type = match play {
        Play::Typed => typed(client, event, key.parse()?),
        Play::Raw => None,
    };
    match by_type {
        Some(subscribing) => Ok(subscribing),
        None => Ok(stream(client, alta_ws::Topic::new(event, key)?)),
    }
}

fn stream<S>(client: &Client, topic: S) -> Subscribing
where
    S: Subscribable,
    S::Content: PartialEq,
{
    let subscribing = client.subscribe(topic).into_future();
    Box::pin(async {
        let events = subscribing
            .await?
            .map(|item| item.map(|event| received::<S>(&event)));
        Ok(Box::pin(events) as Events)
    })
}

/// Checks that the data of an event is equal to the fixture's content, decoded as its type.
fn received<S: Subscribable>(event: &Event<S::Content>) -> Received
where
    S::Content: PartialEq,
{
    let raw = event.raw().as_str().to_owned();
    let frame: Value = serde_json::from_str(&raw).unwrap_or_default();
    let content = frame["content"].to_string();
    let recorded = S::read(RawContent::new(&content));
    Received {
        is_same: recorded.is_ok_and(|recorded| recorded == event.data),
        topic: (event.topic.event().to_owned(), event.topic.key().to_owned()),
        raw,
    }
}
