//! The entity that a guard works on, without I/O.

use super::error::ErrorKind;
use alta_model::console::result::EntityInfo;
use alta_model::{EntityId, PrefabHash};

/// An entity, as the server described it on one connection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entity {
    pub(super) id: EntityId,
    name: String,
    prefab: Option<PrefabHash>,
    /// The number of the connection on which the server described it. Ids of an earlier connection can belong to other
    /// entities, because the server may have restarted.
    connection: u64,
}

impl Entity {
    pub(super) fn new(id: EntityId, info: &EntityInfo, connection: u64) -> Self {
        Self {
            id,
            name: info.name.clone(),
            prefab: info.prefab_hash,
            connection,
        }
    }
}

/// The state of the selection of a guard.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Selected {
    #[default]
    Nothing,
    Entity(Entity),
    /// A command on the entity was sent, and has no known outcome.
    Unsettled {
        entity: Entity,
        command: String,
    },
}

impl Selected {
    /// The selected entity, if every command on it has a known outcome.
    pub(super) fn entity(&self) -> Result<&Entity, ErrorKind> {
        match self {
            Self::Nothing => Err(ErrorKind::NothingSelected),
            Self::Entity(entity) => Ok(entity),
            Self::Unsettled { command, .. } => Err(ErrorKind::Unsettled {
                command: command.clone(),
            }),
        }
    }

    /// Returns whether the entity must be confirmed on this connection.
    pub(super) fn is_unconfirmed(&self, connection: u64) -> bool {
        matches!(self, Self::Entity(entity) if entity.connection != connection)
    }

    /// Compares the entity with the server's description of its id on another connection.
    pub(super) fn confirm(&mut self, now: &EntityInfo, connection: u64) -> Result<(), ErrorKind> {
        let Self::Entity(entity) = self else {
            return Err(ErrorKind::NothingSelected);
        };
        if entity.name == now.name && entity.prefab == now.prefab_hash {
            entity.connection = connection;
            return Ok(());
        }
        let replaced = ErrorKind::Replaced {
            id: entity.id,
            before: std::mem::take(&mut entity.name),
            now: now.name.clone(),
        };
        *self = Self::Nothing;
        Err(replaced)
    }

    /// A command that changes the entity is sent. Until [`settle`](Self::settle) the outcome is unknown.
    pub(super) fn begin(&mut self, command: String) {
        if let Self::Entity(entity) = std::mem::take(self) {
            *self = Self::Unsettled { entity, command };
        }
    }

    /// The outcome of the command is known.
    pub(super) fn settle(&mut self) {
        if let Self::Unsettled { entity, .. } = self {
            *self = Self::Entity(entity.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str, prefab: u32) -> EntityInfo {
        let json = format!(r#"{{"Name": "{name}", "PrefabHash": {prefab}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    fn torch() -> Selected {
        let id = EntityId::new(51_234);
        Selected::Entity(Entity::new(id, &info("Torch(Clone)", 31_502), 1))
    }

    #[test]
    fn a_command_without_an_outcome_blocks_the_entity_until_it_is_settled() {
        let mut selected = torch();
        selected.begin("select move up 1".to_owned());
        let error = selected.entity().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`select move up 1` may have run before; select the entity again"
        );
        selected.settle();
        assert_eq!(selected, torch());
        assert!(selected.entity().is_ok());
    }

    #[test]
    fn an_entity_is_confirmed_once_on_each_connection() {
        let mut selected = torch();
        assert!(!selected.is_unconfirmed(1));
        assert!(selected.is_unconfirmed(2));
        selected.confirm(&info("Torch(Clone)", 31_502), 2).unwrap();
        assert!(!selected.is_unconfirmed(2));
    }

    #[test]
    fn an_id_that_another_entity_has_now_is_not_used() {
        for now in [info("Apple(Clone)", 17_610), info("Torch(Clone)", 7)] {
            let mut selected = torch();
            let error = selected.confirm(&now, 2).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "entity 51234 was \"Torch(Clone)\" before the connection was lost, and is \"{}\" now",
                    now.name
                )
            );
            let error = selected.entity().unwrap_err();
            assert!(matches!(error, ErrorKind::NothingSelected), "{error}");
        }
    }
}
