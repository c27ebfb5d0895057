//! `chunks …`: the parts of the world, and how they are loaded and sent.
//!
//! A chunk is given by its identifier or its name.

use alta_model::console::result::{EntityRef, FileDownload};
use serde_json::Value;

commands! {
    /// Lists the chunks that will be wiped.
    "chunks check-wipe" -> list Value { fn check_wipe(); } by [TavernLib];

    /// Lists the entities of a chunk.
    "chunks entities" -> list EntityRef { fn entities(chunk: Chunk); } by [TavernLib];

    /// Keeps a chunk loaded, or stops keeping it loaded.
    "chunks force-load" -> nothing { fn force_load(chunk: Chunk, is_forced "isForceLoaded": bool); } by [TavernLib];

    /// Writes information about a chunk to the log.
    "chunks info" -> log { fn info(chunk: Chunk); } by [TavernLib];

    /// Keeps all chunks of the overworld loaded, or stops keeping them loaded.
    "chunks loadall" {
        fn load_all() with LoadAll {
            /// `true`, the default, keeps the chunks loaded; `false` stops doing so.
            loaded: bool = "true",
        };
    } by [TavernLib];

    /// Merges entities of the given prefabs, chunk by chunk.
    "chunks merge" -> nothing {
        (targetprefab: Prefab);
        (prefabHashes: "integer...");
    } by [TavernLib], inferred, caution("Disconnects everyone, rewrites the save and stops the server.");

    /// Writes a file with all chunks.
    "chunks print-all" -> one FileDownload { fn print_all(); } by [TavernLib];

    /// Writes a file with the loaded chunks.
    "chunks print-loaded" -> one FileDownload { fn print_loaded(); } by [TavernLib];

    /// Sets the distances at which a chunk is loaded and unloaded.
    ///
    /// In meters.
    "chunks set-load" {
        fn set_load(load "loadDistance": float, unload "unloadDistance": float);
        /// Sets the distances on each axis at which a chunk is loaded and unloaded.
        fn set_load_box(load "loadDistance": Vector3, unload "unloadDistance": Vector3);
    } by [TavernLib];

    /// Sets the minimum number of packets received per frame.
    "chunks set-receive-count" { fn set_receive_count(packets "receiveAmount": u32); } by [TavernLib];

    /// Sets the maximum time per frame for receiving packets.
    ///
    /// In milliseconds.
    "chunks set-receive-ms" { fn set_receive_ms(milliseconds "receiveDuration": float); } by [TavernLib];

    /// Turns the loading of static objects on or off.
    "chunks set-static-load" { fn set_static_load(is_loading "isLoading": bool); } by [TavernLib];

    /// Sets the number of static objects loaded per frame.
    "chunks set-static-per-frame" { fn set_static_per_frame(count "numberToLoadPerFrame": u32); } by [TavernLib];

    /// Loads static objects one after the other, or at the same time.
    "chunks set-static-sequence" { fn set_static_sequence(is_sequential "loadSequentially": bool); } by [TavernLib];

    /// Sets the number of prefabs sent to players per frame.
    "chunks set-sync-amount" { fn set_sync_amount(prefabs "syncAmount": u32); } by [TavernLib];

    /// Sets the pause between two entities sent to a player.
    "chunks set-sync-interval" { fn set_sync_interval(interval: float); } by [TavernLib];

    /// Sets the share of a frame that is spent on receiving.
    "chunks set-timed" {
        fn set_timed() with SetTimed {
            /// The share of a frame that is spent. By default 0.1.
            processing_percent "processingPercent": float = "0.1",
            /// The time that can be saved up. By default 5.
            max_allowance "maxAllowance": float = "5",
            /// The time that must be available to begin. By default 2.
            min_needed "minNeeded": float = "2",
        };
    } by [TavernLib];

    /// Deletes the content of a chunk.
    "chunks wipe" -> one String { (chunk: Chunk); }
        by [TavernLib], inferred, caution("Destroys everything in the chunk.");
}
