//! The views that a bot keeps.

use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::view::{View, ViewConfig};

impl Bot {
    /// Begins to keep a view of the bot's groups. When this returns, the groups, their roles and the bot's own membership
    /// are there; members and servers follow: see [`View::complete`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] for a bot without a bot's credentials, [`ErrorKind::Config`] if one of the times is zero,
    /// [`heartbeat_timeout`](ViewConfig::heartbeat_timeout) too short for the main websocket's ping, or the bot's user id not known, [`ErrorKind::Socket`] if its events cannot be subscribed to, [`ErrorKind::Rest`] if
    /// its groups cannot be listed.
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

    /// The view that was begun last, by [`view`](Self::view) or a managed bot, if it is still kept: for handlers.
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
