//! `tale save`: saves the world.

use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::{may_have_run, until_interrupt};
use clap::Args;
use pytale::console::Config;
use pytale::console::commands::save;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
#[command(after_long_help = "Examples:
  tale save
  tale save --timeout 600 && tar czf backup.tar.gz Saves")]
pub(crate) struct SaveOptions {
    /// The longest time in seconds until the server has confirmed that it has saved.
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = crate::seconds::seconds)]
    timeout: Duration,
}

pub(crate) async fn run(options: &SaveOptions, context: &Context) -> Result<(), Failure> {
    let target = context.target()?;
    let console = crate::server::connect(&target, Config::default(), None).await?;
    let started = Instant::now();
    let saving = async {
        let saved = console.command(save::now()).timeout(options.timeout).await;
        saved.map_err(|error| Failure::from(error).of(&format!("saving {}", target.name)))
    };
    let saved = until_interrupt(saving, || Some(may_have_run("save now"))).await;
    console.close().await;
    saved?;
    let after = started.elapsed().as_secs_f64();
    context
        .output
        .line(format_args!("{} has saved after {after:.1} s", target.name));
    Ok(())
}
