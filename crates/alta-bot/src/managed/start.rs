//! From a configuration to a bot at work.

use super::builder::{Managed, Source};
use super::context::Context;
use super::crew::Consoles;
use super::deadline::Order;
use super::health::Sources;
use super::invites::Invites;
use super::managed_bot::{ManagedBot, Parts};
use super::manager::{Manager, run_self_hosted};
use super::rules::Rules;
use super::twice::twice;
use crate::bot::Bot;
#[cfg(doc)]
use crate::builder::Builder;
use crate::error::{Error, ErrorKind};
use alta_socket::{Shutdown, TaskGuard};
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::watch;
use tracing::{Instrument as _, Span, info_span};

impl Managed {
    /// Logs in, lists the groups, and begins to look after them. Consoles open in the background.
    ///
    /// # Errors
    ///
    /// As for [`Builder::connect`] and [`Bot::view`]; for self-hosted servers [`ErrorKind::Config`] alone.
    /// [`ErrorKind::Config`] also if the rules contradict themselves, if a self-hosted server is given twice, or if the bot
    /// is managed already: its handlers would be called twice.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes what was opened.
    pub async fn start(mut self) -> Result<ManagedBot, Error> {
        if let Some(invites) = self.invites.take() {
            self.rules.invites = invites;
        }
        let mut problems = self.problems();
        crate::nearest::hint_at(&self.handlers.event_names());
        let context = Context::new(self.handlers, self.limits);
        let (change_rules, rules) = watch::channel(Arc::new(self.rules));
        let consoles = Consoles::default();
        let sources = |cloud| Sources {
            cloud,
            context: Arc::clone(&context),
            consoles: consoles.clone(),
            rules: rules.clone(),
        };
        let bot = match self.source {
            Source::Cloud(builder) => builder.for_managing(problems).connect().await?,
            Source::Connected(bot) => {
                check(problems)?;
                bot
            }
            Source::SelfHosted(servers) => {
                problems.extend(twice(&servers).await);
                check(problems)?;
                let sources = sources(None);
                let work = |shutdown, orders| {
                    run_self_hosted(servers, context, consoles, shutdown, orders)
                };
                return Ok(launch(sources, change_rules, info_span!("bot"), work));
            }
        };
        let managing = Managing::begin(&bot)?;
        let invites = Invites::begin(&bot, Arc::clone(&context), self.view.retry).await?;
        let view = bot.view(self.view).await?;
        let span = info_span!(
            "bot",
            user = bot.user_id().map(tracing::field::display),
            name = bot.username()
        );
        managing.keep();
        let sources = sources(Some((bot.clone(), view.clone())));
        let manager = Manager::new(bot, view, context, rules, invites, consoles);
        let work = |shutdown, orders| manager.run(shutdown, orders);
        Ok(launch(sources, change_rules, span, work))
    }

    /// What makes it impossible to start.
    fn problems(&self) -> Vec<String> {
        let ping = match &self.source {
            Source::Cloud(builder) => builder.ping(),
            Source::Connected(bot) => bot.socket().map_or(Duration::ZERO, |it| it.config().ping),
            Source::SelfHosted(_) => Duration::ZERO,
        };
        let mut problems = self.view.problems(ping);
        problems.extend(self.rules.problems());
        if self.limits.handler_time.is_zero() {
            problems.push("the limit `handler_time` is zero: no handler could run".to_owned());
        }
        if matches!(&self.source, Source::SelfHosted(servers) if servers.is_empty()) {
            problems.push("no self-hosted server was given".to_owned());
        }
        problems
    }
}

/// A bot is managed once: handlers of a second manager would be called beside those of the first. Given up again when
/// dropped, unless it is kept.
struct Managing<'a>(Option<&'a Bot>);

impl<'a> Managing<'a> {
    fn begin(bot: &'a Bot) -> Result<Self, Error> {
        if bot.inner.is_managed.swap(true, Ordering::Relaxed) {
            check(vec!["the bot is managed already".to_owned()])?;
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
    work: impl FnOnce(Shutdown, watch::Receiver<Order>) -> F,
) -> ManagedBot
where
    F: Future<Output = usize> + Send + 'static,
{
    let (orders, order) = watch::channel(Order::GoOn);
    let given_up = Arc::new(OnceLock::new());
    let outcome = Arc::clone(&given_up);
    #[cfg(feature = "metrics")]
    let measured = sources.clone();
    let task = TaskGuard::spawn(|shutdown| {
        let work = work(shutdown, order);
        #[cfg(feature = "metrics")]
        let work = super::meter::with_gauges(measured, work);
        let work = async move {
            let _ = outcome.set(work.await);
        };
        work.instrument(span)
    });
    ManagedBot::new(Parts {
        sources,
        rules,
        orders,
        given_up,
        task,
    })
}
