use crate::{EntityId, PrefabHash, Vector3};

model! {
    /// A thing in the world by id and name, of `select find`, `spawn` and `spawn string-raw`.
    pub struct EntityRef {
        /// Its id in the world.
        required identifier: EntityId = "Identifier",
        /// Its name, `Torch(Clone)`; empty when the server sent none.
        default name: String = "Name",
    }
}

model! {
    /// A thing in the world, of `select get`. It says more than this; the rest differs.
    pub struct EntityInfo {
        /// Its name, `Torch(Clone)`; empty when the server sent none.
        default name: String = "Name",
        /// Its id in the world.
        optional identifier: EntityId = "Identifier",
        /// The id of what it is a part of.
        optional root_identifier: EntityId = "RootIdentifier",
        /// What it is.
        optional prefab_hash: PrefabHash = "PrefabHash",
        /// What it is loaded with.
        optional chunking_parent: EntityId = "ChunkingParent",
        /// Where it is, in meters.
        optional position: Vector3 = "Position",
        /// Pitch, yaw and roll in degrees.
        optional rotation: Vector3 = "Rotation",
    }
}

model! {
    /// Something that can be spawned, of `spawn list`.
    pub struct PrefabEntry {
        /// Its hash.
        required hash: PrefabHash = "Hash",
        /// Its name; empty when the server sent none.
        default name: String = "Name",
    }
}

model! {
    /// A file that a command wrote on the server.
    ///
    /// Fetch it from the server's file port under `/output/<user id of the token>/<download_url>` with the console's
    /// token as bearer.
    pub struct FileDownload {
        /// The path within the user's folder; encode each of its segments.
        required download_url: String = "downloadUrl",
    }
}
