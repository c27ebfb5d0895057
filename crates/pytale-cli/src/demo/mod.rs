//! `tale demo`: a whole bot, against a simulated cloud in the same process.

mod bot;
mod report;
mod story;
mod tally;

use crate::args::DemoOptions;
use pytale::testing::Sim;
use report::Reporter;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Runs the demo. Returns whether every step happened and no event was missed. A closed output pipe ends the demo early and also
/// returns true.
pub(crate) async fn run(options: &DemoOptions) -> Result<bool, BoxError> {
    let interrupted = pytale::shutdown_signal();
    let sim = Sim::builder()
        .seed(options.seed)
        .bot_invited()
        .server_online(false)
        .start()
        .await?;
    let reporter = Arc::new(Reporter::new(options.json));
    let length = Duration::from_secs_f64(options.duration);

    let result = tokio::select! {
        result = bot::run(&sim, &reporter, length, options.seed) => result,
        () = reporter.output_failed() => Ok(true),
        () = interrupted => {
            reporter.note("interrupted, closing");
            Ok(false)
        }
    };
    sim.shutdown().await;
    reporter.output_result()?;
    result
}
