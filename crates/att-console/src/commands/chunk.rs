use crate::commands::argument::Argument;
use alta_model::EntityId;

/// A chunk, by its identifier or by its name.
///
/// [`PlayerDetailed::chunk_name`](alta_model::console::result::PlayerDetailed::chunk_name) and the event
/// [`PlayerMovedChunk`](crate::event::PlayerMovedChunk) have names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Chunk {
    /// By identifier.
    Id(EntityId),
    /// By name.
    Name(String),
}

impl From<EntityId> for Chunk {
    fn from(id: EntityId) -> Self {
        Self::Id(id)
    }
}

impl From<&str> for Chunk {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for Chunk {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<Chunk> for Argument {
    fn from(chunk: Chunk) -> Self {
        match chunk {
            Chunk::Id(id) => id.into(),
            Chunk::Name(name) => Self::quoted("chunk", &name),
        }
    }
}
