use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DamageSource, PopulationAction};
use crate::console::command_words;
use crate::{EntityId, PrefabHash, User};

model! {
    /// A creature or a thing was destroyed. Captured.
    pub struct ObjectKilled {
        /// Its id in the world.
        required identifier: EntityId = "identifier",
        /// What it was.
        optional prefab: PrefabHash = "prefab",
        /// What it was, by name: `Turabada Large Variant(Clone)`; empty when the server sent none.
        default name: String = "name",
        /// By what.
        optional source: DamageSource = "source",
        /// With what: `<entity id> - <prefab name>(Clone)`.
        optional used_tool: String = "usedTool",
        /// Who held it, as an entity.
        optional tool_wielder: String = "toolWielder",
        /// The player who did it, if one did.
        optional killer_player: User = "killerPlayer",
    }
}

model! {
    /// A population of creatures or plants changed in one chunk.
    pub struct PopulationModified {
        /// Which; empty when the server sent none.
        default population_name: String = "populationName",
        /// Where; empty when the server sent none.
        default chunk_identifier: String = "chunkIdentifier",
        /// How many there are.
        optional current_population: i64 = "currentPopulation",
        /// How many there may be.
        optional max_population: i64 = "maxPopulation",
        /// What happened.
        optional action: PopulationAction = "action",
    }
}

model! {
    /// Someone ran a console command; also one that does not exist. A console leaves its own commands out, which a bot that
    /// answers each command with another one would answer for ever.
    pub struct CommandExecuted {
        /// The command as it was typed; empty when the server sent none.
        default command: String = "Command",
        /// Whether it worked; none if the server did not say.
        optional was_successful: bool = "WasSuccessful",
        /// What the server said of it.
        optional message: String = "Message",
    }
}

impl CommandExecuted {
    /// The words of the command, taken apart as the server does: what stands in quotes is one word.
    ///
    /// ```
    /// use alta_model::console::event::CommandExecuted;
    ///
    /// # let executed: CommandExecuted =
    /// #     serde_json::from_str(r#"{"Command": "player kick \"Iris_\" \"be nice\""}"#).unwrap();
    /// if let ["player", "kick", who, ..] = executed.words()[..] {
    ///     println!("somebody kicked {who}");
    /// }
    /// # assert_eq!(executed.words(), ["player", "kick", "Iris_", "be nice"]);
    /// ```
    pub fn words(&self) -> Vec<&str> {
        command_words(&self.command)
    }
}

model! {
    /// Players began a trial (Townsharp).
    pub struct TrialStarted {
        /// Who.
        list users: User = "users",
        /// Which; empty when the server sent none.
        default trial: String = "trial",
    }
}

model! {
    /// Players finished a trial (Townsharp).
    pub struct TrialFinished {
        /// Who.
        list users: User = "users",
        /// Which; empty when the server sent none.
        default trial: String = "trial",
    }
}

/// Measurements of the server; no source knows their shape, so this is the JSON itself. Busy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ProfilingData(pub Value);
