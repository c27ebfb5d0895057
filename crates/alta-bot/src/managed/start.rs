//! Starts a managed bot from its configuration.

use super::builder::{ManagedBuilder, Source};
use super::counters::Counters;
use super::health::Sources;
use super::invites::Invites;
use super::managed_bot::{ManagedBot, Parts};
use super::manager::Manager;
use super::rules::Rules;
use crate::bot::Bot;
#[cfg(doc)]
use crate::builder::Builder;
use crate::error::{Error, ErrorKind};
use alta_socket::{Shutdown, TaskGuard};
use att_kit::{Calls, Consoles, StopBy, warn_of_unknown_events};
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;
use tracing::{Instrument as _, Span, info_span};

impl ManagedBuilder {
    /// Logs in, lists the groups, and starts the bot. Consoles open in the background.
    ///
    /// # Errors
    ///
    /// As for [`Builder::connect`] and [`Bot::view`]. [`ErrorKind::Config`] also if the rules contradict themselves, or if the
    /// bot is already managed: its handlers would be called twice.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connections that it has opened.
    pub async fn start(mut self) -> Result<ManagedBot, Error> {
        if let Some(invites) = self.invites.take() {
            self.rules.invites = invites;
        }
        let problems = self.problems();
        warn_of_unknown_events(&self.handlers.event_names());
        let calls = Calls::new(self.handlers, self.limits);
        let counters = Arc::new(Counters::new());
        let (change_rules, rules) = watch::channel(Arc::new(self.rules));
        let bot = match self.source {
            Source::Builder(builder) => builder.for_managing(problems).connect().await?,
            Source::Connected(bot) => {
                check(problems)?;
                bot
            }
        };
        let managing = Managing::begin(&bot)?;
        let handlers = Arc::new(self.group_handlers);
        let parts = (Arc::clone(&handlers), calls.clone(), Arc::clone(&counters));
        let invites = Invites::begin(&bot, parts, self.view.retry).await?;
        let view = bot.view(self.view).await?;
        let span = info_span!(
            "bot",
            user = bot.user_id().map(tracing::field::display),
            name = bot.username()
        );
        managing.keep();
        let sources = Sources {
            bot,
            view,
            calls,
            counters,
            consoles: Consoles::default(),
            rules,
        };
        let manager = Manager::new(&sources, handlers, invites, self.opening);
        let work = |shutdown, stop| manager.run(shutdown, stop);
        Ok(launch(sources, change_rules, span, work))
    }

    /// The problems that prevent the start.
    fn problems(&self) -> Vec<String> {
        let ping = match &self.source {
            Source::Builder(builder) => builder.ping(),
            Source::Connected(bot) => bot
                .socket()
                .map_or(Duration::ZERO, |it| it.config().ping_interval),
        };
        let mut problems = self.view.problems(ping);
        problems.extend(self.rules.problems());
        problems.extend(self.limits.problems());
        problems
    }
}

/// Marks a bot as managed; a second manager would call its handlers twice. Dropping it removes the mark, unless it is kept.
struct Managing<'a>(Option<&'a Bot>);

impl<'a> Managing<'a> {
    fn begin(bot: &'a Bot) -> Result<Self, Error> {
        if bot.inner.is_managed.swap(true, Ordering::Relaxed) {
            check(vec!["the bot is already managed".to_owned()])?;
        }
        Ok(Self(Some(bot)))
    }

    fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Managing<'_> {
    fn drop(&mut self) {
        if let Some(bot) = self.0 {
            bot.inner.is_managed.store(false, Ordering::Relaxed);
        }
    }
}

fn check(problems: Vec<String>) -> Result<(), Error> {
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::new(ErrorKind::Config { problems }, "managing a bot"))
    }
}

fn launch<F>(
    sources: Sources,
    rules: watch::Sender<Arc<Rules>>,
    span: Span,
    work: impl FnOnce(Shutdown, watch::Receiver<StopBy>) -> F,
) -> ManagedBot
where
    F: Future<Output = usize> + Send + 'static,
{
    let (stop, stop_by) = watch::channel(None);
    let given_up = Arc::new(OnceLock::new());
    let result = Arc::clone(&given_up);
    #[cfg(feature = "metrics")]
    let measured = sources.clone();
    let task = TaskGuard::spawn(|shutdown| {
        let work = work(shutdown, stop_by);
        #[cfg(feature = "metrics")]
        let work = att_kit::with_gauges(move || measured.set_gauges(), work);
        let work = async move {
            let _ = result.set(work.await);
        };
        work.instrument(span)
    });
    ManagedBot::new(Parts {
        sources,
        rules,
        stop,
        given_up,
        task,
    })
}
