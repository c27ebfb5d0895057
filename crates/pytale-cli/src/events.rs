//! `tale events`: prints the events of a server, one on each line.

use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::output::{error_line, failure_line};
use crate::render::{EventItem, json_text};
use crate::server::Target;
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use pytale::Console;
use pytale::console::{Config, Subscribe, Subscription};
use pytale::model::escaped;
use serde_json::{Value, json};
use std::cell::Cell;
use std::num::NonZero;
use std::pin::pin;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// The time without a confirmation of the subscriptions after which the user is told.
const SLOW: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
#[command(
    group(clap::ArgGroup::new("end").required(true).multiple(true).args(["follow", "seconds", "count"])),
    after_long_help = "Examples:
  tale events --follow
  tale events --follow --only PlayerJoined --only PlayerLeft
  tale events --follow --only PlayerKilled --json | jq .data.killedPlayer.username
  tale events --count 1 --only PlayerJoined
  tale events --seconds 60 --where Ashwick
  tale events --follow --profile home --profile away"
)]
pub(crate) struct EventsOptions {
    /// Print events until Ctrl-C, also after restarts of the server.
    #[arg(short, long, conflicts_with_all = ["seconds", "count"])]
    follow: bool,
    /// End after so many seconds.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    seconds: Option<Duration>,
    /// End after so many events.
    #[arg(long, value_name = "NUMBER")]
    count: Option<NonZero<u64>>,
    /// Print only the events with this name, in any case; all events without this option. Can be repeated.
    #[arg(long, value_name = "EVENT", value_delimiter = ',')]
    only: Vec<String>,
    /// Print only the events whose line of text contains this text, in any case.
    #[arg(long = "where", value_name = "TEXT")]
    filter: Option<String>,
    /// Print each event as JSON in one line.
    #[arg(long)]
    json: bool,
    /// Keep trying to connect for so many seconds at the start. By default, the first failed attempt ends the program.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    wait: Option<Duration>,
}

pub(crate) async fn run(options: &EventsOptions, context: &Context) -> Result<(), Failure> {
    // From here on, so that a signal during the connecting ends the program with success, too.
    let mut ended = pin!(pytale::shutdown_signal());
    let targets = context.targets()?;
    let lines = Lines {
        options,
        context,
        filter: options.filter.as_deref().map(str::to_lowercase),
        left: Cell::new(options.count.map(NonZero::get)),
        widest: targets
            .iter()
            .map(|target| target.name.chars().count())
            .max(),
    };
    let printed = async {
        match targets.as_slice() {
            [target] => of_one(&lines, target).await,
            several => of_several(&lines, several).await,
        }
    };
    tokio::select! {
        result = printed => result,
        () = &mut ended => Ok(()),
        () = context.output.failed() => Ok(()),
    }
}

async fn of_one(lines: &Lines<'_>, target: &Target) -> Result<(), Failure> {
    let console = crate::server::connect(target, Config::default(), lines.options.wait).await?;
    let printed = async {
        let stream = confirmed(subscribe(&console, &lines.options.only)).await?;
        lines.print(&console, None, stream).await
    };
    let result = match lines.options.seconds {
        Some(seconds) => tokio::select! {
            result = printed => result,
            () = sleep(seconds) => Ok(()),
        },
        None => printed.await,
    };
    console.close().await;
    result
}

/// Prints the events of several servers. A server that cannot be reached is told, and tried again; it does not delay the others.
async fn of_several(lines: &Lines<'_>, targets: &[Target]) -> Result<(), Failure> {
    let mut printing: FuturesUnordered<_> = targets
        .iter()
        .map(|target| async move { (target, of_one_of_several(lines, target).await) })
        .collect();
    let printed = async {
        let mut first_failure = None;
        while let Some((target, result)) = printing.next().await {
            match result {
                // The count is reached.
                Ok(()) => return Ok(()),
                Err(failure) => {
                    first_failure.get_or_insert(failure.status());
                    failure_line(&failure.of(&target.name));
                }
            }
        }
        let status = first_failure.unwrap_or(Status::Failed);
        Err(Failure::new(
            status,
            "the streams of all servers have ended",
        ))
    };
    match lines.options.seconds {
        Some(seconds) => tokio::select! {
            result = printed => result,
            () = sleep(seconds) => Ok(()),
        },
        None => printed.await,
    }
}

async fn of_one_of_several(lines: &Lines<'_>, target: &Target) -> Result<(), Failure> {
    let console = crate::server::open_telling(target, Config::default()).await?;
    let printed = async {
        if let Err(failure) = crate::server::first_attempt(&console, target).await {
            failure_line(&failure.of(&target.name));
        }
        let stream = subscribe(&console, &lines.options.only).await?;
        lines.print(&console, Some(&target.name), stream).await
    };
    let result = printed.await;
    console.close().await;
    result
}

/// A subscription to these events, or to all events.
fn subscribe(console: &Console, names: &[String]) -> Subscribe<Value> {
    if names.is_empty() {
        console.subscribe_to_everything()
    } else {
        console.subscribe_to(names.iter().map(String::as_str))
    }
}

/// Waits until the server has confirmed the subscriptions.
pub(crate) async fn confirmed(subscribe: Subscribe<Value>) -> Result<Subscription<Value>, Failure> {
    let mut subscribing = pin!(IntoFuture::into_future(subscribe));
    if let Ok(stream) = timeout(SLOW, &mut subscribing).await {
        return Ok(stream?);
    }
    error_line(format_args!(
        "tale: the server has not confirmed the subscription yet: it is loading its world or busy; waiting"
    ));
    Ok(subscribing.await?)
}

/// The lines of all servers.
struct Lines<'o> {
    options: &'o EventsOptions,
    context: &'o Context,
    filter: Option<String>,
    /// The number of events that are still printed; `None` for all.
    left: Cell<Option<u64>>,
    /// The length of the longest name of a server.
    widest: Option<usize>,
}

impl Lines<'_> {
    /// Prints the events of a server until the count is reached. The server is named if there are several.
    async fn print(
        &self,
        console: &Console,
        named: Option<&str>,
        mut stream: Subscription<Value>,
    ) -> Result<(), Failure> {
        while self.left.get() != Some(0) {
            let Some(item) = stream.next().await else {
                return Err(closed(console).await);
            };
            let item = EventItem::from(item);
            if item.contains(self.filter.as_deref()) {
                self.line(named, &item)?;
            }
        }
        Ok(())
    }

    fn line(&self, named: Option<&str>, item: &EventItem) -> Result<(), Failure> {
        if self.left.get() == Some(0) {
            return Ok(());
        }
        let output = &self.context.output;
        if self.options.json {
            let mut value = item.json();
            if let (Some(name), None) = (named, value.get("console")) {
                value["console"] = json!(name);
            }
            output.line(format_args!("{}", json_text(&value)?));
        } else if let Some(name) = named {
            let name = escaped(name).to_string();
            let widest = self.widest.unwrap_or_default();
            output.line(format_args!("{name:widest$}  {item}"));
        } else {
            output.line(format_args!("{item}"));
        }
        if item.is_event() {
            self.left.set(self.left.get().map(|left| left - 1));
        }
        Ok(())
    }
}

/// The failure of a stream that has ended: the console is closed.
pub(crate) async fn closed(console: &Console) -> Failure {
    match console.ready().await {
        Err(error) => error.into(),
        Ok(()) => Failure::new(Status::Failed, "the stream of events has ended"),
    }
}
