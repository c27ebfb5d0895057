//! Subscribing to the events of consoles, one or all.

use crate::bot::Bot;
use crate::console_events::{ConsoleEvents, Follow, Following, Subscribing};
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::error::{Error, is_event_not_found};
use crate::managed::HandlerFn2;
use alta_model::ServerId;
use alta_model::console::event::ConsoleEvent;
use alta_socket::Overflow;
use att_console::{Console, Event, EventName};
use futures_core::future::BoxFuture;
use futures_util::future::try_join_all;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;

impl Bot {
    /// Subscribes to an event on all consoles, those that are open and those that will be, or on
    /// [one](ConsoleSub::server). The name is written in any case. Await the result for a stream, or give it a
    /// [`callback`](ConsoleSub::callback).
    ///
    /// ```no_run
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let mut kills = bot.console_sub("playerkilled").await?;
    /// while let Some(kill) = kills.next_event().await {
    ///     println!("on {}: {} was killed", kill.console, kill.data["killedPlayer"]["username"]);
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
        let names = events.into_iter().map(Into::into).collect();
        ConsoleSub::new(self, names, |console, names| console.subscribe_to(names))
    }

    /// Subscribes to an event in typed form on all consoles or on [one](ConsoleSub::server).
    ///
    /// # Errors
    ///
    /// As [`console_sub`](Self::console_sub).
    #[doc(alias = "console_sub")]
    pub fn subscribe<E: ConsoleEvent + 'static>(&self) -> ConsoleSub<'_, E> {
        let names = vec![E::NAME.into()];
        ConsoleSub::new(self, names, |console, _| console.subscribe::<E>())
    }

    /// Ends the bot's streams and callbacks of an event: on one server, or on all (`None`). Those of several events, by
    /// [`subscribe_to`](Self::subscribe_to), are left as they are. Returns how many there were. The server is told when no
    /// stream wants the event any more, after a short linger.
    pub fn console_unsub(
        &self,
        event: impl Into<EventName>,
        server: impl Into<Option<ServerId>>,
    ) -> usize {
        let (event, server) = (event.into(), server.into());
        let ended = |follower: &Arc<dyn Follow>| match server {
            Some(server) => follower.wants(server) && follower.exclude(server),
            None => follower.cut(),
        };
        let followers = self.inner.consoles.followers();
        followers
            .iter()
            .filter(|follower| *follower.names() == [event.clone()])
            .filter(|follower| ended(follower))
            .count()
    }

    /// What is subscribed to on each open console through the bot: the events, and how many streams and callbacks each
    /// has.
    pub fn get_console_subs(&self) -> BTreeMap<ServerId, BTreeMap<String, usize>> {
        let followers = self.inner.consoles.followers();
        let of_server = |server| {
            let mut events = BTreeMap::new();
            for follower in followers.iter().filter(|follower| follower.wants(server)) {
                for name in follower.names() {
                    *events.entry(name.to_string()).or_default() += 1;
                }
            }
            (server, events)
        };
        let open = self.consoles().into_iter();
        open.map(|(server, _)| of_server(server)).collect()
    }
}

/// A subscription on consoles about to be made: await it, [`start`](Self::start) it, or give it a
/// [`callback`](Self::callback).
#[must_use = "a subscription does nothing until it is awaited or started"]
pub struct ConsoleSub<'a, T> {
    bot: &'a Bot,
    following: Following<T>,
}

impl<'a, T: DeserializeOwned + Send + 'static> ConsoleSub<'a, T> {
    fn new(bot: &'a Bot, names: Vec<EventName>, subscribing: Subscribing<T>) -> Self {
        Self {
            bot,
            following: Following::new(names, None, subscribing),
        }
    }

    /// On this server's console only, which is open already. On all, otherwise.
    #[doc(alias = "server_id")]
    pub fn server(mut self, server: ServerId) -> Self {
        self.following.server = Some(server);
        self
    }

    /// How many events may wait to be read for each console; at least one. As the console's configuration says, by
    /// default: 65,536.
    pub fn capacity(mut self, events: usize) -> Self {
        self.following.capacity = Some(events.max(1));
        self
    }

    /// How many bytes the events that wait to be read may hold for each console; one event may, however large. As the
    /// console's configuration says, by default: 8 MiB.
    pub fn capacity_bytes(mut self, bytes: usize) -> Self {
        self.following.capacity_bytes = Some(bytes);
        self
    }

    /// What happens when that many wait. The oldest is dropped and counted, by default.
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.following.overflow = Some(overflow);
        self
    }

    /// The stream at once, without waiting for any server's confirmation. A name that a server does not know goes
    /// unnoticed this way.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotOpen`] if it is for one console and that is not open, [`ErrorKind::Closed`].
    pub fn start(self) -> Result<ConsoleEvents<T>, Error> {
        let following = Arc::new(self.following);
        let doing = || subscribing_to(&following.names);
        self.bot
            .inner
            .consoles
            .follow(&following)
            .map_err(|kind| Error::new(kind, doing()))?;
        Ok(ConsoleEvents::new(following))
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
    pub async fn callback(self, handler: impl HandlerFn2<Bot, Event<T>>) -> Result<(), Error> {
        let bot = self.bot;
        let mut events = self.confirmed().await?;
        bot.handle(move |weak| async move {
            while let Some(event) = events.next_event().await {
                let Some(bot) = weak.upgrade() else { return };
                let name = event.name.clone();
                crate::handlers::call(&name, || handler(bot, event)).await;
            }
        });
        Ok(())
    }

    /// Subscribes, and waits for the confirmation of every console that is connected. One that is not would have to be
    /// waited for until its server is up.
    async fn confirmed(self) -> Result<ConsoleEvents<T>, Error> {
        let (bot, server) = (self.bot, self.following.server);
        let stream = self.start()?;
        let names = stream.names();
        let consoles = bot.consoles().into_iter();
        let wanted = consoles.filter(|(id, _)| server.is_none_or(|server| server == *id));
        let confirmations = wanted
            .map(|(_, console)| async move { confirm(&console, names, server.is_some()).await });
        try_join_all(confirmations).await?;
        Ok(stream)
    }
}

async fn confirm(console: &Console, names: &[EventName], only: bool) -> Result<(), Error> {
    if !console.status().state.is_connected() {
        crate::nearest::hint_at(names);
    }
    let mut statuses = console.statuses();
    tokio::select! {
        biased;
        // A second stream of the same events shares the first one's subscription, and is told of the same confirmation.
        confirmed = console.subscribe_to(names) => match confirmed {
            Err(error) if only || is_event_not_found(&error) => {
                Err(Error::of_console(error, subscribing_to(names)))
            }
            // Another console that was closed meanwhile takes nothing from the others.
            _ => Ok(()),
        },
        _ = statuses.wait_for(|status| !status.state.is_connected() && !status.state.is_closed()) => Ok(()),
    }
}

fn subscribing_to(names: &[EventName]) -> String {
    let names: Vec<_> = names.iter().map(EventName::as_str).collect();
    format!("subscribing to {} on consoles", names.join(", "))
}

impl<'a, T: DeserializeOwned + Send + 'static> IntoFuture for ConsoleSub<'a, T> {
    type Output = Result<ConsoleEvents<T>, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.confirmed())
    }
}

impl<T> fmt::Debug for ConsoleSub<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleSub")
            .field("names", &self.following.names)
            .field("server", &self.following.server)
            .finish_non_exhaustive()
    }
}
