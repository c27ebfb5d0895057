use super::failure::Failure;
use super::function::{HandlerError, HandlerFn, HandlerFn2, Outcome};
use crate::bot::Bot;
use crate::view::{GroupView, ServerNews};
use alta_model::InvitedGroup;
use alta_model::console::event::ConsoleEvent;
use att_console::{Console, Event, EventName, Missed};
use futures_core::future::BoxFuture;
use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

type Result = std::result::Result<(), HandlerError>;
pub(super) type Work = BoxFuture<'static, Result>;
type FailureFunction = Arc<dyn Fn(&Failure) + Send + Sync>;
/// An item of a console's stream.
type Item = std::result::Result<Event<Value>, Missed>;
type Function<A> = Arc<dyn Fn(A) -> Work + Send + Sync>;
type EventFunction = Arc<
    dyn Fn(&Console, &Event<Value>) -> std::result::Result<Work, serde_json::Error> + Send + Sync,
>;

/// What a bot does when something happens. The same handlers serve in the cloud and on self-hosted servers; those of
/// invitations, groups and servers are only called in the cloud.
///
/// ```
/// use alta_bot::{Handlers, commands::player, event::PlayerJoined};
///
/// let handlers = Handlers::new()
///     .on_event::<PlayerJoined>(|console, event| async move {
///         console.command(player::message(event.data.user, "Welcome!")).await?;
///         Ok::<_, att_console::Error>(())
///     });
/// # let _ = handlers;
/// ```
///
/// # What holds
///
/// - A handler that panics, returns an error, or takes longer than [`Limits::handler_time`](crate::Limits::handler_time)
///   is logged as a warning and reported to [`on_failure`](Self::on_failure); everything else goes on.
/// - The events of one player on one console are handled one after the other, in their order, by every handler in the
///   order of registration. Those of different players, and of different consoles, are handled side by side, within
///   [`Limits`](crate::Limits): a handler of one player's event can be called before that of another player's earlier
///   one. [`on_events_in_order`](Self::on_events_in_order) keeps the order of all events of a console.
/// - A handler that waits delays the later events of the same player: a greeting that sleeps for 20 s is told 20 s late
///   that the player has left. What takes long runs in a task of its own (`tokio::spawn`), and looks again before it acts.
/// - Where events are missing, [`on_missed`](Self::on_missed) is called between those before and those after.
/// - Handlers of one group's invitations, joins and servers are called one after the other as well.
#[derive(Clone, Default)]
#[must_use = "handlers do nothing until they are given to a bot"]
pub struct Handlers {
    pub(super) consoles: Vec<Function<Console>>,
    pub(super) events: Vec<OnEvent>,
    pub(super) in_order: Vec<OnEventsInOrder>,
    pub(super) missed: Vec<Function<(Console, Missed)>>,
    pub(super) invites: Vec<Function<(Bot, Invitation)>>,
    pub(super) group_joined: Vec<Function<(Bot, Arc<GroupView>)>>,
    pub(super) group_left: Vec<Function<(Bot, Arc<GroupView>)>>,
    pub(super) server_online: Vec<Function<(Bot, ServerNews)>>,
    pub(super) server_offline: Vec<Function<(Bot, ServerNews)>>,
    pub(super) failures: Vec<FailureFunction>,
}

#[derive(Clone)]
pub(super) struct OnEvent {
    /// The method that it was given to.
    pub(super) handler: &'static str,
    pub(super) names: Vec<EventName>,
    pub(super) function: EventFunction,
}

#[derive(Clone)]
pub(super) struct OnEventsInOrder {
    pub(super) names: Vec<EventName>,
    pub(super) function: Function<(Console, Item)>,
}

/// An invitation that came, and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Invitation {
    /// The group.
    pub group: InvitedGroup,
    /// Whether it was accepted, by [`Rules::invites`](crate::Rules::invites). If not,
    /// [`Bot::request_accept_invite`] still can.
    pub accepted: bool,
}

