//! Subscribing to the events of consoles, one or all.

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
    /// Subscribes to an event on all consoles, those that are open and those that will be, or on
    /// [one](ConsoleSub::server). The name is written in any case. Await the result for a stream, or give it a
    /// [`callback`](ConsoleSub::callback).
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
    /// For several events in one stream, and for typed ones, there are [`subscribe_to`](Self::subscribe_to) and
    /// [`subscribe`](Self::subscribe).
    ///
    /// # Errors
    ///
    /// When awaited: [`ErrorKind::NoSuchEvent`] with the nearest known names if a server that is connected lacks it,
    /// [`ErrorKind::NotOpen`] if that one console is not open, [`ErrorKind::Closed`].
    pub fn console_sub(&self, event: impl Into<EventName>) -> ConsoleSub<'_, Value> {
        self.subscribe_to([event])
    }

    /// Subscribes to several events by name, as [`console_sub`](Self::console_sub) does to one, in one stream that keeps
    /// each console's order.
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

    /// Subscribes to an event in typed form on all consoles or on [one](ConsoleSub::server).
    ///
    /// # Errors
    ///
    /// As [`console_sub`](Self::console_sub).
    #[doc(alias = "console_sub")]
    pub fn subscribe<E: ConsoleEvent + 'static>(&self) -> ConsoleSub<'_, E> {
        ConsoleSub::new(self, self.inner.consoles.set.subscribe::<E>())
    }

    /// Ends the bot's streams and callbacks of an event: on one server, or on all (`None`). Those of several events, by
    /// [`subscribe_to`](Self::subscribe_to), are left as they are. Returns how many there were. The server is told when no
    /// stream wants the event any more, after a short linger.
    pub fn console_unsub(
        &self,
        event: impl Into<EventName>,
        server: impl Into<Option<ServerId>>,
    ) -> usize {
        let server = server.into();
        self.inner.consoles.set.unsubscribe(event, server.as_ref())
    }

    /// What is subscribed to on each open console through the bot: the events, and how many streams and callbacks each
    /// has.
    pub fn get_console_subs(&self) -> BTreeMap<ServerId, BTreeMap<String, usize>> {
        self.inner.consoles.set.subscriptions()
    }
}

/// A subscription on consoles about to be made: await it, [`start`](Self::start) it, or give it a
/// [`callback`](Self::callback).
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

    /// On this server's console only, which is open already. On all, otherwise.
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

    /// The stream at once, without waiting for any server's confirmation. A name that a server does not know goes
    /// unnoticed this way.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if it is for one console and that is not open, [`ErrorKind::Closed`].
    pub fn start(self) -> Result<ConsoleEvents<T, ServerId>, Error> {
        self.checked().map(Subscribe::start)
    }

    fn checked(self) -> Result<Subscribe<T, ServerId>, Error> {
        let checked = self.bot.inner.consoles.check(self.server);
        let subscribe = self.subscribe;
        checked.map_err(|kind| Error::new(kind, subscribing_to(subscribe.names())))?;
        Ok(subscribe)
    }

    /// Calls this function with each event, one after the other, until the bot is closed or the event
    /// [unsubscribed](Bot::console_unsub) from; returns as soon as it is subscribed. The function is given the bot, so
    /// that it need not hold it (a handle that it holds keeps the bot open).
    ///
    /// Where events are missing a warning is logged. A function that panics or returns an error is logged, and
    /// called again with the next event.
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
