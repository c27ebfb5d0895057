//! The world of a server.

use super::find;
use super::values::Reference;
use super::{AtOnce, Done, done, yes};
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::json;

/// Adds a chunk, which is a box, to the world of a server.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Chunk {
    /// The server.
    pub server: Option<Reference>,
    /// The name of the chunk.
    pub name: String,
    /// The lowest corner, in meters.
    pub min: [f64; 3],
    /// The highest corner, in meters.
    pub max: [f64; 3],
}

impl AtOnce for Chunk {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            name,
            min,
            max,
        } = self;
        sim.add_chunk(find::server(sim, server.as_ref())?, name, *min, *max)?;
        done()
    }
}

/// Adds a prefab, which every server can spawn.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddPrefab {
    /// The name.
    pub name: String,
    /// The hash.
    pub hash: u32,
}

impl AtOnce for AddPrefab {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { name, hash } = self;
        sim.add_prefab(name, *hash)?;
        done()
    }
}

/// Puts an entity into the game of a server. The result has the id of the `entity`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AddEntity {
    /// The server.
    pub server: Option<Reference>,
    /// The name or the hash of a prefab.
    pub prefab: String,
    /// In meters.
    pub position: [f64; 3],
}

impl AtOnce for AddEntity {
    fn perform(&self, sim: &Sim) -> Done {
        let Self {
            server,
            prefab,
            position,
        } = self;
        let entity = sim.add_entity(find::server(sim, server.as_ref())?, prefab, *position)?;
        Ok(json!({ "entity": entity }))
    }
}

/// Removes an entity.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RemoveEntity {
    /// The server.
    pub server: Option<Reference>,
    /// The id of the entity.
    pub entity: u64,
}

impl AtOnce for RemoveEntity {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, entity } = self;
        sim.remove_entity(find::server(sim, server.as_ref())?, *entity)?;
        done()
    }
}

/// Sets whether all connections to the console of a server have one selection. By default, each has its own.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ShareSelection {
    /// The server.
    pub server: Option<Reference>,
    /// `false` if each connection has its own.
    #[serde(default = "yes")]
    pub shared: bool,
}

impl AtOnce for ShareSelection {
    fn perform(&self, sim: &Sim) -> Done {
        let Self { server, shared } = self;
        sim.share_selection(find::server(sim, server.as_ref())?, *shared)?;
        done()
    }
}