fn boxed<A: 'static>(handler: impl HandlerFn<A>) -> Function<A> {
    Arc::new(move |a| {
        let future = handler(a);
        Box::pin(async move { future.await.result() })
    })
}

fn boxed2<A: 'static, B: 'static>(handler: impl HandlerFn2<A, B>) -> Function<(A, B)> {
    Arc::new(move |(a, b)| {
        let future = handler(a, b);
        Box::pin(async move { future.await.result() })
    })
}

impl Handlers {
    /// No handlers yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Called once per console session: whenever a console has connected, for the first time or again. When the
    /// connection is lost or the console closed, the future is dropped where it waits; the next session calls the handler
    /// anew. So a loop in it never runs twice. It isn't bound by [`Limits::handler_time`](crate::Limits::handler_time).
    ///
    /// Being dropped can happen at every `.await`, also between two commands that belong together, such as setting a home and
    /// restoring it: the log says at `info` that it was ended. What must be finished is done in a task of its own
    /// (`tokio::spawn`), or is made good by the next call. A command that fails ends the handler if it is returned by `?`; a
    /// loop that should last handles it:
    ///
    /// ```
    /// use alta_bot::Handlers;
    /// use std::time::Duration;
    ///
    /// let handlers = Handlers::new().on_console(|console| async move {
    ///     let mut hours = tokio::time::interval(Duration::from_secs(3_600));
    ///     loop {
    ///         hours.tick().await;
    ///         if let Err(error) = console.command("time set 12").await {
    ///             tracing::warn!(%error, "the time was not set");
    ///         }
    ///     }
    /// });
    /// # let _ = handlers;
    /// ```
    pub fn on_console(mut self, handler: impl HandlerFn<Console>) -> Self {
        self.consoles.push(boxed(handler));
        self
    }

    /// Called for each event of this kind, on every console.
    ///
    /// What one player does on one console is handled in order, and so is what concerns no player; everything else side by
    /// side, so a handler may run several times at once. A console's own commands are no
    /// [`CommandExecuted`](att_console::event::CommandExecuted) for it
    /// ([`Subscribe::with_own_commands`](att_console::Subscribe::with_own_commands)).
    pub fn on_event<E: ConsoleEvent>(
        mut self,
        handler: impl HandlerFn2<Console, Event<E>>,
    ) -> Self {
        let function = move |console: &Console, event: &Event<Value>| {
            let data = E::deserialize(&event.data)?;
            let future = handler(console.clone(), event.clone().map(|_| data));
            Ok(Box::pin(async move { future.await.result() }) as Work)
        };
        self.events.push(OnEvent {
            handler: "on_event",
            names: vec![E::NAME.into()],
            function: Arc::new(function),
        });
        self
    }

