use super::failure::Failure;
use super::function::{HandlerFn, HandlerFn2};
use super::handlers::{Handler, Handlers, Invitation};
use super::limits::Limits;
#[cfg(doc)]
use super::managed_bot::ManagedBot;
use super::rules::{Invites, Rules};
use super::self_hosted::SelfHosted;
use crate::bot::Bot;
use crate::builder::Builder;
use crate::view::{GroupView, ServerNews, ViewConfig};
use alta_model::console::event::ConsoleEvent;
use att_console::{Console, Event, EventName, Missed};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// How a [`ManagedBot`] is made: begun by [`Builder::managed`] or [`Bot::self_hosted`].
#[must_use = "nothing happens until `start`"]
pub struct Managed {
    pub(super) source: Source,
    pub(super) handlers: Handlers,
    pub(super) rules: Rules,
    /// Goes before the rules', in whatever order they were given.
    pub(super) invites: Option<Invites>,
    pub(super) limits: Limits,
    pub(super) view: ViewConfig,
}

pub(super) enum Source {
    /// Boxed, since it is much larger than the others.
    Cloud(Box<Builder>),
    Connected(Bot),
    SelfHosted(Vec<SelfHosted>),
}

impl Builder {
    /// Makes a bot that looks after its groups and their consoles by itself.
    ///
    /// ```no_run
    /// use alta_bot::{Bot, Invites, commands::player, event::PlayerJoined};
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let bot = Bot::builder()
    ///         .read_env()
    ///         .managed()
    ///         .accept_invites(Invites::All)
    ///         .on_event::<PlayerJoined>(|console, event| async move {
    ///             console.command(player::message(event.data.user, "Welcome!")).await?;
    ///             Ok::<_, att_console::Error>(())
    ///         })
    ///         .start()
    ///         .await?;
    ///     bot.run().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn managed(self) -> Managed {
        Managed::new(Source::Cloud(Box::new(self)))
    }
}

impl Bot {
    /// Makes a bot that is connected look after its groups and their consoles by itself, as [`Builder::managed`] does. Its
    /// handlers can hold the bot, for what they ask of REST. It is closed when the [`ManagedBot`](crate::ManagedBot) shuts
    /// down.
    ///
    /// ```no_run
    /// use alta_bot::event::PlayerJoined;
    ///
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let asking = bot.clone();
    /// let managed = bot.managed().on_event::<PlayerJoined>(move |_console, event| {
    ///     let bot = asking.clone();
    ///     async move {
    ///         let Some(server) = event.server else { return Ok(()) };
    ///         let server = bot.request_server_by_id(server).await?;
    ///         println!("{} joined {}", event.data.user.username, server.name);
    ///         Ok::<_, alta_bot::Error>(())
    ///     }
    /// });
    /// managed.start().await?.run().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn managed(&self) -> Managed {
        Managed::new(Source::Connected(self.clone()))
    }

    /// Makes a bot that looks after the consoles of self-hosted servers: no login, no groups, but the same handlers.
    ///
    /// ```no_run
    /// use alta_bot::{Bot, commands::player, event::PlayerJoined};
    /// use att_console::TokenFile;
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let bot = Bot::self_hosted([TokenFile::local()?])
    ///     .on_event::<PlayerJoined>(|console, event| async move {
    ///         console.command(player::message(event.data.user, "Welcome!")).await?;
    ///         Ok::<_, att_console::Error>(())
    ///     })
    ///     .start()
    ///     .await?;
    /// bot.run().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn self_hosted<S: Into<SelfHosted>>(servers: impl IntoIterator<Item = S>) -> Managed {
        let servers = servers.into_iter().map(Into::into).collect();
        Managed::new(Source::SelfHosted(servers))
    }
}

impl Managed {
    fn new(source: Source) -> Self {
        Self {
            source,
            handlers: Handlers::new(),
            rules: Rules::default(),
            invites: None,
            limits: Limits::default(),
            view: ViewConfig::default(),
        }
    }

    /// Which groups, servers and invitations it looks after. Self-hosted servers have none of these.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Which invitations it accepts: short for [`Rules::invites`], whatever [`rules`](Self::rules) say.
    pub fn accept_invites(mut self, invites: Invites) -> Self {
        self.invites = Some(invites);
        self
    }

    /// What it may do at once, and for how long.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How it follows its groups. Self-hosted servers have none.
    pub fn view_config(mut self, config: ViewConfig) -> Self {
        self.view = config;
        self
    }

    /// These handlers as well, after those given so far.
    pub fn handlers(mut self, handlers: Handlers) -> Self {
        self.handlers = self.handlers.and(handlers);
        self
    }
}

impl Managed {
    /// See [`Handlers::on_event`].
    pub fn on_event<E: ConsoleEvent>(
        mut self,
        handler: impl HandlerFn2<Console, Event<E>>,
    ) -> Self {
        self.handlers = self.handlers.on_event(handler);
        self
    }

    /// See [`Handlers::on_events`].
    pub fn on_events<N: Into<EventName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        handler: impl HandlerFn2<Console, Event<Value>>,
    ) -> Self {
        self.handlers = self.handlers.on_events(names, handler);
        self
    }

    /// See [`Handlers::on_events_in_order`].
    pub fn on_events_in_order<N: Into<EventName>>(
        mut self,
        names: impl IntoIterator<Item = N>,
        handler: impl HandlerFn2<Console, Result<Event<Value>, Missed>>,
    ) -> Self {
        self.handlers = self.handlers.on_events_in_order(names, handler);
        self
    }

    /// See [`Handlers::on_console`].
    pub fn on_console(mut self, handler: impl HandlerFn<Console>) -> Self {
        self.handlers = self.handlers.on_console(handler);
        self
    }

    /// See [`Handlers::on_missed`].
    pub fn on_missed(mut self, handler: impl HandlerFn2<Console, Missed>) -> Self {
        self.handlers = self.handlers.on_missed(handler);
        self
    }

    /// See [`Handlers::on_invite`].
    pub fn on_invite(mut self, handler: impl HandlerFn2<Bot, Invitation>) -> Self {
        self.handlers = self.handlers.on_invite(handler);
        self
    }

    /// See [`Handlers::on_group_joined`].
    pub fn on_group_joined(mut self, handler: impl HandlerFn2<Bot, Arc<GroupView>>) -> Self {
        self.handlers = self.handlers.on_group_joined(handler);
        self
    }

    /// See [`Handlers::on_group_left`].
    pub fn on_group_left(mut self, handler: impl HandlerFn2<Bot, Arc<GroupView>>) -> Self {
        self.handlers = self.handlers.on_group_left(handler);
        self
    }

    /// See [`Handlers::on_server_online`].
    pub fn on_server_online(mut self, handler: impl HandlerFn2<Bot, ServerNews>) -> Self {
        self.handlers = self.handlers.on_server_online(handler);
        self
    }

    /// See [`Handlers::on_server_offline`].
    pub fn on_server_offline(mut self, handler: impl HandlerFn2<Bot, ServerNews>) -> Self {
        self.handlers = self.handlers.on_server_offline(handler);
        self
    }

    /// See [`Handlers::on_failure`].
    pub fn on_failure(mut self, report: impl Fn(&Failure) + Send + Sync + 'static) -> Self {
        self.handlers = self.handlers.on_failure(report);
        self
    }

    /// See [`Handlers::handler`].
    pub fn handler<H: Handler>(mut self, handler: H) -> Self {
        self.handlers = self.handlers.handler(handler);
        self
    }
}

impl fmt::Debug for Managed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Managed")
            .field("handlers", &self.handlers)
            .field("rules", &self.rules)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
