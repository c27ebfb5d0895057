//! Changes of the simulated world as data: in the timeline of a configuration file, and in requests to the control port.
//!
//! The JSON form of an [`Action`] is an object whose `do` names the action; the other members are its fields:
//!
//! ```
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use alta_sim::{Sim, action::Action};
//!
//! let sim = Sim::builder().start().await?;
//! let action: Action = serde_json::from_str(r#"{"do": "join", "server": "Thornwood", "player": "Ashwick"}"#)?;
//! let result = action.perform(&sim).await?;
//! assert_eq!(result["player"], sim.players(sim.server())[0].0);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```

mod fault;
mod find;
mod perform;
mod read;
#[cfg(test)]
mod tests;
mod values;

pub use fault::{FaultAction, FaultHook};
#[cfg(feature = "control")]
pub(crate) use find::named_server as find_server;
pub use values::{Reference, Span, Step, Which};

use crate::world::{LogLevel, Slot};
use serde::Deserialize;
use serde_json::Value;

/// A change of the simulated world, with the fields of its JSON form.
///
/// `server` can be left out in a world with one server, `group` in a world with one group. Servers, groups, players, users and roles
/// are given by id or by name, names in any letter case. Unknown fields are errors.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(tag = "do"))]
#[serde(remote = "Self", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Action {
    /// A player joins a server. The result has the id of the `player`.
    Join {
        /// The server.
        server: Option<Reference>,
        /// The player's name.
        player: String,
    },
    /// A player leaves a server.
    Leave {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
    },
    /// A player moves to another chunk.
    Move {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The chunk, such as `Cave Layer 3`.
        chunk: String,
    },
    /// Sets the position of a player.
    Place {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// In meters.
        position: [f64; 3],
    },
    /// Sets the positions of a player's hands.
    Hands {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The left hand, in meters.
        left: [f64; 3],
        /// The right hand, in meters.
        right: [f64; 3],
    },
    /// A player follows a path, by the clock of the simulator.
    Path {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The waypoints, in their order.
        waypoints: Vec<Step>,
    },
    /// A player dies.
    Die {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The player who kills, if it is one.
        killer: Option<Reference>,
    },
    /// A player kills a creature.
    Kill {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The creature, such as `Turabada Large Variant`.
        creature: String,
    },
    /// A player buys two entities from another player.
    Trade {
        /// The server.
        server: Option<Reference>,
        /// The player who buys.
        buyer: Reference,
        /// The player who sells.
        seller: Reference,
    },
    /// A player enters or leaves a state.
    State {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The state, such as `Combat`.
        state: String,
        /// `false` if the player leaves the state.
        #[serde(default = "yes")]
        enter: bool,
    },
    /// Puts an item into a slot of a player, or empties the slot. It changes `player inventory`, without an event.
    Inventory {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// `left-hand`, `right-hand`, `back`, or `{"belt": 0}` up to 3.
        slot: Slot,
        /// The name or the hash of a prefab. Without it, the slot becomes empty.
        item: Option<String>,
    },
    /// A player changes an item in the right hand, with the event `InventoryChanged`.
    Handle {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The name or the hash of a prefab.
        item: String,
        /// `Pickup`, `Drop`, `Dock` or `Undock`.
        change: String,
    },
    /// Sets whether a player has a body. A player who is still loading has none.
    Body {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// `false` for a player who is still loading.
        present: bool,
    },
    /// Sets the home of a user, who may be offline.
    Home {
        /// The server.
        server: Option<Reference>,
        /// The user.
        player: Reference,
        /// In meters.
        position: [f64; 3],
    },
    /// Changes the balance of a user, who may be offline. The result has the new `balance`.
    Balance {
        /// The server.
        server: Option<Reference>,
        /// The user.
        player: Reference,
        /// The amount to add.
        change: i64,
    },
    /// Another client shows a message to a player, with the command `player message`.
    Message {
        /// The server.
        server: Option<Reference>,
        /// The player.
        player: Reference,
        /// The text.
        text: String,
        /// The time that it is shown.
        #[serde(default = "five_seconds")]
        duration: Span,
    },
    /// Another client runs a console command. The result is the `data` of the reply.
    Command {
        /// The server.
        server: Option<Reference>,
        /// The line of the command.
        line: String,
    },
    /// Adds a chunk, which is a box, to the world of a server.
    Chunk {
        /// The server.
        server: Option<Reference>,
        /// The name of the chunk.
        name: String,
        /// The lowest corner, in meters.
        min: [f64; 3],
        /// The highest corner, in meters.
        max: [f64; 3],
    },
    /// Adds a prefab, which every server can spawn.
    AddPrefab {
        /// The name.
        name: String,
        /// The hash.
        hash: u32,
    },
    /// Puts an entity into the game of a server. The result has the id of the `entity`.
    AddEntity {
        /// The server.
        server: Option<Reference>,
        /// The name or the hash of a prefab.
        prefab: String,
        /// In meters.
        position: [f64; 3],
    },
    /// Removes an entity.
    RemoveEntity {
        /// The server.
        server: Option<Reference>,
        /// The id of the entity.
        entity: u64,
    },
    /// Writes a line to the log of a server.
    Log {
        /// The server.
        server: Option<Reference>,
        /// The level.
        level: LogLevel,
        /// The part of the game that writes the line.
        logger: String,
        /// The text.
        message: String,
        /// Writes the line at each command whose line begins with these words, and not now.
        for_command: Option<String>,
    },
    /// Sends a console event with any data to the consoles that have subscribed to it.
    ConsoleEvent {
        /// The server.
        server: Option<Reference>,
        /// The name of the event.
        event: String,
        /// The data.
        data: Value,
    },
    /// Sends an event with any content to the main websockets that have subscribed to it.
    MainEvent {
        /// The name of the event, such as `group-update`.
        event: String,
        /// The key: the id of a group or a user.
        key: u64,
        /// The content.
        content: Value,
    },
    /// Adds a console event to a server, like a mod.
    OfferEvent {
        /// The server.
        server: Option<Reference>,
        /// The name of the event.
        event: String,
    },
    /// Removes a console event from a server: subscribing yields `NotFound`.
    WithdrawEvent {
        /// The server.
        server: Option<Reference>,
        /// The name of the event.
        event: String,
    },
    /// Adds a group of the user account. The result has the id of the `group`.
    AddGroup {
        /// The name.
        name: String,
    },
    /// Renames a group.
    RenameGroup {
        /// The group.
        group: Option<Reference>,
        /// The new name.
        name: String,
    },
    /// A user or a bot becomes a member of a group. The result has the id of the `user`.
    AddMember {
        /// The group.
        group: Option<Reference>,
        /// The user. A name without an account gets one.
        user: Reference,
    },
    /// Invites a user or a bot to a group. The result has the id of the `user`.
    Invite {
        /// The group.
        group: Option<Reference>,
        /// The user. A name without an account gets one.
        user: Reference,
    },
    /// Withdraws an invitation.
    Uninvite {
        /// The group.
        group: Option<Reference>,
        /// The user.
        user: Reference,
    },
    /// A user requests to join a group. The result has the id of the `user`.
    RequestToJoin {
        /// The group.
        group: Option<Reference>,
        /// The user. A name without an account gets one.
        user: Reference,
    },
    /// A user withdraws a request to join.
    WithdrawRequest {
        /// The group.
        group: Option<Reference>,
        /// The user.
        user: Reference,
    },
    /// Kicks a member from a group.
    Kick {
        /// The group.
        group: Option<Reference>,
        /// The user.
        user: Reference,
    },
    /// Bans a user from a group. The result has the id of the `user`.
    Ban {
        /// The group.
        group: Option<Reference>,
        /// The user. A name without an account gets one.
        user: Reference,
    },
    /// Lifts a ban.
    Unban {
        /// The group.
        group: Option<Reference>,
        /// The user.
        user: Reference,
    },
    /// Sets the role of a member.
    Role {
        /// The group.
        group: Option<Reference>,
        /// The member.
        user: Reference,
        /// The role: 1 or `Member`, 2 or `Moderator`, 7 or `Owner`, or one of the group's own.
        role: Reference,
    },
    /// Adds a role to a group. The result has the id of the `role`.
    AddRole {
        /// The group.
        group: Option<Reference>,
        /// The name.
        name: String,
        /// The permissions, such as `Console`.
        permissions: Vec<String>,
    },
    /// Adds a server, which is offline, to a group. The result has the id of the `server`.
    AddServer {
        /// The group.
        group: Option<Reference>,
        /// The name.
        name: String,
    },
    /// Adds and starts a self-hosted server. The result has the id of the `server`, the address of its `console` and its `token`.
    AddSelfHosted {
        /// The name.
        name: String,
    },
    /// Stops and removes a server.
    RemoveServer {
        /// The server.
        server: Option<Reference>,
    },
    /// Starts a server. The result has the address of its `console`.
    Start {
        /// The server.
        server: Option<Reference>,
    },
    /// Stops a server: its players are gone, and its console connections end.
    Stop {
        /// The server.
        server: Option<Reference>,
    },
    /// Stops and starts a server. The result has the address of its `console`; a cloud server has another port then.
    Restart {
        /// The server.
        server: Option<Reference>,
    },
    /// A server accepts commands without running them.
    Stall {
        /// The server.
        server: Option<Reference>,
    },
    /// Ends `stall`: the server runs the commands that it has accepted.
    Resume {
        /// The server.
        server: Option<Reference>,
    },
    /// Sets whether a server only has the `websocket` commands, as while it boots.
    Booting {
        /// The server.
        server: Option<Reference>,
        /// `false` if it has all commands.
        #[serde(default = "yes")]
        booting: bool,
    },
    /// Sets whether a server writes enums as numbers.
    NumericEnums {
        /// The server.
        server: Option<Reference>,
        /// `false` for names.
        #[serde(default = "yes")]
        numeric: bool,
    },
    /// Removes all subscriptions of the consoles of a server.
    ForgetSubscriptions {
        /// The server.
        server: Option<Reference>,
    },
    /// Changes the configuration of a server and sends `group-server-update`.
    Configure {
        /// The server.
        server: Option<Reference>,
        /// The name.
        name: Option<String>,
        /// `att-release` for PC, `att-quest` for Quest.
        fleet: Option<String>,
        /// Such as `north-america-agones`.
        region: Option<String>,
        /// Such as `main-1.6.0.0.40940`.
        version: Option<String>,
        /// 0 for the PC world, 4 for the Quest world.
        scene_index: Option<u64>,
        /// 1 for PC, 2 for Quest.
        target: Option<u64>,
        /// Such as `PrivateGroup`.
        join_type: Option<String>,
    },
    /// Sends a `group-server-heartbeat` of a server.
    Heartbeat {
        /// The server.
        server: Option<Reference>,
    },
    /// Sends a `group-server-status` of a server.
    Status {
        /// The server.
        server: Option<Reference>,
    },
    /// Ends connections without a close frame.
    Cut {
        /// The connections.
        #[serde(default)]
        which: Which,
        /// The server, for consoles.
        server: Option<Reference>,
    },
    /// Closes connections with a code.
    Close {
        /// The connections.
        #[serde(default)]
        which: Which,
        /// The server, for consoles.
        server: Option<Reference>,
        /// The code of the close frame.
        code: u16,
        /// The reason in the close frame.
        #[serde(default)]
        reason: String,
    },
    /// Keeps connections open, but neither reads nor writes them any more.
    Silence {
        /// The connections.
        #[serde(default)]
        which: Which,
        /// The server, for consoles.
        server: Option<Reference>,
    },
    /// Arms a fault, which acts at a later operation of a client.
    Fault {
        /// The place where it acts.
        hook: FaultHook,
        /// The behavior.
        action: FaultAction,
        /// Only acts on the console of this server.
        server: Option<Reference>,
        /// Only acts if the text of the operation contains this, in any letter case.
        containing: Option<String>,
        /// Ignores this many matching operations first.
        #[serde(default)]
        after: u32,
        /// Acts this many times. The default is 1, or no limit with `every`.
        times: Option<u32>,
        /// Acts at every n-th matching operation.
        every: Option<u32>,
    },
    /// Disarms all faults.
    ClearFaults {},
    /// Sets how clients' migrations of the main websocket go.
    Migrate {
        /// Sets whether the old main websocket still gets events afterwards.
        overlap: Option<bool>,
        /// The status of the reply to the next request for a migration token, which is refused.
        refuse_token: Option<u16>,
        /// The status of the reply to the next redemption of a migration token, which is refused.
        refuse: Option<u16>,
    },
    /// Ends the life of every token that was issued so far.
    ExpireTokens {},
    /// Moves the clock of the simulator forward. The result has the `elapsed` seconds since the start.
    Advance {
        /// The time.
        by: Span,
    },
}

fn yes() -> bool {
    true
}

fn five_seconds() -> Span {
    Span(std::time::Duration::from_secs(5))
}
