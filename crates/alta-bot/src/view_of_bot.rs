//! The functions of a bot that make views.

use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::view::{View, ViewConfig};

impl Bot {
    /// Makes a view of the bot's groups and keeps it up to date. When this returns, the view contains the groups, their roles
    /// and the bot's own membership; members and servers follow: see [`View::complete`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoAccount`] without a bot's credentials; [`ErrorKind::Config`] if a time in the configuration is zero, if
    /// [`heartbeat_timeout`](ViewConfig::heartbeat_timeout) is too short for the ping of the main websocket, or if the bot's
    /// user id is unknown; [`ErrorKind::Socket`] if a subscription is refused; [`ErrorKind::Rest`] if the groups cannot be
    /// listed.
    pub async fn view(&self, config: ViewConfig) -> Result<View, Error> {
        let problems = config.problems(self.socket()?.config().ping_interval);
        if !problems.is_empty() {
            let doing = "following the bot's groups";
            return Err(Error::new(ErrorKind::Config { problems }, doing));
        }
        let me = self.own_id("following the bot's groups")?;
        let clients = (self.rest().as_bot(), self.socket()?.clone());
        let view = View::begin(clients, me, &self.inner.consoles, config).await?;
        self.inner.view.set(&view);
        Ok(view)
    }

    /// The latest view that [`view`](Self::view) or a managed bot has made, if it still exists: for handlers.
    ///
    /// ```no_run
    /// # use alta_bot::{Builder, Membership, UserId};
    /// # fn f(builder: Builder, owner: UserId) {
    /// builder.managed().on_server_offline(move |bot, server| async move {
    ///     let Some(view) = bot.current_view() else { return };
    ///     let Some(group) = view.group(server.group) else { return };
    ///     if let Membership::Known(owner) = group.member(owner) {
    ///         println!("{} is down, and {} wants to know", server.name, owner.username);
    ///     }
    /// });
    /// # }
    /// ```
    pub fn current_view(&self) -> Option<View> {
        self.inner.view.get()
    }
}
