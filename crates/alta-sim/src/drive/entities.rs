//! Entities in the games of servers.

use crate::error::Error;
use crate::sim::Sim;
use crate::world::{Missing, Selections};

/// An entity in the game of a server.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Entity {
    /// The id, as `select find` writes it.
    pub id: u64,
    /// The name, `Torch(Clone)`.
    pub name: String,
    /// In meters.
    pub position: [f64; 3],
    /// Pitch, yaw and roll in degrees.
    pub rotation: [f64; 3],
    /// The size, 1 by default.
    pub scale: f64,
    /// The save string, as `select tostring` writes it.
    pub save_string: String,
}

impl Sim {
    /// Puts an entity into the game of a server. Its prefab is given by name or hash ([`prefabs`](Self::prefabs)). Returns its id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such server or prefab.
    pub fn add_entity(&self, server: u64, prefab: &str, position: [f64; 3]) -> Result<u64, Error> {
        self.change("adding an entity", |state, _| {
            let item = state.world.prefab(prefab)?;
            Ok(state.world.spawn(server, &item, position)?.id)
        })
    }

    /// Removes an entity from the game of a server.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such server or entity.
    pub fn remove_entity(&self, server: u64, entity: u64) -> Result<(), Error> {
        self.change("removing an entity", |state, _| {
            let removed = state.world.game_mut(server)?.entities.remove(&entity);
            let missing = Missing::Entity { server, entity };
            removed.map(|_| ()).ok_or(missing)
        })
    }

    /// The entities in the game of a server, by id. A server that stops loses them.
    pub fn entities(&self, server: u64) -> Vec<Entity> {
        self.shared.look(|state| {
            let game = state.world.servers.get(&server);
            let entities = game.into_iter().flat_map(|game| game.entities.values());
            let shown = entities.map(|entity| Entity {
                id: entity.id,
                name: entity.name.clone(),
                position: entity.position,
                rotation: entity.rotation(),
                scale: entity.scale.into(),
                save_string: entity.save_string(),
            });
            shown.collect()
        })
    }

    /// Sets whether all connections to a server's console have one selection. By default, each has its own, which ends with it.
    /// No source gives the form of real servers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such server.
    pub fn share_selection(&self, server: u64, shared: bool) -> Result<(), Error> {
        self.change("sharing the selection", |state, _| {
            let game = state.world.game_mut(server)?;
            game.selections = if shared {
                Selections::Shared(None)
            } else {
                Selections::PerConnection
            };
            Ok(())
        })
    }
}
