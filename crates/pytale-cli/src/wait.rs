//! `tale wait`: waits for one event.

use crate::context::Context;
use crate::events::{closed, confirmed};
use crate::failure::{Failure, Status};
use crate::output::error_line;
use crate::render::{EventItem, json_text};
use crate::server::Target;
use clap::Args;
use pytale::Console;
use pytale::console::{Config, EventName};
use std::time::Duration;
use tokio::time::timeout;

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale wait PlayerJoined
  tale wait PlayerJoined --where Ashwick --timeout 600
  tale wait playerkilled --json | jq .data.killedPlayer.username
  tale wait PlayerLeft && tale save")]
pub(crate) struct WaitOptions {
    /// The name of the event, in any case.
    event: String,
    /// End with status 5 if no event was received in so many seconds, connecting included. Without a limit by default.
    #[arg(long, value_name = "SECONDS", value_parser = crate::seconds::seconds)]
    timeout: Option<Duration>,
    /// Wait for an event whose line of text contains this text, in any case.
    #[arg(long = "where", value_name = "TEXT")]
    filter: Option<String>,
    /// Print the event as JSON in one line.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: &WaitOptions, context: &Context) -> Result<(), Failure> {
    let target = context.target()?;
    let waiting = async {
        let console = crate::server::connect(&target, Config::default(), None).await?;
        let item = next(options, &console).await;
        console.close().await;
        item
    };
    let item = match options.timeout {
        Some(limit) => timeout(limit, waiting)
            .await
            .map_err(|_| timed_out(options, &target, limit))??,
        None => waiting.await?,
    };
    if options.json {
        context
            .output
            .line(format_args!("{}", json_text(&item.json())?));
    } else {
        context.output.line(format_args!("{item}"));
    }
    Ok(())
}

/// The first event that has the text. A gap is told, since the event may have happened during it.
async fn next(options: &WaitOptions, console: &Console) -> Result<EventItem, Failure> {
    let mut stream = confirmed(console.subscribe_to([options.event.as_str()])).await?;
    let filter = options.filter.as_deref().map(str::to_lowercase);
    while let Some(item) = stream.next().await {
        let item = EventItem::from(item);
        if !item.is_event() {
            error_line(format_args!("{item}"));
        } else if item.contains(filter.as_deref()) {
            return Ok(item);
        }
    }
    Err(closed(console).await)
}

fn timed_out(options: &WaitOptions, target: &Target, limit: Duration) -> Failure {
    let name = EventName::from(options.event.as_str());
    let which = options.filter.as_deref().map_or_else(String::new, |text| {
        format!(" with {:?}", pytale::model::escaped(text).to_string())
    });
    Failure::new(
        Status::TimedOut,
        format!(
            "waiting for {name}{which} on {}: no such event within {limit:?}",
            target.name
        ),
    )
    .advice("`tale events --follow` shows which events the server sends")
}
