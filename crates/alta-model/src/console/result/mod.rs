//! The results of console commands.
//!
//! Few samples of results exist. These shapes come from the types and the code of other clients (TavernLib, att-client,
//! att-voodoo-server, Townsharp) and are read tolerantly. `player list` returns a list of [`User`](crate::User)s,
//! `player get-home` a [`Vector3`](crate::Vector3).

mod catalogue;
mod entity;
mod exception;
mod player;
mod subscription;

pub use catalogue::{
    CommandInfo, CommandParameter, CommandRequirement, Module, ModuleCommand, ModuleParameter,
};
pub use entity::{EntityInfo, EntityRef, FileDownload, PrefabEntry};
pub use exception::Exception;
pub use player::{Inventory, Item, PlayerDetailed, StatInfo, StatValue};
pub use subscription::{EventListing, SubscriptionResult};
