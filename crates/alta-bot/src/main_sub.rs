//! Subscriptions to main websocket events by path.

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
    /// Subscribes to an event of the main websocket by its path, `subscription/{event}/{id}`; the letter case of the event does
    /// not matter. Await the result to get a stream, or register a [`callback`](MainSub::callback).
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
    /// When awaited: [`ErrorKind::ArgumentFormat`] if the path cannot be parsed, [`ErrorKind::SubscriptionRefused`] with the
    /// message of the service, [`ErrorKind::NoAccount`] without a bot's credentials, [`ErrorKind::Socket`].
    pub fn main_sub(&self, path: &str) -> MainSub<'_> {
        MainSub {
            bot: self,
            topic: topic(path),
        }
    }

    /// Ends the streams and callbacks of [`main_sub`](Self::main_sub) for this path, and returns their number. When no stream
    /// wants the event any more, the bot unsubscribes after 2 s.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ArgumentFormat`] if the path cannot be parsed.
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
        let doing = format!("parsing the path {path:?}");
        Error::new(ErrorKind::ArgumentFormat { reason }, doing)
    })
}

/// A builder of a main websocket subscription: await it, or register a [`callback`](Self::callback).
#[must_use = "a subscription does nothing until it is awaited"]
#[derive(Debug)]
pub struct MainSub<'a> {
    bot: &'a Bot,
    topic: Result<Topic, Error>,
}

impl MainSub<'_> {
    /// Calls this function with each event, one call after another, until the bot is closed or the path is
    /// [unsubscribed](Bot::main_unsub) from. Returns when the subscription is confirmed. The function gets the bot as an
    /// argument: a handle that it captures would keep the bot open.
    ///
    /// Where events are missing, a warning is logged. If the function panics or returns an error, that is logged, and the
    /// function is called again for the next event.
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
            // The kind contains everything that the source does.
            Error::new(kind, doing)
        }
        ws::ErrorKind::Closed { .. } => Error::new(ErrorKind::Closed, doing).caused_by(error),
        _ => Error::new(ErrorKind::Socket, doing).caused_by(error),
    }
}

impl<'a> IntoFuture for MainSub<'a> {
    type Output = Result<MainEvents, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

/// The names of all known events.
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
