use crate::conditions::{Transition, When};
use crate::failure::Failure;
use crate::handler_fn::{HandlerError, HandlerFn, Outcome};
use crate::players::Players;
use alta_model::console::event::ConsoleEvent;
use att_console::{Console, Event, EventName, Missed, State};
use futures_core::future::BoxFuture;
use serde_json::Value;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// The boxed future of a handler call.
pub type Work = BoxFuture<'static, Result<(), HandlerError>>;
type FailureFunction = Arc<dyn Fn(&Failure) + Send + Sync>;
/// An item of a console's stream.
type Item = Result<Event<Value>, Missed>;
type Function<A> = Arc<dyn Fn(Console, A) -> Work + Send + Sync>;
type SessionFunction = Arc<dyn Fn(Console) -> Work + Send + Sync>;
type EventFunction =
    Arc<dyn Fn(&Console, &Event<Value>) -> Result<Work, serde_json::Error> + Send + Sync>;

/// The functions that a [`Runner`](crate::Runner) calls. Each method is named after the value that the function receives. The
/// same handlers work in Alta's cloud and on self-hosted servers.
///
/// ```
/// use att_kit::{Handlers, commands::player, event::PlayerJoined};
///
/// let handlers = Handlers::new().on::<PlayerJoined>(|console, event| async move {
///     console.command(player::message(event.data.user, "Welcome!")).await
/// });
/// # let _ = handlers;
/// ```
///
/// # Guarantees
///
/// - A handler that panics, returns an error, or exceeds [`Limits::handler_timeout`](crate::Limits::handler_timeout) is logged
///   as a warning and passed to [`on_failure`](Self::on_failure); everything else continues.
/// - The events of one player on one console are handled one after another, in their order, by every handler in the order of
///   registration. Events of different players and of different consoles are handled concurrently, within the
///   [`Limits`](crate::Limits): a handler can be called for one player's event before it is called for another player's
///   earlier event. [`on_any_in_order`](Self::on_any_in_order) keeps the order of all events of a console.
/// - A handler that waits delays the later events of the same player: after a greeting that sleeps for 20 s, the handler of
///   that player's `PlayerLeft` is called 20 s late. Long work belongs into a task of its own (`tokio::spawn`), which checks
///   the state again before it acts.
/// - Where events are missing, [`on_missed`](Self::on_missed) is called between the events before and the events after.
#[derive(Clone, Default)]
#[must_use = "handlers are called only by a runner"]
pub struct Handlers {
    pub(crate) sessions: Vec<SessionFunction>,
    pub(crate) events: Vec<OnEvent>,
    pub(crate) in_order: Vec<OnEventsInOrder>,
    pub(crate) missed: Vec<Function<Missed>>,
    pub(crate) transitions: Vec<OnTransition>,
    pub(crate) states: Vec<Function<State>>,
    pub(crate) failures: Vec<FailureFunction>,
}

#[derive(Clone)]
pub(crate) struct OnEvent {
    /// The method that registered it.
    pub(crate) handler: &'static str,
    pub(crate) names: Vec<EventName>,
    pub(crate) function: EventFunction,
}

#[derive(Clone)]
pub(crate) struct OnEventsInOrder {
    pub(crate) names: Vec<EventName>,
    pub(crate) function: Function<Item>,
}

#[derive(Clone)]
pub(crate) struct OnTransition {
    pub(crate) when: Arc<dyn Fn(&Players) -> When + Send + Sync>,
    pub(crate) function: Function<Transition>,
}

/// Erases the type of a handler.
pub fn boxed<S: 'static, A: 'static>(
    handler: impl HandlerFn<S, A>,
) -> Arc<dyn Fn(S, A) -> Work + Send + Sync> {
    Arc::new(move |source, event| {
        let future = handler(source, event);
        Box::pin(async move { future.await.result() })
    })
}

impl Handlers {
    /// No handlers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Called for each event of this type, on every console.
    ///
    /// The events of one player on one console are handled in order, and so are those of no player; all others are handled
    /// concurrently, so several calls of one handler may run at the same time. A console's own commands do not cause
    /// [`CommandExecuted`](crate::event::CommandExecuted) here
    /// ([`Subscribe::with_own_commands`](att_console::Subscribe::with_own_commands)).
    #[doc(alias = "on_event")]
    pub fn on<E: ConsoleEvent>(mut self, handler: impl HandlerFn<Console, Event<E>>) -> Self {
        let function = move |console: &Console, event: &Event<Value>| {
            let data = E::deserialize(&event.data)?;
            let future = handler(console.clone(), event.clone().map(|_| data));
            Ok(Box::pin(async move { future.await.result() }) as Work)
        };
        self.events.push(OnEvent {
            handler: "on",
            names: vec![E::NAME.into()],
            function: Arc::new(function),
        });
        self
    }

