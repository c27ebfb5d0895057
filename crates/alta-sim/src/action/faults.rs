//! Faults.

use super::find;
use super::values::Reference;
use super::{AtOnce, Done, done};
use crate::sim::Sim;
use alta_cloud::net::{Action, Fault as Armed, Hook};
use serde::Deserialize;

/// Arms a fault, which acts at a later operation of a client.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The place where it acts.
    pub hook: Hook,
    /// The behavior.
    pub action: Action,
    /// Only acts on the console of this server.
    pub server: Option<Reference>,
    /// Only acts if the text of the operation contains this, in any letter case.
    pub containing: Option<String>,
    /// Ignores this many matching operations first.
    #[serde(default)]
    pub after: u32,
    /// Acts this many times. The default is 1, or no limit with `every`.
    pub times: Option<u32>,
    /// Acts at every n-th matching operation.
    pub every: Option<u32>,
}

impl AtOnce for Fault {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            hook,
            action,
            server,
            containing,
            after,
            times,
            every,
        } = self;
        let mut fault = Armed::new(*hook, action.clone()).after(*after);
        if let Some(server) = server {
            fault = fault.server(find::server(sim, Some(server))?);
        }
        if let Some(part) = containing {
            fault = fault.containing(part);
        }
        if let Some(every) = every {
            fault = fault.every(*every);
        }
        if let Some(times) = times {
            fault = fault.times(*times);
        }
        sim.faults().arm(fault);
        done()
    }
}

/// Disarms all faults.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ClearFaults {}

impl AtOnce for ClearFaults {
    fn perform(&self, sim: &Sim) -> Done {
        sim.faults().clear();
        done()
    }
}
