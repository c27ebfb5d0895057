//! Servers.

use super::connections::forget;
use super::find;
use super::values::Reference;
use super::{AtOnce, Done, done, yes};
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::json;

/// Adds a server, which is offline, to a group. The result has the id of the `server`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddServer {
    /// The group.
    pub group: Option<Reference>,
    /// The name.
    pub name: String,
}

impl AtOnce for AddServer {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { group, name } = self;
        let server = sim.add_server(find::group(sim, group.as_ref())?, name)?;
        Ok(json!({ "server": server }))
    }
}

/// Adds and starts a self-hosted server. The result has the id of the `server`, the address of its `console` and its `token`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddSelfHosted {
    /// The name.
    pub name: String,
    /// The port of the console; real servers have 1760. Without it, it is the next port.
    pub port: Option<u16>,
}

impl AtOnce for AddSelfHosted {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { name, port } = self;
        let server = sim.add_self_hosted_on(name, port.unwrap_or_default())?;
        Ok(json!({
            "server": server,
            "console": sim.console_url(server)?,
            "token": sim.console_token(server),
        }))
    }
}

/// Stops and removes a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoveServer {
    /// The server.
    pub server: Option<Reference>,
}

impl RemoveServer {
    pub(super) async fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        let server = find::server(sim, server.as_ref())?;
        sim.remove_server(server).await?;
        forget(sim, Some(server));
        done()
    }
}

/// Starts a server. The result has the address of its `console`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The server.
    pub server: Option<Reference>,
}

impl AtOnce for Start {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        let server = find::server(sim, server.as_ref())?;
        sim.start_server(server)?;
        Ok(json!({ "console": sim.console_url(server)? }))
    }
}

/// Stops a server: its players are gone, and its console connections end.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// The server.
    pub server: Option<Reference>,
}

impl Stop {
    pub(super) async fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        let server = find::server(sim, server.as_ref())?;
        sim.stop_server(server).await?;
        forget(sim, Some(server));
        done()
    }
}

/// Stops and starts a server. The result has the address of its `console`; a cloud server has another port then.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Restart {
    /// The server.
    pub server: Option<Reference>,
}

impl Restart {
    pub(super) async fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        let server = find::server(sim, server.as_ref())?;
        sim.stop_server(server).await?;
        forget(sim, Some(server));
        sim.start_server(server)?;
        Ok(json!({ "console": sim.console_url(server)? }))
    }
}

/// Changes the configuration of a server and sends `group-server-update`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Configure {
    /// The server.
    pub server: Option<Reference>,
    /// The name.
    pub name: Option<String>,
    /// `att-release` for PC, `att-quest` for Quest.
    pub fleet: Option<String>,
    /// Such as `north-america-agones`.
    pub region: Option<String>,
    /// Such as `main-1.6.0.0.40940`.
    pub version: Option<String>,
    /// 0 for the PC world, 4 for the Quest world.
    pub scene_index: Option<u64>,
    /// 1 for PC, 2 for Quest.
    pub target: Option<u64>,
    /// Such as `PrivateGroup`.
    pub join_type: Option<String>,
}

impl AtOnce for Configure {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            name,
            fleet,
            region,
            version,
            scene_index,
            target,
            join_type,
        } = self;
        let server = find::server(sim, server.as_ref())?;
        let mut info = sim.server_info(server)?;
        set(&mut info.fleet, fleet.as_ref());
        set(&mut info.region, region.as_ref());
        set(&mut info.version, version.as_ref());
        set(&mut info.scene_index, scene_index.as_ref());
        set(&mut info.target, target.as_ref());
        set(&mut info.join_type, join_type.as_ref());
        sim.set_server_info(server, info)?;
        if let Some(name) = name {
            sim.rename_server(server, name)?;
        }
        done()
    }
}

/// Sets whether a server only has the `websocket` commands, as while it boots.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Booting {
    /// The server.
    pub server: Option<Reference>,
    /// `false` if it has all commands.
    #[serde(default = "yes")]
    pub booting: bool,
}

impl AtOnce for Booting {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, booting } = self;
        sim.set_booting(find::server(sim, server.as_ref())?, *booting);
        done()
    }
}

/// Sets whether a server writes enums as numbers.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NumericEnums {
    /// The server.
    pub server: Option<Reference>,
    /// `false` for names.
    #[serde(default = "yes")]
    pub numeric: bool,
}

impl AtOnce for NumericEnums {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, numeric } = self;
        sim.set_numeric_enums(find::server(sim, server.as_ref())?, *numeric);
        done()
    }
}

/// Sends a `group-server-heartbeat` of a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// The server.
    pub server: Option<Reference>,
}

impl AtOnce for Heartbeat {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        sim.heartbeat(find::server(sim, server.as_ref())?);
        done()
    }
}

/// Sends a `group-server-status` of a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The server.
    pub server: Option<Reference>,
}

impl AtOnce for Status {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server } = self;
        sim.status(find::server(sim, server.as_ref())?);
        done()
    }
}

fn set<T: Clone>(value: &mut T, wanted: Option<&T>) {
    if let Some(wanted) = wanted {
        value.clone_from(wanted);
    }
}
