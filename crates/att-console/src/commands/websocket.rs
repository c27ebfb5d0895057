//! `websocket …`: events, by hand.
//!
//! [`Console::subscribe`](crate::Console::subscribe) does this, and does it again after every reconnection.

use super::read;
use crate::argument::Argument;
use crate::command::Command;
use crate::name::EventName;
use alta_model::Listing;
use alta_model::console::result::{EventListing, SubscriptionResult};

/// Asks for a kind of event on this connection.
///
/// `websocket subscribe <eventType: text>`: returns `Success, Unchanged or NotFound`. A console subscribes by itself,
/// and again after every reconnection: this is for looking at the wire. Attested by TavernLib and tavernpy.
#[doc(alias = "websocket subscribe")]
pub fn subscribe(event: impl Into<EventName>) -> Command<SubscriptionResult> {
    let event = Argument::word("the name of an event", event.into().as_str());
    Command::new("websocket subscribe")
        .arg(event)
        .read_by(read::one)
}

/// Asks for no more events of a kind.
///
/// `websocket unsubscribe <eventType: text>`: returns `Success, Unchanged or NotFound`. A console takes care of that by
/// itself: this goes behind its back. Attested by tavernpy.
#[doc(alias = "websocket unsubscribe")]
pub fn unsubscribe(event: impl Into<EventName>) -> Command<SubscriptionResult> {
    let event = Argument::word("the name of an event", event.into().as_str());
    Command::new("websocket unsubscribe")
        .arg(event)
        .read_by(read::one)
}

/// Lists the events that the server has.
///
/// `websocket subscriptions`: returns `[{name, type}]`. Not the events that are subscribed to. Attested by tavernpy and
/// Alta-Dashboard.
#[doc(alias = "websocket subscriptions")]
pub fn subscriptions() -> Command<Listing<EventListing>> {
    Command::new("websocket subscriptions").read_by(read::list)
}
