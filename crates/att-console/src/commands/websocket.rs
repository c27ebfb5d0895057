//! `websocket …`: event subscriptions by hand.
//!
//! [`Console::subscribe`](crate::Console::subscribe) does this, and repeats it after each reconnection.

use alta_model::console::result::{EventListing, SubscriptionResult};

commands! {
    /// Subscribes this connection to an event.
    ///
    /// A console subscribes by itself, and again after each reconnection; this command is for looking at the wire.
    "websocket subscribe" -> one SubscriptionResult { fn subscribe(event "eventType": EventName); }
        by [TavernLib, Tavernpy], most_used, uses(119_016);

    /// Lists the events that the server has.
    ///
    /// Not the events that this connection is subscribed to.
    "websocket subscriptions" -> list EventListing { fn subscriptions(); }
        by [Tavernpy, AltaDashboard], most_used, uses(330);

    /// Unsubscribes this connection from an event.
    ///
    /// A console unsubscribes by itself; it does not notice this command.
    "websocket unsubscribe" -> one SubscriptionResult { fn unsubscribe(event "eventType": EventName); }
        by [Tavernpy], most_used, uses(4);
}
