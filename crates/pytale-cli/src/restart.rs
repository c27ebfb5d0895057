//! `tale restart`: warns the players, saves, stops the server and reports its return.

use crate::context::Context;
use crate::failure::{Failure, Status};
use crate::output::error_line;
use crate::seconds::in_units;
use crate::server::Target;
use clap::Args;
use pytale::console::Config;
use pytale::kit::shutdown::{
    RunningShutdown, Shutdown, ShutdownEnd, ShutdownError, ShutdownErrorKind, Stage,
};
use pytale::model::{Timestamp, escaped};
use std::pin::pin;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(
    after_long_help = "The program announces the restart to all players, saves the world, stops the server with `quit`, and waits \
until its console is ready again. Something else must start the server: the launcher, the container or the service. A server that has \
not saved is not stopped. Ctrl-C cancels the restart until the server quits.

Examples:
  tale restart
  tale restart --warn 15m,5m,1m,10s --reason \"an update\"
  tale restart --now"
)]
pub(crate) struct RestartOptions {
    /// The times before the stop at which the players are warned, such as 1h, 10m or 30s. The longest is the time until the stop.
    #[arg(long, value_name = "TIMES", value_delimiter = ',', default_value = "10m,5m,1m", value_parser = in_units)]
    warn: Vec<Duration>,
    /// Stop without a warning.
    #[arg(long, conflicts_with = "warn")]
    now: bool,
    /// The reason, which is added to the warnings.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The longest time until the server has saved.
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = in_units)]
    save_within: Duration,
    /// The pause between the save and the stop.
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = in_units)]
    pause: Duration,
    /// The longest time from the stop until the server is back.
    #[arg(long, value_name = "TIME", default_value = "20m", value_parser = in_units)]
    return_within: Duration,
}

pub(crate) async fn run(options: &RestartOptions, context: &Context) -> Result<(), Failure> {
    let target = context.target()?;
    let console = crate::server::connect(&target, Config::default(), None).await?;
    let result = follow(plan(options).start(&console), context, &target).await;
    console.close().await;
    result
}

fn plan(options: &RestartOptions) -> Shutdown {
    let warn: &[Duration] = if options.now { &[] } else { &options.warn };
    let plan = Shutdown::new()
        .announce_at(warn.iter().copied())
        .save_within(options.save_within)
        .pause(options.pause)
        .return_within(options.return_within);
    match &options.reason {
        Some(reason) => plan.reason(reason),
        None => plan,
    }
}

/// Prints the stages until the end. The first signal cancels, as long as the server does not quit yet; the second one ends the
/// program.
async fn follow(
    mut shutdown: RunningShutdown,
    context: &Context,
    target: &Target,
) -> Result<(), Failure> {
    let mut signal = pin!(pytale::shutdown_signal());
    let mut is_canceled = false;
    let mut has_quit = false;
    loop {
        tokio::select! {
            stage = shutdown.next_stage() => match stage {
                Some(stage) => {
                    has_quit |= matches!(stage, Stage::Quit);
                    tell(context, &stage);
                }
                None => break,
            },
            () = &mut signal => {
                if is_canceled {
                    return Err(left(target, has_quit));
                }
                is_canceled = true;
                signal.set(pytale::shutdown_signal());
                if has_quit {
                    error_line(format_args!(
                        "tale: the server quits already; Ctrl-C again ends the wait for its return"
                    ));
                }
                shutdown.cancel();
            }
        }
    }
    match shutdown.end().await {
        Ok(ShutdownEnd::Returned { after }) => {
            tell(context, format_args!("returned after {}", rounded(after)));
            Ok(())
        }
        Ok(ShutdownEnd::Canceled) => Err(Failure::new(
            Status::Failed,
            format!(
                "the restart of {} was canceled; the server continues to run",
                target.name
            ),
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(failure(&error)),
    }
}

fn left(target: &Target, has_quit: bool) -> Failure {
    let state = if has_quit {
        "the command to quit was sent; the return was not waited for"
    } else {
        "the server continues to run, unless it has quit just now"
    };
    Failure::new(
        Status::Failed,
        format!("restarting {}: ended by a signal; {state}", target.name),
    )
}

/// A stage with its time. The text can contain a message of the server.
fn tell(context: &Context, stage: impl std::fmt::Display) {
    let now = Timestamp::now().to_string();
    let clock = now.split_once('T').and_then(|(_, clock)| clock.get(..8));
    let stage = stage.to_string();
    context.output.line(format_args!(
        "{} {}",
        clock.unwrap_or(&now),
        escaped(&stage)
    ));
}

/// `3 min 5 s`, `42 s`.
fn rounded(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=99 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn failure(error: &ShutdownError) -> Failure {
    let message = error.to_string();
    match error.kind() {
        ShutdownErrorKind::NotSaved(_) => Failure::new(Status::Failed, message)
            .advice("the server continues to run; `tale save` shows what it replies"),
        ShutdownErrorKind::StillRunning(_) => Failure::new(Status::Failed, message)
            .advice("end the process of the server on its machine; it has saved"),
        ShutdownErrorKind::NotReturned(_) => Failure::new(Status::TimedOut, message)
            .advice("start the server; `tale doctor` says when it is back"),
        ShutdownErrorKind::Closed(because) => Failure::closed(because).of("restarting"),
        _ => Failure::new(Status::Failed, message),
    }
}
