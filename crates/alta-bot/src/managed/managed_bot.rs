use super::health::{Health, Sources};
use super::rules::Rules;
use crate::bot::Bot;
use crate::clock::after;
use crate::error::Error;
use crate::view::View;
use alta_socket::TaskGuard;
use att_console::Console;
use att_kit::{Finished, StopBy, request_stop};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// A bot that accepts invitations, follows its groups, roles and servers, opens their consoles by [`Rules`], and calls handlers.
///
/// Dropping it cancels its handlers and closes its consoles without waiting; [`shutdown`](Self::shutdown) lets handlers finish.
///
/// # Open consoles
///
/// A console is opened if all of these are true:
///
/// - the server is online, or its state cannot be read;
/// - the rules allow its group and its fleet;
/// - the bot's role in the group permits the console;
/// - the server has players, if the rules exclude empty servers.
///
/// The bot follows changes of all of these: events of the main websocket, missing heartbeats, roles, rules.
///
/// The state of a server that has just been joined is unknown until its first event, heartbeat or reading. If the reading hangs,
/// its console opens at the next heartbeat, or when the REST call fails (after a minute at most). A console that is open is not
/// closed by a reading that hangs or fails.
///
/// A console stays open when its server stops: a restart is an outage, which its streams report as one gap. While the server is
/// stopped, the console requests access every ten minutes, and at once when the server is up. If the bot itself closes a console
/// and opens it again later (rules, roles), that time is a gap too, in handlers and in the bot's streams.
///
/// # Logs and metrics
///
/// Logs are in `tracing` spans: `bot` with the account, `console` with group and server. At `info` are rare changes (groups,
/// servers, sessions), at `warn` problems (handlers that fail, events that are missing), at `debug` the rest. With the feature
/// `metrics`, the recorder of the program receives the [metrics of a runner](att_kit::Runner#logs-and-metrics), and:
///
/// | metric | kind | value |
/// | --- | --- | --- |
/// | `pytale_invites_accepted_total` | counter | invitations that were accepted |
/// | `pytale_groups`, `pytale_servers_online`, `pytale_players_online` | gauge | the groups, servers and players of the view, once per second |
pub struct ManagedBot {
    parts: Parts,
}

pub(crate) struct Parts {
    pub(crate) sources: Sources,
    pub(crate) rules: watch::Sender<Arc<Rules>>,
    pub(crate) stop: watch::Sender<StopBy>,
    pub(crate) given_up: Arc<OnceLock<usize>>,
    pub(crate) task: TaskGuard,
}

impl ManagedBot {
    pub(crate) fn new(parts: Parts) -> Self {
        Self { parts }
    }

    /// The bot.
    pub fn bot(&self) -> &Bot {
        &self.parts.sources.bot
    }

    /// The view of its groups.
    pub fn view(&self) -> &View {
        &self.parts.sources.view
    }

    /// The consoles that are open now, connected or not, by server id.
    pub fn consoles(&self) -> Vec<Console> {
        let all = self.parts.sources.consoles.all().into_iter();
        all.map(|(_, console)| console).collect()
    }

    /// The current rules.
    pub fn rules(&self) -> Rules {
        Rules::clone(&self.parts.rules.borrow())
    }

    /// Changes the rules. Consoles are opened and closed accordingly, and pending invitations are checked again.
    ///
    /// ```no_run
    /// # fn f(bot: &alta_bot::ManagedBot, group: alta_model::GroupId) {
    /// bot.change_rules(|rules| rules.deny(group));
    /// # }
    /// ```
    pub fn change_rules(&self, change: impl FnOnce(&mut Rules)) {
        self.parts
            .rules
            .send_modify(|rules| change(Arc::make_mut(rules)));
    }

    /// A snapshot of the bot.
    pub fn health(&self) -> Health {
        self.parts.sources.health()
    }

    /// Runs until the process gets a signal to end ([`shutdown_signal`](crate::shutdown_signal)), or until the bot is closed or
    /// refused. Then it shuts down: running handlers may continue for [`Limits::grace`](att_kit::Limits::grace), or until a second
    /// signal.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Socket`](crate::ErrorKind::Socket) if the bot's account was refused.
    pub async fn run(&self) -> Result<Finished, Error> {
        let refused = tokio::select! {
            () = att_kit::shutdown_signal() => Ok(()),
            () = self.parts.task.ended() => self.refused().await,
        };
        let grace = self.parts.sources.calls.limits().grace;
        let finished = tokio::select! {
            finished = self.shutdown(grace) => finished,
            () = att_kit::shutdown_signal() => self.shutdown(Duration::ZERO).await,
        };
        refused.map(|()| finished)
    }

    /// Returns the error of the main websocket if it was refused.
    async fn refused(&self) -> Result<(), Error> {
        let bot = self.bot();
        if bot.socket()?.status().state.is_closed() && !bot.inner.closing.get() {
            return bot.wait_for_ws().await;
        }
        Ok(())
    }

    /// Shuts down: no more invitations and events are handled, running handlers may continue for this time and are canceled after
    /// that, and the consoles and the main websocket are closed. When this returns, nothing that the bot started runs.
    ///
    /// A handler that awaits this waits for itself, until the time is over. Of several calls, the earliest deadline counts.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: handlers and consoles still end. Call it again to close the bot itself.
    pub async fn shutdown(&self, within: Duration) -> Finished {
        let by = after(within);
        request_stop(&self.parts.stop, by);
        self.parts.task.ended().await;
        self.view().close().await;
        self.bot().close().await;
        let given_up = self.parts.given_up.get().copied().unwrap_or_default();
        Finished::new(given_up)
    }
}

impl fmt::Debug for ManagedBot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedBot")
            .field("bot", self.bot())
            .field("consoles", &self.consoles())
            .finish_non_exhaustive()
    }
}