    /// Called for each event with one of these names, in any case, on every console. The data is JSON, so this works for the
    /// events of mods as well.
    #[doc(alias = "on_events")]
    pub fn on_any<N: Into<EventName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        handler: impl HandlerFn<Console, Event<Value>>,
    ) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        let function = move |console: &Console, event: &Event<Value>| {
            let future = handler(console.clone(), event.clone());
            Ok(Box::pin(async move { future.await.result() }) as Work)
        };
        self.events.push(OnEvent {
            handler: "on_any",
            names,
            function: Arc::new(function),
        });
        self
    }

    /// Called for each event with one of these names and for each place where events are missing, on every console: one call
    /// after another, in the order of the console's stream. Different consoles are handled concurrently.
    ///
    /// Use it for logs and for everything else that depends on the order of all events. A slow handler delays only itself.
    ///
    /// ```
    /// use att_kit::Handlers;
    ///
    /// let handlers = Handlers::new().on_any_in_order(["PlayerJoined", "PlayerLeft"], |console, item| async move {
    ///     match item {
    ///         Ok(event) => println!("{}: {} {}", event.console, event.name, event.data),
    ///         Err(missed) => println!("{}: {missed}", console.label()),
    ///     }
    /// });
    /// # let _ = handlers;
    /// ```
    pub fn on_any_in_order<N: Into<EventName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        handler: impl HandlerFn<Console, Item>,
    ) -> Self {
        self.in_order.push(OnEventsInOrder {
            names: names.into_iter().map(Into::into).collect(),
            function: boxed(handler),
        });
        self
    }

    /// Called for each [`Transition`] of a condition, on every console. `when` configures the stream of one console. The players
    /// who are inside already are [told apart](Transition::is_initial): when the runner begins with the console, and after each
    /// gap.
    ///
    /// Transitions and events of one player on one console are handled one after another. If transitions are dropped because
    /// handlers are slow, [`on_missed`](Self::on_missed) is called with their number.
    ///
    /// ```
    /// use att_kit::conditions::{TransitionKind, Zone};
    /// use att_kit::{Handlers, commands::player};
    /// use std::time::Duration;
    ///
    /// let handlers = Handlers::new().on_transition(
    ///     |players| players.when(Zone::caves()).cooldown(Duration::from_secs(10)),
    ///     |console, transition| async move {
    ///         if transition.kind == TransitionKind::Entered {
    ///             console.command(player::message(transition.player.id(), "Mind your head")).await?;
    ///         }
    ///         Ok::<_, att_console::Error>(())
    ///     },
    /// );
    /// # let _ = handlers;
    /// ```
    pub fn on_transition(
        mut self,
        when: impl Fn(&Players) -> When + Send + Sync + 'static,
        handler: impl HandlerFn<Console, Transition>,
    ) -> Self {
        self.transitions.push(OnTransition {
            when: Arc::new(when),
            function: boxed(handler),
        });
        self
    }

    /// Called where events of a console are missing, in their place: after the handlers of all earlier events have ended, and
    /// before those of later events begin. So a slow handler delays the events after a gap.
    #[doc(alias = "on_gap")]
    pub fn on_missed(mut self, handler: impl HandlerFn<Console, Missed>) -> Self {
        self.missed.push(boxed(handler));
        self
    }

    /// Called with the state of each console, and again when the state changes, one call after another. A slow handler sees
    /// the newest state, not every state in between. It is independent of the order of events.
    pub fn on_state(mut self, handler: impl HandlerFn<Console, State>) -> Self {
        self.states.push(boxed(handler));
        self
    }

    /// Called once per session of a console: whenever it has connected, for the first time or again. When the connection is
    /// lost or the console closed, the future is dropped where it waits; the next session calls the handler again. So a loop in
    /// it never runs twice. [`Limits::handler_timeout`](crate::Limits::handler_timeout) does not apply.
    ///
    /// The future can be dropped at every `.await`, also between two commands that belong together, such as setting a home and
    /// restoring it; the log records at `info` that it was canceled. Work that must finish belongs into a task of its own
    /// (`tokio::spawn`), or is repaired by the next call. A failed command ends the handler if it is returned by `?`; a loop
    /// that should continue handles the error:
    ///
    /// ```
    /// use att_kit::Handlers;
    /// use std::time::Duration;
    ///
    /// let handlers = Handlers::new().on_session(|console| async move {
    ///     let mut hours = tokio::time::interval(Duration::from_secs(3_600));
    ///     loop {
    ///         hours.tick().await;
    ///         if let Err(error) = console.command("time set 12").await {
    ///             eprintln!("the time was not set: {error}");
    ///         }
    ///     }
    /// });
    /// # let _ = handlers;
    /// ```
    #[doc(alias = "on_console")]
    pub fn on_session<Fut>(
        mut self,
        handler: impl Fn(Console) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        self.sessions.push(Arc::new(move |console| {
            let future = handler(console);
            Box::pin(async move { future.await.result() })
        }));
        self
    }

    /// Called when a handler has failed, after the warning that is always logged: to count failures or to report them.
    /// The call is synchronous and must not block.
    pub fn on_failure(mut self, report: impl Fn(&Failure) + Send + Sync + 'static) -> Self {
        self.failures.push(Arc::new(report));
        self
    }

    /// Adds other handlers after these.
    pub fn and(mut self, others: Self) -> Self {
        self.sessions.extend(others.sessions);
        self.events.extend(others.events);
        self.in_order.extend(others.in_order);
        self.missed.extend(others.missed);
        self.transitions.extend(others.transitions);
        self.states.extend(others.states);
        self.failures.extend(others.failures);
        self
    }

    /// The events that have a handler, each once.
    pub fn event_names(&self) -> Vec<EventName> {
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
