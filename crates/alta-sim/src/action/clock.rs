//! The clock.

use super::Done;
use super::values::Span;
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::json;

/// Moves the clock of the simulator forward. The result has the `elapsed` seconds since the start.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// The time.
    pub by: Span,
}

impl Advance {
    pub(super) async fn perform(&self, sim: &Sim) -> Done {
        let Self { by: Span(by) } = self;
        sim.advance(*by).await?;
        Ok(json!({ "elapsed": sim.elapsed().as_secs_f64() }))
    }
}
