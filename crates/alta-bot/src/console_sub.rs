//! Subscriptions to the events of one console or of all.

use crate::bot::Bot;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use alta_model::ServerId;
use alta_model::console::event::ConsoleEvent;
use alta_socket::Overflow;
use att_console::{Event, EventName};
use att_kit::{ConsoleEvents, HandlerFn, Subscribe};
use futures_core::future::BoxFuture;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;

impl Bot {
    /// Subscribes to an event on all consoles, open now or later, or on [one](ConsoleSub::server). The letter case of the name
    /// does not matter. Await the result to get a stream, or register a [`callback`](ConsoleSub::callback).
    ///
    /// ```no_run
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let mut kills = bot.console_sub("playerkilled").await?;
    /// while let Some((server, kill)) = kills.next_event().await {
    ///     println!("on {server}: {} was killed", kill.data["killedPlayer"]["username"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// For several events in one stream use [`subscribe_to`](Self::subscribe_to), for typed events
    /// [`subscribe`](Self::subscribe).
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::NoSuchEvent`] with the most similar known names if a connected server does not have the
    /// event, [`ErrorKind::NotOpen`] if the console of [`server`](ConsoleSub::server) is not open, [`ErrorKind::Closed`].
    pub fn console_sub(&self, event: impl Into<EventName>) -> ConsoleSub<'_, Value> {
        self.subscribe_to([event])
    }

    /// Subscribes to several events by name, as [`console_sub`](Self::console_sub), in one stream that keeps the order of each
    /// console.
    ///
    /// # Errors
    ///
    /// As [`console_sub`](Self::console_sub).
    pub fn subscribe_to<N: Into<EventName>>(
        &self,
        events: impl IntoIterator<Item = N>,
    ) -> ConsoleSub<'_, Value> {
        ConsoleSub::new(self, self.inner.consoles.set.subscribe_to(events))
    }

    /// Subscribes to a type of event on all consoles, or on [one](ConsoleSub::server).
    ///
    /// # Errors
    ///
    /// As [`console_sub`](Self::console_sub).
    #[doc(alias = "console_sub")]
    pub fn subscribe<E: ConsoleEvent + 'static>(&self) -> ConsoleSub<'_, E> {
        ConsoleSub::new(self, self.inner.consoles.set.subscribe::<E>())
    }

    /// Ends the bot's streams and callbacks of an event on one server, or on all (`None`), and returns their number. Streams of
    /// several events, by [`subscribe_to`](Self::subscribe_to), continue. When no stream wants the event any more, the bot
    /// unsubscribes after 2 s.
    pub fn console_unsub(
        &self,
        event: impl Into<EventName>,
        server: impl Into<Option<ServerId>>,
    ) -> usize {
        let server = server.into();
        self.inner.consoles.set.unsubscribe(event, server.as_ref())
    }

    /// For each open console, the events that the bot's streams and callbacks are subscribed to, each with the number of
    /// streams and callbacks.
    pub fn get_console_subs(&self) -> BTreeMap<ServerId, BTreeMap<String, usize>> {
        self.inner.consoles.set.subscriptions()
    }
}

/// A builder of a subscription on consoles: await it, [`start`](Self::start) it, or register a [`callback`](Self::callback).
#[must_use = "a subscription does nothing until it is awaited or started"]
pub struct ConsoleSub<'a, T> {
    bot: &'a Bot,
    subscribe: Subscribe<T, ServerId>,
    server: Option<ServerId>,
}

impl<'a, T: Send + 'static> ConsoleSub<'a, T> {
    fn new(bot: &'a Bot, subscribe: Subscribe<T, ServerId>) -> Self {
        Self {
            bot,
            subscribe,
            server: None,
        }
    }

    /// Subscribes only on the console of this server, which must be open. By default on all consoles.
    #[doc(alias = "server_id")]
    pub fn server(mut self, server: ServerId) -> Self {
        self.server = Some(server);
        self.subscribe = self.subscribe.only(server);
        self
    }

    /// See [`Subscribe::capacity`].
    pub fn capacity(mut self, events: usize) -> Self {
        self.subscribe = self.subscribe.capacity(events);
        self
    }

    /// See [`Subscribe::capacity_bytes`].
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.subscribe = self.subscribe.capacity_bytes(bytes);
        self
    }

    /// See [`Subscribe::overflow`].
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.subscribe = self.subscribe.overflow(overflow);
        self
    }

    /// Returns the stream at once, without the confirmation of any server. A name that a server does not know is not an error
    /// here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if the console of [`server`](Self::server) is not open, [`ErrorKind::Closed`].
    pub fn start(self) -> Result<ConsoleEvents<T, ServerId>, Error> {
        self.checked().map(Subscribe::start)
    }

    fn checked(self) -> Result<Subscribe<T, ServerId>, Error> {
        let checked = self.bot.inner.consoles.check(self.server);
        let subscribe = self.subscribe;
        checked.map_err(|kind| Error::new(kind, subscribing_to(subscribe.names())))?;
        Ok(subscribe)
    }

    /// Calls this function with each event, one call after another, until the bot is closed or the event is
    /// [unsubscribed](Bot::console_unsub) from. Returns when the subscription is confirmed. The function gets the bot as an
    /// argument: a handle that it captures would keep the bot open.
    ///
    /// Where events are missing, a warning is logged. If the function panics or returns an error, that is logged, and the
    /// function is called again for the next event.
    ///
    /// ```no_run
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// use alta_bot::event::PlayerJoined;
    ///
    /// use alta_bot::commands::player;
    ///
    /// let joins = bot.subscribe::<PlayerJoined>().callback(|bot, event| async move {
    ///     let Some(server) = event.server else { return Ok(()) };
    ///     bot.send_command_console(server, player::message(event.data.user, "Welcome!")).await
    /// });
    /// joins.await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As when awaited, see [`Bot::console_sub`].
    pub async fn callback(self, handler: impl HandlerFn<Bot, Event<T>>) -> Result<(), Error> {
        let bot = self.bot;
        let mut events = self.confirmed().await?;
        bot.spawn(move |weak| async move {
            while let Some((_, event)) = events.next_event().await {
                let Some(bot) = weak.upgrade() else { return };
                let name = event.name.clone();
                crate::callbacks::call(&name, || handler(bot, event)).await;
            }
        });
        Ok(())
    }

    async fn confirmed(self) -> Result<ConsoleEvents<T, ServerId>, Error> {
        let subscribe = self.checked()?;
        let doing = subscribing_to(subscribe.names());
        let confirmed = subscribe.await;
        confirmed.map_err(|error| Error::of_console(error, doing))
    }
}

fn subscribing_to(names: &[EventName]) -> String {
    let names: Vec<_> = names.iter().map(EventName::as_str).collect();
    format!("subscribing to {} on consoles", names.join(", "))
}

impl<'a, T: Send + 'static> IntoFuture for ConsoleSub<'a, T> {
    type Output = Result<ConsoleEvents<T, ServerId>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

impl<T> fmt::Debug for ConsoleSub<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleSub")
            .field("subscribe", &self.subscribe)
            .finish_non_exhaustive()
    }
}
