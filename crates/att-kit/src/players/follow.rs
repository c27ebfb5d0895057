//! The task that feeds the roster of one console: its events, and the lists that the roster requests.

use super::listed::listed;
use super::roster::{Input, Output, Roster};
use super::shared::Shared;
use crate::clock::due;
use alta_model::{Listing, Timestamp, User};
use att_console::commands::player;
use att_console::{AnyEvent, Event, Missed, Statuses, Subscription, WeakConsole};
use futures_core::future::BoxFuture;
use futures_util::future::OptionFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::debug;

/// The events that the roster reads.
pub(super) const EVENTS: [&str; 4] = [
    "PlayerJoined",
    "PlayerLeft",
    "PlayerMovedChunk",
    "PlayerStateChanged",
];

/// The timeout of a list, after which another one is requested.
const LIST_TIMEOUT: Duration = Duration::from_secs(10);

/// Runs until the console is closed.
pub(super) async fn follow(
    console: WeakConsole,
    statuses: Statuses,
    mut events: Subscription<AnyEvent>,
    shared: Arc<Shared>,
) {
    let mut roster = Roster::new(Instant::now(), Timestamp::now());
    let mut list: Option<BoxFuture<'static, Option<Listing<User>>>> = None;
    loop {
        while let Some(output) = roster.poll_output() {
            match output {
                Output::List => list = Some(Box::pin(request(console.clone(), statuses.clone()))),
                Output::Changed(change) => shared.publish(Some(Ok(change)), roster.online()),
                Output::Compared => shared.publish(None, roster.online()),
                Output::Missed(missed) => shared.publish(Some(Err(missed)), roster.online()),
            }
        }
        let deadline = roster.deadline();
        let input = tokio::select! {
            item = events.next() => match item {
                Some(item) => input(item),
                None => break,
            },
            Some(listed) = OptionFuture::from(list.as_mut()) => {
                list = None;
                Some(Input::Listed(listed, Timestamp::now()))
            }
            () = shared.doubted() => Some(Input::Doubted),
            () = shared.refreshed() => Some(Input::Refreshed),
            () = due(deadline) => Some(Input::Tick),
        };
        if let Some(input) = input {
            roster.handle(input, Instant::now());
        }
    }
    shared.end();
}

fn input(item: Result<Event<AnyEvent>, Missed>) -> Option<Input> {
    let event = match item {
        Ok(event) => event,
        Err(missed) => return Some(Input::Missed(missed)),
    };
    let at = event.received();
    match event.data {
        AnyEvent::PlayerJoined(joined) => Some(Input::Joined(joined.user, at)),
        AnyEvent::PlayerLeft(left) => Some(Input::Left(left.user, at)),
        AnyEvent::PlayerMovedChunk(moved) => Some(Input::Moved {
            player: moved.player,
            from: moved.old_chunk,
            to: moved.new_chunk,
            at,
        }),
        AnyEvent::PlayerStateChanged(changed) => Some(Input::State {
            player: changed.user,
            state: changed.state,
            is_enter: changed.is_enter?,
            at,
        }),
        _ => None,
    }
}

/// Requests the list when the console is connected.
async fn request(console: WeakConsole, mut statuses: Statuses) -> Option<Listing<User>> {
    statuses
        .wait_for(|status| status.state.is_connected())
        .await?;
    let list = console.command(player::list()).timeout(LIST_TIMEOUT);
    let list = list.with_reply().await;
    list.and_then(|(list, reply)| listed(list, &reply))
        .inspect_err(|error| debug!(%error, "the players could not be listed"))
        .ok()
}
