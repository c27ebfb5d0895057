use super::group_handlers::{GroupHandlers, Invitation};
#[cfg(doc)]
use super::managed_bot::ManagedBot;
use super::rules::{Invites, Rules};
use crate::bot::Bot;
use crate::builder::Builder;
use crate::view::{GroupView, ServerNews, ViewConfig};
use att_kit::{HandlerFn, Handlers, Limits};
use std::fmt;
use std::sync::Arc;

/// The configuration of a [`ManagedBot`], begun by [`Builder::managed`] or [`Bot::managed`].
///
/// [`handlers`](Self::handlers) takes the handlers of consoles, which also work without this crate on self-hosted servers
/// ([`att_kit::Runner`]). The methods `on_…` register the handlers of invitations, groups and servers: those of one group are
/// called one after another.
#[must_use = "nothing happens until `start`"]
pub struct Managed {
    pub(super) source: Source,
    pub(super) handlers: Handlers,
    pub(super) group_handlers: GroupHandlers,
    pub(super) rules: Rules,
    /// Overrides that of the rules, in whatever order they were given.
    pub(super) invites: Option<Invites>,
    pub(super) limits: Limits,
    pub(super) opening: usize,
    pub(super) view: ViewConfig,
}

pub(super) enum Source {
    /// Boxed, since it is much larger than the other.
    Builder(Box<Builder>),
    Connected(Bot),
}

/// A thousand servers that come up together are opened bit by bit.
const OPENING: usize = 10;

impl Builder {
    /// Makes a bot that looks after its groups and their consoles by itself.
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
    pub fn managed(self) -> Managed {
        Managed::new(Source::Builder(Box::new(self)))
    }
}

impl Bot {
    /// Makes a connected bot look after its groups and their consoles by itself, as [`Builder::managed`] does. Its handlers can
    /// hold the bot, for REST calls. It is closed when the [`ManagedBot`](crate::ManagedBot) shuts down.
    ///
    /// ```no_run
    /// use alta_bot::{Handlers, event::PlayerJoined};
    ///
    /// # async fn run(bot: alta_bot::Bot) -> Result<(), alta_bot::Error> {
    /// let asking = bot.clone();
    /// let handlers = Handlers::new().on::<PlayerJoined>(move |_console, event| {
    ///     let bot = asking.clone();
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
    pub fn managed(&self) -> Managed {
        Managed::new(Source::Connected(self.clone()))
    }
}

impl Managed {
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

    /// Which groups, servers and invitations it looks after.
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Which invitations it accepts: short for [`Rules::invites`], whatever [`rules`](Self::rules) say.
    pub fn accept_invites(mut self, invites: Invites) -> Self {
        self.invites = Some(invites);
        self
    }

    /// How many handlers may run at the same time, and for how long.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many consoles may be opening at the same time; at least one. 10. One that takes more than 30 s, or whose first
    /// attempt fails, makes room for the next.
    pub fn opening(mut self, consoles: usize) -> Self {
        self.opening = consoles.max(1);
        self
    }

    /// How it follows its groups.
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

    /// Called for each invitation to a group, after it was accepted if the rules say so: for those that wait at the start,
    /// and those that come.
    pub fn on_invite(mut self, handler: impl HandlerFn<Bot, Invitation>) -> Self {
        self.group_handlers.invites.push(att_kit::boxed(handler));
        self
    }

    /// Called when the bot has joined a group, with the group as a whole: it is waited for until it is
    /// [complete](GroupView::complete), or for twice [`ViewConfig::patience`]. The groups that the bot belongs to at the start
    /// are in the view: see [`Bot::current_view`]. It is called for groups that the rules leave out as well: somebody else may
    /// have accepted for the bot.
    pub fn on_group_joined(mut self, handler: impl HandlerFn<Bot, Arc<GroupView>>) -> Self {
        self.group_handlers.joined.push(att_kit::boxed(handler));
        self
    }

    /// Called when the bot no longer belongs to a group, with its last view.
    pub fn on_group_left(mut self, handler: impl HandlerFn<Bot, Arc<GroupView>>) -> Self {
        self.group_handlers.left.push(att_kit::boxed(handler));
        self
    }

    /// Called when a server runs that did not before, or was not known to; [`ServerNews::known`] says how recent that is. So it
    /// is called at the start for each server that runs, and when the rules come to allow its group.
    pub fn on_server_online(mut self, handler: impl HandlerFn<Bot, ServerNews>) -> Self {
        self.group_handlers.online.push(att_kit::boxed(handler));
        self
    }

    /// Called when a server no longer runs, or is found not to, with the server as it is now; [`ServerNews::known`] says how
    /// recent that is. So it is called at the start for each server that does not run, and when the rules come to allow its
    /// group. It is not called while it is unknown whether a server runs: missing heartbeats alone do not say, the server is
    /// read over REST then.
    pub fn on_server_offline(mut self, handler: impl HandlerFn<Bot, ServerNews>) -> Self {
        self.group_handlers.offline.push(att_kit::boxed(handler));
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
