use super::group_handlers::{GroupHandlers, Invitation};
#[cfg(doc)]
use super::managed_bot::ManagedBot;
use super::rules::{Invites, Rules};
use crate::bot::Bot;
use crate::builder::Builder;
use crate::view::{GroupView, ServerUpdate, ViewConfig};
use att_kit::{HandlerFn, Handlers, Limits};
use std::fmt;
use std::sync::Arc;

/// The configuration of a [`ManagedBot`], begun by [`Builder::managed`] or [`Bot::managed`].
///
/// [`handlers`](Self::handlers) takes the handlers of consoles, which also work without this crate on self-hosted servers
/// ([`att_kit::Runner`]). The methods `on_…` register the handlers of invitations, groups and servers: those of one group are
/// called one after another.
#[must_use = "nothing happens until `start`"]
pub struct ManagedBuilder {
    pub(super) source: Source,
    pub(super) handlers: Handlers,
    pub(super) group_handlers: GroupHandlers,
    pub(super) rules: Rules,
    /// Overrides the invitations of the rules, in any order of the calls.
    pub(super) invites: Option<Invites>,
    pub(super) limits: Limits,
    pub(super) opening: usize,
    pub(super) view: ViewConfig,
}

pub(super) enum Source {
    /// Boxed, since it is much larger than the other variant.
    Builder(Box<Builder>),
    Connected(Bot),
}

/// A thousand servers that start together are not opened all at once.
const OPENING: usize = 10;

impl Builder {
    /// Configures a managed bot, which follows its groups and opens their consoles by [`Rules`].
    ///
    /// ```no_run
    /// use alta_bot::{Bot, Handlers, Invites, commands::player, event::PlayerJoined};
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), Box<dyn std::error::Error>> {
    ///     let handlers = Handlers::new().on::<PlayerJoined>(|console, event| async move {
    ///         console.command(player::message(event.data.user, "Welcome!")).await
    ///     });
    ///     let bot = Bot::builder()
    ///         .read_env()
    ///         .managed()
    ///         .accept_invites(Invites::All)
    ///         .handlers(handlers)
    ///         .start()
    ///         .await?;
    ///     bot.run().await?;
    ///     Ok(())
    /// }
    /// ```
    pub fn managed(self) -> ManagedBuilder {
        ManagedBuilder::new(Source::Builder(Box::new(self)))
    }
}

impl Bot {
    /// Configures a managed bot from a connected one, as [`Builder::managed`] does. Its handlers can hold the bot, for REST calls.
    /// The bot is closed when the [`ManagedBot`](crate::ManagedBot) shuts down.
    ///
    /// ```no_run
    /// use alta_bot::{Handlers, event::PlayerJoined};
    ///
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let rest = bot.clone();
    /// let handlers = Handlers::new().on::<PlayerJoined>(move |_console, event| {
    ///     let bot = rest.clone();
    ///     async move {
    ///         let Some(server) = event.server else { return Ok(()) };
    ///         let server = bot.request_server_by_id(server).await?;
    ///         println!("{} joined {}", event.data.user.username, server.name);
    ///         Ok::<_, alta_bot::Error>(())
    ///     }
    /// });
    /// bot.managed().handlers(handlers).start().await?.run().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn managed(&self) -> ManagedBuilder {
        ManagedBuilder::new(Source::Connected(self.clone()))
    }
}

impl ManagedBuilder {
    fn new(source: Source) -> Self {
        Self {
            source,
            handlers: Handlers::new(),
            group_handlers: GroupHandlers::default(),
            rules: Rules::default(),
            invites: None,
            limits: Limits::default(),
            opening: OPENING,
            view: ViewConfig::default(),
        }
    }

    /// Sets the groups, servers and invitations that the bot handles.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Sets the invitations that the bot accepts. It overrides [`Rules::invites`].
    pub fn accept_invites(mut self, invites: Invites) -> Self {
        self.invites = Some(invites);
        self
    }

    /// Sets how many handlers may run at the same time, and for how long.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many consoles may open at the same time; at least one, by default 10. A console that takes more than 30 s, or
    /// whose first attempt fails, does not count any more.
    pub fn opening(mut self, consoles: usize) -> Self {
        self.opening = consoles.max(1);
        self
    }

    /// Sets how the bot follows its groups.
    pub fn view_config(mut self, config: ViewConfig) -> Self {
        self.view = config;
        self
    }

    /// Adds handlers of consoles. Their [`on_failure`](Handlers::on_failure) also receives the failures of the handlers of
    /// groups.
    pub fn handlers(mut self, handlers: Handlers) -> Self {
        self.handlers = self.handlers.and(handlers);
        self
    }

    /// Called for each invitation to a group, pending or new, after it was accepted if the rules accept it.
    pub fn on_invite(mut self, handler: impl HandlerFn<Bot, Invitation>) -> Self {
        self.group_handlers.invites.push(att_kit::boxed(handler));
        self
    }

    /// Called when the bot has joined a group and the group is [complete](GroupView::complete), or after twice
    /// [`ViewConfig::subscribe_timeout`]. It is also called for groups that the rules exclude, since another program may have
    /// accepted the invitation. The groups at the start are in the view: see [`Bot::current_view`].
    pub fn on_group_joined(mut self, handler: impl HandlerFn<Bot, Arc<GroupView>>) -> Self {
        self.group_handlers.joined.push(att_kit::boxed(handler));
        self
    }

    /// Called when the bot no longer belongs to a group, with the last snapshot of the group.
    pub fn on_group_left(mut self, handler: impl HandlerFn<Bot, Arc<GroupView>>) -> Self {
        self.group_handlers.left.push(att_kit::boxed(handler));
        self
    }

    /// Called when a server has gone online, or was found online; [`ServerUpdate::known`] says which of both. So it is called at
    /// the start for each server that runs, and again when the rules allow its group after they have denied it.
    pub fn on_server_online(mut self, handler: impl HandlerFn<Bot, ServerUpdate>) -> Self {
        self.group_handlers.online.push(att_kit::boxed(handler));
        self
    }

    /// Called when a server has gone offline, or was found offline; [`ServerUpdate::known`] says which of both. So it is called at
    /// the start for each server that does not run, and again when the rules allow its group after they have denied it. It is not
    /// called while the state of a server is unknown: missing heartbeats alone cause a reading over REST, not a call.
    pub fn on_server_offline(mut self, handler: impl HandlerFn<Bot, ServerUpdate>) -> Self {
        self.group_handlers.offline.push(att_kit::boxed(handler));
        self
    }
}

impl fmt::Debug for ManagedBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedBuilder")
            .field("handlers", &self.handlers)
            .field("rules", &self.rules)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