    /// Called for each event of these names, in any case, on every console. Mods' events are handled this way.
    pub fn on_events<N: Into<EventName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        handler: impl HandlerFn2<Console, Event<Value>>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        let function = move |console: &Console, event: &Event<Value>| {
            let future = handler(console.clone(), event.clone());
            Ok(Box::pin(async move { future.await.result() }) as Work)
        };
        self.events.push(OnEvent {
            handler: "on_events",
            names,
            function: Arc::new(function),
        });
        self
    }

    /// Called for each event of these names and for each place where events are missing, on every console: one call after
    /// the other, in the order of the console's stream. Different consoles are handled side by side.
    ///
    /// It is the handler for logs and for whatever else depends on the order of all events. A slow one delays only itself.
    ///
    /// ```
    /// use alta_bot::Handlers;
    ///
    /// let handlers = Handlers::new().on_events_in_order(["PlayerJoined", "PlayerLeft"], |console, item| async move {
    ///     match item {
    ///         Ok(event) => println!("{}: {} {}", event.console, event.name, event.data),
    ///         Err(missed) => println!("{}: {missed}", console.label()),
    ///     }
    /// });
    /// # let _ = handlers;
    /// ```
    pub fn on_events_in_order<N: Into<EventName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        handler: impl HandlerFn2<Console, Item>,
    ) -> Self {
        self.in_order.push(OnEventsInOrder {
            names: names.into_iter().map(Into::into).collect(),
            function: boxed2(handler),
        });
        self
    }

    /// Called where events of a console are missing, in their place: after the handlers of all events before it have ended,
    /// and before those of later events begin. So a handler that takes long delays what comes after a gap.
    pub fn on_missed(mut self, handler: impl HandlerFn2<Console, Missed>) -> Self {
        self.missed.push(boxed2(handler));
        self
    }

    /// Called for each invitation to a group, after it was accepted if the rules say so: for those that wait at the start,
    /// and those that come.
    pub fn on_invite(mut self, handler: impl HandlerFn2<Bot, Invitation>) -> Self {
        self.invites.push(boxed2(handler));
        self
    }

    /// Called when the bot has come to belong to a group, with the group as a whole: it is waited for until it is
    /// [complete](GroupView::complete), or for twice [`ViewConfig::patience`](crate::ViewConfig::patience). The groups that the bot
    /// belongs to at the start are in the view: see [`Bot::current_view`]. It is called for groups that the rules leave out as
    /// well: somebody else may have accepted for the bot.
    pub fn on_group_joined(mut self, handler: impl HandlerFn2<Bot, Arc<GroupView>>) -> Self {
        self.group_joined.push(boxed2(handler));
        self
    }

    /// Called when the bot doesn't belong to a group any more, with what it was.
    pub fn on_group_left(mut self, handler: impl HandlerFn2<Bot, Arc<GroupView>>) -> Self {
        self.group_left.push(boxed2(handler));
        self
    }

    /// Called when a server runs that did not before, or was not known to; [`ServerNews::known`] tells whether that has just
    /// come about. So it is called at the start for each server that runs, and when the rules come to allow its group.
    pub fn on_server_online(mut self, handler: impl HandlerFn2<Bot, ServerNews>) -> Self {
        self.server_online.push(boxed2(handler));
        self
    }

    /// Called when a server doesn't run any more, or is found not to, with the server as it is now;
    /// [`ServerNews::known`] tells whether that has just come about. So it is called at the start for each server that doesn't
    /// run, and when the rules come to allow its group. It is not called for one of which is not known whether it runs: missing
    /// heartbeats alone don't tell, the server is asked for over REST then.
    pub fn on_server_offline(mut self, handler: impl HandlerFn2<Bot, ServerNews>) -> Self {
        self.server_offline.push(boxed2(handler));
        self
    }

    /// Called when a handler has failed, beside the warning that is logged in any case: for more than a log, such as a count
    /// or a word to somebody. It is called in passing, so it must not block.
    pub fn on_failure(mut self, report: impl Fn(&Failure) + Send + Sync + 'static) -> Self {
        self.failures.push(Arc::new(report));
        self
    }

    /// All handlers as the methods of one thing.
    pub fn handler<H: Handler>(self, handler: H) -> Self {
        let handler = Arc::new(handler);
        let (names, in_order) = (handler.events(), handler.events_in_order());
        macro_rules! method {
            ($name:ident($($argument:ident),*)) => {{
                let handler = Arc::clone(&handler);
                move |$($argument),*| {
                    let handler = Arc::clone(&handler);
                    async move { handler.$name($($argument),*).await }
                }
            }};
        }
        let mut this = self
            .on_console(method!(console(console)))
            .on_missed(method!(missed(console, missed)))
            .on_invite(method!(invite(bot, invitation)))
            .on_group_joined(method!(group_joined(bot, group)))
            .on_group_left(method!(group_left(bot, group)))
            .on_server_online(method!(server_online(bot, server)))
            .on_server_offline(method!(server_offline(bot, server)));
        if !names.is_empty() {
            this = this.on_events(names, method!(event(console, event)));
        }
        if !in_order.is_empty() {
            this = this.on_events_in_order(in_order, method!(event_in_order(console, item)));
        }
        this.on_failure(move |failure| handler.failure(failure))
    }

    /// These, and after them the others.
    pub fn and(mut self, others: Self) -> Self {
        self.consoles.extend(others.consoles);
        self.events.extend(others.events);
        self.in_order.extend(others.in_order);
        self.missed.extend(others.missed);
        self.invites.extend(others.invites);
        self.group_joined.extend(others.group_joined);
        self.group_left.extend(others.group_left);
        self.server_online.extend(others.server_online);
        self.server_offline.extend(others.server_offline);
        self.failures.extend(others.failures);
        self
    }

    /// The events that have a handler, each once.
    pub(super) fn event_names(&self) -> Vec<EventName> {
        let mut names: Vec<EventName> = Vec::new();
        let in_order = self.in_order.iter().flat_map(|on| &on.names);
        for name in self.events.iter().flat_map(|on| &on.names).chain(in_order) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("events", &self.event_names())
            .finish_non_exhaustive()
    }
}

