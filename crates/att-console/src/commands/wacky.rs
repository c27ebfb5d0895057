//! `wacky …`: what is left, entities' ends above all.

use super::Prefab;
use crate::argument::Argument;
use crate::command::Command;
use crate::reply::Reply;
use alta_model::EntityId;

/// Destroys an entity.
///
/// `wacky destroy <id: entity id>`: what it returns is not attested. Types are inferred from the parameters' names.
/// Attested by TavernLauncher's list and att-client.
#[doc(alias = "wacky destroy")]
pub fn destroy(id: EntityId) -> Command {
    Command::new("wacky destroy").arg(id)
}

/// Destroys all of a kind that lie about freely.
///
/// `wacky destroy-free <prefab: Prefab> [chunks]`: what it returns is not attested. Acts on the whole world. What it
/// does is inferred from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list and
/// att-client.
#[doc(alias = "wacky destroy-free")]
pub fn destroy_free(prefab: impl Into<Prefab>) -> DestroyFree {
    DestroyFree::new(Command::new("wacky destroy-free").arg(prefab.into()))
}

optional_arguments! {
    /// What [`destroy_free`] makes.
    pub struct DestroyFree -> Reply {
        /// In which chunks. How they are written is not attested; bots leave it out.
        chunks(chunks: impl Into<Argument>) => chunks.into().not_empty("the name of a chunk"), else "*";
    }
}

/// Makes an item anew in its place.
///
/// `wacky replace <id: entity id>`: what it returns is not attested. What it does is inferred from its name. Types are
/// inferred from the parameters' names. Attested by TavernLauncher's list and att-client.
#[doc(alias = "wacky replace")]
pub fn replace(id: EntityId) -> Command {
    Command::new("wacky replace").arg(id)
}
