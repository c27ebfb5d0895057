use super::{DamageSource, PopulationAction};
use crate::console::command_words;
use crate::{EntityId, PrefabHash, User};
use serde::{Deserialize, Serialize};
use serde_json::Value;

model! {
    /// A creature or an object was destroyed. Captured.
    pub struct ObjectKilled {
        /// Its id in the world.
        required identifier: EntityId = "identifier",
        /// Its prefab.
        optional prefab: PrefabHash = "prefab",
        /// Its name: `Turabada Large Variant(Clone)`; empty when the server sent none.
        default name: String = "name",
        /// The cause.
        optional source: DamageSource = "source",
        /// The weapon: `<entity id> - <prefab name>(Clone)`.
        optional used_tool: String = "usedTool",
        /// The entity that held it.
        optional tool_wielder: String = "toolWielder",
        /// The player who destroyed it, if there was one.
        optional killer_player: User = "killerPlayer",
    }
}

model! {
    /// A population of creatures or plants changed in one chunk.
    pub struct PopulationModified {
        /// Its name; empty when the server sent none.
        default population_name: String = "populationName",
        /// The chunk; empty when the server sent none.
        default chunk_identifier: String = "chunkIdentifier",
        /// Its size.
        optional current_population: i64 = "currentPopulation",
        /// Its maximum size.
        optional max_population: i64 = "maxPopulation",
        /// The change.
        optional action: PopulationAction = "action",
    }
}

model! {
    /// A console command was executed, even one that does not exist. A console omits its own commands, so that a bot that replies
    /// to each command with another one does not reply to itself.
    pub struct CommandExecuted {
        /// The command line; empty when the server sent none.
        default command: String = "Command",
        /// True if it succeeded; none if the server did not send it.
        optional was_successful: bool = "WasSuccessful",
        /// The message of the server.
        optional message: String = "Message",
    }
}

impl CommandExecuted {
    /// The words of the command, split as the server does: a quoted part is one word.
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
        /// The players.
        list users: User = "users",
        /// The name of the trial; empty when the server sent none.
        default trial: String = "trial",
    }
}

model! {
    /// Players finished a trial (Townsharp).
    pub struct TrialFinished {
        /// The players.
        list users: User = "users",
        /// The name of the trial; empty when the server sent none.
        default trial: String = "trial",
    }
}

/// Measurements of the server. Their shape is not attested, so this is the raw JSON. Busy.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(transparent)]
pub struct ProfilingData(pub Value);
