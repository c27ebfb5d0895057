//! `tale demo`: a whole bot, against a simulated cloud in the same process.

mod bot;
mod report;
mod story;
mod tally;

use crate::args::DemoOptions;
use crate::failure::{Failure, Status};
use pytale::testing::Sim;
use report::Reporter;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Runs the demo. Fails if a step did not happen or an event was missed. A closed output pipe ends the demo early and is no
/// failure.
pub(crate) async fn run(options: &DemoOptions) -> Result<(), Failure> {
    let reporter = Arc::new(Reporter::new(options.json));
    let simulated = simulate(options, &reporter).await;
    reporter.output_result()?;
    let failed = |reason: &str| Failure::new(Status::Failed, reason);
    match simulated {
        Ok(true) => Ok(()),
        Ok(false) => Err(failed("the demo did not reach its end")),
        Err(error) => Err(failed(&pytale::model::chain(&*error).to_string())),
    }
}

async fn simulate(options: &DemoOptions, reporter: &Arc<Reporter>) -> Result<bool, BoxError> {
    let interrupted = pytale::shutdown_signal();
    let sim = Sim::builder()
        .seed(options.seed)
        .bot_invited()
        .server_online(false)
        .start()
        .await?;
    let length = Duration::from_secs_f64(options.duration);

    let result = tokio::select! {
        result = bot::run(&sim, reporter, length, options.seed) => result,
        () = reporter.output_failed() => Ok(true),
        () = interrupted => {
            reporter.note("interrupted, closing");
            Ok(false)
        }
    };
    sim.shutdown().await;
    result
}
