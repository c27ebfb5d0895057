use super::health::{Health, Sources};
use super::rules::Rules;
use crate::bot::Bot;
use crate::error::Error;
use crate::time::after;
use crate::view::View;
use alta_socket::TaskGuard;
use att_console::Console;
use att_kit::{Finished, StopBy, request_stop};
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;

/// A bot that looks after its consoles by itself: it accepts invitations, follows its groups, roles and servers, opens the
/// console of every server that should be open, and calls its handlers.
///
/// When it is dropped, everything that it started is ended without waiting; [`shutdown`](Self::shutdown) lets handlers
/// finish.
///
/// # What should be open
///
/// The consoles of all servers that are online, or of which that cannot be read, in groups that the [`Rules`] allow and in which the bot's role permits the
/// console, of the fleets of the rules, and, if the rules leave empty servers alone, with players. It follows all of it:
/// events of the main websocket, heartbeats that stop, changed roles, changed rules.
///
/// A console stays open when its server stops: a restart is an outage that it bridges, with its streams, and reports as one
/// gap. While the server sleeps, the console asks the cloud every ten minutes, and at once when the server is up. Where the
/// bot itself closes a console and opens it again later (rules, roles), that time is a gap as well, in handlers and in the
/// bot's streams.
///
/// # Logs and metrics
///
/// Logs are in `tracing` spans: `bot` with the account, `console` with group and server. At `info` stands what happens
/// rarely (groups, servers, sessions), at `warn` what somebody should look at (handlers that fail, events that are
/// missing), at `debug` the rest. With the feature `metrics`, the recorder of the program receives the
/// [metrics of a runner](att_kit::Runner#logs-and-metrics), and:
///
/// | metric | kind | what |
/// | --- | --- | --- |
/// | `pytale_invites_accepted_total` | counter | invitations that were accepted |
/// | `pytale_groups`, `pytale_servers_online`, `pytale_players_online` | gauge | what the bot sees, every second |
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

    /// The rules now.
    pub fn rules(&self) -> Rules {
        Rules::clone(&self.parts.rules.borrow())
    }

    /// Changes the rules. Consoles are opened and closed accordingly, and invitations that wait are looked at again.
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
        self.parts.sources.look()
    }

    /// Waits for the program's end, and shuts down: when the process is told to end (Ctrl-C, and on Unix also
    /// `SIGTERM`), or when there is nothing left to do, since the bot was closed or refused.
    ///
    /// Handlers may go on for [`Limits::grace`](att_kit::Limits::grace), or until the process is told to end once more.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Socket`](crate::ErrorKind::Socket) if the bot's account was refused meanwhile.
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

    /// Whether there is nothing left to do because the main websocket was refused for good.
    async fn refused(&self) -> Result<(), Error> {
        let bot = self.bot();
        if bot.socket()?.status().state.is_closed() && !bot.inner.closing.get() {
            return bot.wait_for_ws().await;
        }
        Ok(())
    }

    /// Shuts down: no more invitations and events are taken, handlers that run may go on for so long, and are then ended
    /// where they wait; consoles and the main websocket are closed. When this returns, nothing that the bot started runs
    /// any more.
    ///
    /// A handler that waits for this waits for itself, until the time is over. Of several calls the earliest end counts.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe; the shutdown goes on but for the closing of the bot itself, so call it again.
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
