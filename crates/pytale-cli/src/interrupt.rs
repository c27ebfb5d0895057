//! Ctrl-C during the work of a subcommand.

use crate::failure::{Failure, Status};
use std::time::Instant;

/// Does the work until Ctrl-C, which cancels it. `effect` describes then what may have happened.
pub(crate) async fn until_interrupt<T>(
    work: impl Future<Output = Result<T, Failure>>,
    effect: impl FnOnce() -> Option<String>,
) -> Result<T, Failure> {
    let started = Instant::now();
    tokio::select! {
        // Ctrl-C is listened to before the work begins.
        biased;
        Ok(()) = tokio::signal::ctrl_c() => {
            let waited = started.elapsed().as_secs_f64();
            let failure = Failure::new(Status::Canceled, format!("canceled after {waited:.1} s"));
            Err(match effect() {
                Some(effect) => failure.advice(effect),
                None => failure,
            })
        }
        result = work => result,
    }
}

/// The effect of a command that was sent, and whose reply was not awaited.
pub(crate) fn may_have_run(line: &str) -> String {
    let line = pytale::model::escaped(line).at_most(80).to_string();
    format!("`{line}` may have run; check its effect before you repeat it")
}
