//! Subscribing to events of the main websocket by their paths.

use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::main_events::MainEvents;
use alta_ws as ws;
use alta_ws::{Event, Topic};
use att_kit::HandlerFn;
use futures_core::future::BoxFuture;
use serde_json::Value;
use std::future::IntoFuture;

impl Bot {
    /// Subscribes to an event of the main websocket by its path, `subscription/{event}/{id}`, the event in any case. Await
    /// the result for a stream, or give it a [`callback`](MainSub::callback).
    ///
    /// ```no_run
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let mut statuses = bot.main_sub("subscription/group-server-status/2000000031").await?;
    /// while let Some(status) = statuses.next_event().await {
    ///     println!("{} is {}", status.data["name"], status.data["server_status"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`socket`](Self::socket) subscribes to the known events in typed form.
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::ArgumentFormat`] if that is no path, [`ErrorKind::SubscriptionRefused`] with what the
    /// service said, [`ErrorKind::Unavailable`] without a bot's credentials, [`ErrorKind::Socket`].
    pub fn main_sub(&self, path: &str) -> MainSub<'_> {
        MainSub {
            bot: self,
            topic: topic(path),
        }
    }

    /// Ends the streams and callbacks that [`main_sub`](Self::main_sub) made of this path, and returns how many there
    /// were. The service is told when no stream wants the event any more, after a short linger.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentFormat`] if that is no path.
    pub fn main_unsub(&self, path: &str) -> Result<usize, Error> {
        let topic = topic(path)?;
        Ok(self.inner.main_subs.end(&topic))
    }
}

fn topic(path: &str) -> Result<Topic, Error> {
    path.parse().map_err(|error: ws::Error| {
        let reason = match error.kind() {
            ws::ErrorKind::Topic { reason } => reason.clone(),
            _ => error.to_string(),
        };
        let doing = format!("reading the path {path:?}");
        Error::new(ErrorKind::ArgumentFormat { reason }, doing)
    })
}

/// A subscription on the main websocket about to be made: await it, or give it a [`callback`](Self::callback).
#[must_use = "a subscription does nothing until it is awaited"]
#[derive(Debug)]
pub struct MainSub<'a> {
    bot: &'a Bot,
    topic: Result<Topic, Error>,
}

impl MainSub<'_> {
    /// Calls this function with each event, one after the other, until the bot is closed or the path
    /// [unsubscribed](Bot::main_unsub) from; returns as soon as it is subscribed. The function is given the bot, so that
    /// it need not hold it (a handle that it holds keeps the bot open).
    ///
    /// Where events are missing a warning is logged. A function that panics or returns an error is logged, and
    /// called again with the next event.
    ///
    /// # Errors
    ///
    /// As when awaited, see [`Bot::main_sub`].
    pub async fn callback(self, handler: impl HandlerFn<Bot, Event<Value>>) -> Result<(), Error> {
        let bot = self.bot;
        let mut events = self.confirmed().await?;
        bot.spawn(move |weak| async move {
            while let Some(event) = events.next_event().await {
                let Some(bot) = weak.upgrade() else { return };
                let topic = event.topic.clone();
                crate::callbacks::call(&topic, || handler(bot, event)).await;
            }
        });
        Ok(())
    }

    async fn confirmed(self) -> Result<MainEvents, Error> {
        let topic = self.topic?;
        let events = self.bot.socket()?.subscribe(topic.clone()).await;
        let events = events.map_err(|error| refused(error, &topic))?;
        Ok(self.bot.inner.main_subs.add(topic, events))
    }
}

fn refused(error: ws::Error, topic: &Topic) -> Error {
    let doing = format!("subscribing to {topic}");
    match error.kind() {
        ws::ErrorKind::Refused {
            status,
            message,
            error_code,
        } => {
            let kind = ErrorKind::SubscriptionRefused {
                status: *status,
                message: message.clone(),
                error_code: error_code.clone(),
                suggestions: if KNOWN.contains(&topic.event()) {
                    Vec::new()
                } else {
                    crate::nearest::names(topic.event(), KNOWN)
                },
            };
            // It holds all that the error does.
            Error::new(kind, doing)
        }
        ws::ErrorKind::Closed => Error::new(ErrorKind::Closed, doing).because(error),
        _ => Error::new(ErrorKind::Socket, doing).because(error),
    }
}

impl<'a> IntoFuture for MainSub<'a> {
    type Output = Result<MainEvents, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

/// The events that are known.
const KNOWN: [&str; 21] = [
    ws::MeGroupCreate::EVENT,
    ws::MeGroupDelete::EVENT,
    ws::MeGroupInviteCreate::EVENT,
    ws::MeGroupInviteDelete::EVENT,
    ws::MeGroupRequestCreate::EVENT,
    ws::MeGroupRequestDelete::EVENT,
    ws::GroupUpdate::EVENT,
    ws::GroupMemberCreate::EVENT,
    ws::GroupMemberDelete::EVENT,
    ws::GroupMemberUpdate::EVENT,
    ws::GroupInviteCreate::EVENT,
    ws::GroupInviteDelete::EVENT,
    ws::GroupRequestCreate::EVENT,
    ws::GroupRequestDelete::EVENT,
    ws::GroupBanCreate::EVENT,
    ws::GroupBanDelete::EVENT,
    ws::GroupServerCreate::EVENT,
    ws::GroupServerDelete::EVENT,
    ws::GroupServerUpdate::EVENT,
    ws::GroupServerStatus::EVENT,
    ws::GroupServerHeartbeat::EVENT,
];
