use crate::{EntityId, PrefabHash, Vector3};

model! {
    /// An object in the world by id and name, from `select find`, `spawn` and `spawn string-raw`.
    pub struct EntityRef {
        /// Its id in the world.
        required identifier: EntityId = "Identifier",
        /// Its name, `Torch(Clone)`; empty when the server sent none.
        default name: String = "Name",
    }
}

model! {
    /// An object in the world, from `select get`. The result has more fields, which differ.
    pub struct EntityInfo {
        /// Its name, `Torch(Clone)`; empty when the server sent none.
        default name: String = "Name",
        /// Its id in the world.
        optional identifier: EntityId = "Identifier",
        /// The id of its parent object.
        optional root_identifier: EntityId = "RootIdentifier",
        /// Its prefab.
        optional prefab_hash: PrefabHash = "PrefabHash",
        /// The object with which it is loaded.
        optional chunking_parent: EntityId = "ChunkingParent",
        /// Its position, in meters.
        optional position: Vector3 = "Position",
        /// Pitch, yaw and roll in degrees.
        optional rotation: Vector3 = "Rotation",
    }
}

model! {
    /// An object that can be spawned, from `spawn list`.
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
        /// The path within the user's folder; encode each segment.
        required download_url: String = "downloadUrl",
    }
}
