//! `chunks …`: the parts of the world, and how they are loaded and sent.
//!
//! A chunk is named by its identifier or its name.

use super::read;
use crate::argument::Argument;
use crate::command::Command;
use crate::reply::Reply;
use alta_model::console::result::{EntityRef, FileDownload};
use alta_model::{Listing, Vector3};

/// A chunk by its identifier or its name, which must not be empty.
fn named(chunk: impl Into<Argument>) -> Argument {
    chunk.into().not_empty("the name of a chunk")
}

/// Lists the entities of a chunk.
///
/// `chunks entities <chunk: Chunk>`: returns `[EntityRef]`. Attested by TavernLib.
#[doc(alias = "chunks entities")]
pub fn entities(chunk: impl Into<Argument>) -> Command<Listing<EntityRef>> {
    Command::new("chunks entities")
        .arg(named(chunk))
        .read_by(read::list)
}

/// Writes what is known of a chunk to the log.
///
/// `chunks info <chunk: Chunk>`: returns nothing; what it has to say goes to the server's log. Attested by TavernLib.
#[doc(alias = "chunks info")]
pub fn info(chunk: impl Into<Argument>) -> Command<()> {
    Command::new("chunks info")
        .arg(named(chunk))
        .returning_nothing()
}

/// Lists the chunks that are to be wiped.
///
/// `chunks check-wipe`: returns `[chunk info]`. Attested by TavernLib.
#[doc(alias = "chunks check-wipe")]
pub fn check_wipe() -> Command {
    Command::new("chunks check-wipe")
}

/// Writes all chunks to a file.
///
/// `chunks print-all`: returns `FileDownload`. Attested by TavernLib.
#[doc(alias = "chunks print-all")]
pub fn print_all() -> Command<FileDownload> {
    Command::new("chunks print-all").read_by(read::one)
}

/// Writes the loaded chunks to a file.
///
/// `chunks print-loaded`: returns `FileDownload`. Attested by TavernLib.
#[doc(alias = "chunks print-loaded")]
pub fn print_loaded() -> Command<FileDownload> {
    Command::new("chunks print-loaded").read_by(read::one)
}

/// Keeps a chunk loaded, or no longer.
///
/// `chunks force-load <chunk: Chunk> <isForceLoaded: bool>`: returns nothing. Attested by TavernLib.
#[doc(alias = "chunks force-load")]
pub fn force_load(chunk: impl Into<Argument>, is_forced: bool) -> Command<()> {
    let command = Command::new("chunks force-load");
    command.arg(named(chunk)).arg(is_forced).returning_nothing()
}

/// Keeps all chunks of the overworld loaded, or no longer.
///
/// `chunks loadall [loaded: bool = true]`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks loadall")]
pub fn load_all() -> LoadAll {
    LoadAll::new(Command::new("chunks loadall"))
}

optional_arguments! {
    /// What [`load_all`] makes.
    pub struct LoadAll -> Reply {
        /// Whether they are kept loaded, as by default.
        loaded(is_loaded: bool) => is_loaded.into(), else "true";
    }
}

/// Sets how near a chunk is loaded, and how far it is let go.
///
/// `chunks set-load <loadDistance: float> <unloadDistance: float>`: what it returns is not attested. In metres.
/// Attested by TavernLib.
#[doc(alias = "chunks set-load")]
pub fn set_load(load: f64, unload: f64) -> Command {
    Command::new("chunks set-load").arg(load).arg(unload)
}

/// Sets how near a chunk is loaded, and how far it is let go.
///
/// `chunks set-load <loadDistance: Vector3> <unloadDistance: Vector3>`: what it returns is not attested. In metres.
/// Attested by TavernLib.
#[doc(alias = "chunks set-load")]
pub fn set_load_box(load: Vector3, unload: Vector3) -> Command {
    Command::new("chunks set-load").arg(load).arg(unload)
}

/// Sets how many packets are received in a frame at least.
///
/// `chunks set-receive-count <receiveAmount: int>`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-receive-count")]
pub fn set_receive_count(packets: u32) -> Command {
    Command::new("chunks set-receive-count").arg(packets)
}

/// Sets how long packets are received in a frame at most.
///
/// `chunks set-receive-ms <receiveDuration: float>`: what it returns is not attested. In milliseconds. Attested by
/// TavernLib.
#[doc(alias = "chunks set-receive-ms")]
pub fn set_receive_ms(milliseconds: f64) -> Command {
    Command::new("chunks set-receive-ms").arg(milliseconds)
}

/// Turns the loading of static things on or off.
///
/// `chunks set-static-load <isLoading: bool>`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-static-load")]
pub fn set_static_load(is_loading: bool) -> Command {
    Command::new("chunks set-static-load").arg(is_loading)
}

/// Sets how many static things are loaded in a frame.
///
/// `chunks set-static-per-frame <numberToLoadPerFrame: int>`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-static-per-frame")]
pub fn set_static_per_frame(count: u32) -> Command {
    Command::new("chunks set-static-per-frame").arg(count)
}

/// Sets whether static things are loaded one after the other.
///
/// `chunks set-static-sequence <loadSequentially: bool>`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-static-sequence")]
pub fn set_static_sequence(is_sequential: bool) -> Command {
    Command::new("chunks set-static-sequence").arg(is_sequential)
}

/// Sets how many prefabs are sent to players in a frame.
///
/// `chunks set-sync-amount <syncAmount: int>`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-sync-amount")]
pub fn set_sync_amount(prefabs: u32) -> Command {
    Command::new("chunks set-sync-amount").arg(prefabs)
}

/// Sets how long to wait between two entities sent to a player.
///
/// `chunks set-sync-interval <interval: float>`: what it returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-sync-interval")]
pub fn set_sync_interval(interval: f64) -> Command {
    Command::new("chunks set-sync-interval").arg(interval)
}

/// Sets how much of a frame goes into receiving.
///
/// `chunks set-timed [processingPercent: float = 0.1] [maxAllowance: float = 5] [minNeeded: float = 2]`: what it
/// returns is not attested. Attested by TavernLib.
#[doc(alias = "chunks set-timed")]
pub fn set_timed() -> SetTimed {
    SetTimed::new(Command::new("chunks set-timed"))
}

optional_arguments! {
    /// What [`set_timed`] makes.
    pub struct SetTimed -> Reply {
        /// Which part of a frame is spent. 0.1 by default.
        processing_percent(part: f64) => part.into(), else "0.1";
        /// How much time may be saved up. 5 by default.
        max_allowance(most: f64) => most.into(), else "5";
        /// How much must be there to begin. 2 by default.
        min_needed(least: f64) => least.into(), else "2";
    }
}
