//! `tale events`: prints the events of a server, one on each line.

use crate::context::Context;
use crate::failure::Failure;
use crate::output::error_line;
use crate::render::EventItem;
use clap::Args;
use pytale::Console;
use pytale::console::{Config, Subscribe, Subscription};
use serde_json::Value;
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
  tale events --seconds 60 --where Ashwick"
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
    let target = context.target()?;
    let printed = async {
        let console = crate::server::connect(&target, Config::default(), options.wait).await?;
        let result = print(options, context, &console).await;
        console.close().await;
        result
    };
    tokio::select! {
        result = printed => result,
        () = &mut ended => Ok(()),
        () = context.output.failed() => Ok(()),
    }
}

async fn print(
    options: &EventsOptions,
    context: &Context,
    console: &Console,
) -> Result<(), Failure> {
    let subscribe = subscribe(console, &options.only);
    let printed = async {
        let stream = confirmed(subscribe).await?;
        print_stream(options, context, console, stream).await
    };
    match options.seconds {
        Some(seconds) => tokio::select! {
            result = printed => result,
            () = sleep(seconds) => Ok(()),
        },
        None => printed.await,
    }
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

async fn print_stream(
    options: &EventsOptions,
    context: &Context,
    console: &Console,
    mut stream: Subscription<Value>,
) -> Result<(), Failure> {
    let filter = options.filter.as_deref().map(str::to_lowercase);
    let mut left = options.count.map(NonZero::get);
    while left != Some(0) {
        let Some(item) = stream.next().await else {
            return Err(closed(console).await);
        };
        let item = EventItem::from(item);
        if !item.contains(filter.as_deref()) {
            continue;
        }
        if options.json {
            context.output.line(format_args!("{}", item.json()));
        } else {
            context.output.line(format_args!("{item}"));
        }
        if item.is_event() {
            left = left.map(|left| left - 1);
        }
    }
    Ok(())
}

/// The failure of a stream that has ended: the console is closed.
pub(crate) async fn closed(console: &Console) -> Failure {
    match console.ready().await {
        Err(error) => error.into(),
        Ok(()) => Failure::new(
            crate::failure::Status::Failed,
            "the stream of events has ended",
        ),
    }
}