/// Handlers as methods: implement those that are needed, and give it to [`Handlers::handler`]. Each method does what the
/// function of that name does.
///
/// ```
/// use alta_bot::{Handler, HandlerError, Handlers};
/// use att_console::{Console, Event, EventName};
///
/// struct Doors;
///
/// impl Handler for Doors {
///     fn events(&self) -> Vec<EventName> {
///         vec!["DoorOpened".into()]
///     }
///
///     async fn event(&self, console: Console, event: Event<serde_json::Value>) -> Result<(), HandlerError> {
///         println!("on {}: {}", console.label(), event.data);
///         Ok(())
///     }
/// }
///
/// let handlers = Handlers::new().handler(Doors);
/// # let _ = handlers;
/// ```
pub trait Handler: Send + Sync + 'static {
    /// The events that [`event`](Self::event) is called for. Asked once.
    fn events(&self) -> Vec<EventName> {
        Vec::new()
    }

    /// The events that [`event_in_order`](Self::event_in_order) is called for. Asked once.
    fn events_in_order(&self) -> Vec<EventName> {
        Vec::new()
    }

    /// See [`Handlers::on_events_in_order`].
    fn event_in_order(&self, console: Console, item: Item) -> impl Future<Output = Result> + Send {
        let _ = (console, item);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_console`].
    fn console(&self, console: Console) -> impl Future<Output = Result> + Send {
        let _ = console;
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_events`].
    fn event(&self, console: Console, event: Event<Value>) -> impl Future<Output = Result> + Send {
        let _ = (console, event);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_missed`].
    fn missed(&self, console: Console, missed: Missed) -> impl Future<Output = Result> + Send {
        let _ = (console, missed);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_invite`].
    fn invite(&self, bot: Bot, invitation: Invitation) -> impl Future<Output = Result> + Send {
        let _ = (bot, invitation);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_group_joined`].
    fn group_joined(&self, bot: Bot, group: Arc<GroupView>) -> impl Future<Output = Result> + Send {
        let _ = (bot, group);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_group_left`].
    fn group_left(&self, bot: Bot, group: Arc<GroupView>) -> impl Future<Output = Result> + Send {
        let _ = (bot, group);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_server_online`].
    fn server_online(&self, bot: Bot, server: ServerNews) -> impl Future<Output = Result> + Send {
        let _ = (bot, server);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_server_offline`].
    fn server_offline(&self, bot: Bot, server: ServerNews) -> impl Future<Output = Result> + Send {
        let _ = (bot, server);
        std::future::ready(Ok(()))
    }

    /// See [`Handlers::on_failure`].
    fn failure(&self, failure: &Failure) {
        let _ = failure;
    }
}
