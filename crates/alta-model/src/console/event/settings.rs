use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The server's settings were changed.
///
/// Only Townsharp knows this event, and not its envelope: [`raw`](Self::raw) is the `data` as it came, and
/// [`settings`](Self::settings) what could be found in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerSettingsChanged {
    /// What could be found; every field may be none.
    pub settings: ServerSettings,
    /// The `data` as it came.
    pub raw: Value,
}

/// Any JSON is read: without an object in it, no setting is found.
impl<'de> Deserialize<'de> for ServerSettingsChanged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Value::deserialize(deserializer)?;
        let settings = ServerSettings::deserialize(&raw)
            .or_else(|_| ServerSettings::deserialize(&Value::Object(serde_json::Map::new())))
            .map_err(serde::de::Error::custom)?;
        Ok(Self { settings, raw })
    }
}

impl Serialize for ServerSettingsChanged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.raw.serialize(serializer)
    }
}

model! {
    /// A server's settings (Townsharp), also the result of `settings list server`. Names are matched whatever their case,
    /// and a value of another type counts as absent.
    pub struct ServerSettings {
        /// How old the settings are: None, New, Old.
        optional server_settings_age: String = "ServerSettingsAge",
        /// Whether the server saves by itself. Default true.
        optional is_auto_saving: bool = "IsAutoSaving",
        /// Minutes from one save to the next. Default 5.0.
        optional minutes_between_auto_saving: f64 = "MinutesBetweenAutoSaving",
        /// Whether a player drops everything at death. Default false.
        optional drop_all_on_death: bool = "DropAllOnDeath",
        /// Whether giving something away has to be confirmed. Default true.
        optional handover_require_confirmation: bool = "HandoverRequireConfirmation",
        /// Seconds from death to coming back. Default 4.0.
        optional respawn_time_seconds: f64 = "RespawnTimeSeconds",
        /// How fast the day goes. Default 1.0.
        optional time_speed_multiplier: f64 = "TimeSpeedMultiplier",
        /// Whether the days go on while the server is down. Default true.
        optional is_advancing_time_when_offline: bool = "IsAdvancingTimeWhenOffline",
        /// Whether players can hurt each other. Default false.
        optional is_pvp_enabled: bool = "IsPVPEnabled",
        /// How much of the damage between players counts. Default 0.1.
        optional pvp_multiplier: f64 = "PVPMultiplier",
        /// How much of the crippling between players counts. Default 0.3.
        optional pvp_cripple_multiplier: f64 = "PVPCrippleMultiplier",
        /// How fast hunger grows. Default 0.0005.
        optional hunger_tick: f64 = "HungerTick",
        /// How fast health comes back. Default 1.0.
        optional health_regen_multiplier: f64 = "HealthRegenMultiplier",
        /// How much damage counts. Default 1.0.
        optional damage_x: f64 = "DamageX",
        /// How much damage to players counts. Default 1.0.
        optional player_damage_taken_multiplier: f64 = "PlayerDamageTakenMultiplier",
        /// Whether hunger hurts. Default true.
        optional hunger_deals_damage: bool = "HungerDealsDamage",
        /// Whether pages that were collected stay away. Default true.
        optional avoid_spawn_collected_pages: bool = "AvoidSpawnCollectedPages",
        /// How much experience is given. Default 1.0.
        optional xp_x: f64 = "XPX",
        /// How much experience forging gives. Default 1.0.
        optional forging_xp_x: f64 = "ForgingXPX",
        /// How much experience woodcutting gives. Default 1.0.
        optional woodcutting_xp_x: f64 = "WoodcuttingXPX",
        /// How much experience mining gives. Default 1.0.
        optional mining_xp_x: f64 = "MiningXPX",
        /// How much experience chiselling gives. Default 1.0.
        optional chiseling_xp_x: f64 = "ChiselingXPX",
        /// How much experience cooking gives. Default 1.0.
        optional cooking_xp_x: f64 = "CookingXPX",
        /// How much experience melee gives. Default 1.0.
        optional melee_xp_x: f64 = "MeleeXPX",
        /// How much experience archery gives. Default 1.0.
        optional ranged_xp_x: f64 = "RangedXPX",
        /// How much unspent experience a death costs. Default 0.0.
        optional unspent_experience_lost_on_death: f64 = "UnspentExperienceLostOnDeath",
        /// Whether a skill must be practised before it can be bought. Default true.
        optional can_only_buy_skills_after_practicing: bool = "CanOnlyBuySkillsAfterPracticing",
        /// How many may play; -1 for no limit of its own. Default -1.
        optional player_limit: i64 = "PlayerLimit",
        /// Seconds that an empty server stays up. Default 300.
        optional empty_server_shutdown_time_in_seconds: i64 = "EmptyServerShutdownTimeInSeconds",
        /// Frames a second at which physics runs fastest. Default 20.
        optional fps_for_maximum_fixed_frame_count: i64 = "FPSForMaximumFixedFrameCount",
        /// Frames a second at which physics runs slowest. Default 5.
        optional fps_for_minimum_fixed_frame_count: i64 = "FPSForMinimumFixedFrameCount",
        /// The fastest physics, in steps a second. Default 45.
        optional maximum_physics_fixed_frames_per_second: i64 = "MaximumPhysicsFixedFramesPerSecond",
        /// The slowest physics, in steps a second. Default 15.
        optional minimum_physics_fixed_frames_per_second: i64 = "MinimumPhysicsFixedFramesPerSecond",
        /// Whether the speed of physics follows the load. Default true.
        optional is_updating_physics_fixed_frame_count: bool = "IsUpdatingPhysicsFixedFrameCount",
        /// Whose landmarks are shown: ShowAll, FriendsOnly, Hidden.
        optional player_landmark_mode: String = "PlayerLandmarkMode",
        /// The hour at which the day stands still; -1 if it does not. Default -1.0.
        optional fixed_daytime: f64 = "FixedDaytime",
        /// Whether hunger is gone after death. Default false.
        optional is_reseting_hunger_on_death: bool = "IsResetingHungerOnDeath",
        /// How players' movements are smoothed: Default, Low.
        optional player_smoothing_level: String = "PlayerSmoothingLevel",
        /// What a new player carries: None, DeckedOut, Default.
        optional initial_player_inventory: String = "InitialPlayerInventory",
        /// How fast things spawn. Default 1.0.
        optional spawning_rate_multiplier: f64 = "SpawningRateMultiplier",
        /// How fast things decay. Default 1.0.
        optional decay_multiplier: f64 = "DecayMultiplier",
        /// How much the town's storage holds. Default 1.0.
        optional community_storage_multiplier: f64 = "CommunityStorageMultiplier",
        /// Whether players may change their looks. Default true.
        optional is_customization_enabled: bool = "IsCustomizationEnabled",
        /// Whether the server saves at all. Default true.
        optional is_saving: bool = "IsSaving",
        /// Whether idle players are removed. Default true.
        optional has_afk_timer: bool = "HasAFKTimer",
        /// Whether the settings can be changed in the game. Default false.
        optional has_in_game_settings: bool = "HasInGameSettings",
        /// Whether the world is wiped when everyone is gone. Default false.
        optional wipes_when_empty: bool = "WipesWhenEmpty",
        /// Whether an old fault in repair boxes has been mended. Default false.
        optional has_run_repair_box_fix: bool = "HasRunRepairBoxFix",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::ConsoleEvent as _, *};

    fn read(data: Value) -> ServerSettingsChanged {
        serde_json::from_value(data).unwrap()
    }

    #[test]
    fn settings_are_found_and_one_of_another_type_spoils_no_other() {
        let event =
            read(json!({"DropAllOnDeath": true, "playerlimit": 12, "XPX": "many", "New": 1}));
        assert_eq!(event.settings.drop_all_on_death, Some(true));
        assert_eq!(event.settings.player_limit, Some(12));
        assert_eq!(event.settings.xp_x, None);
        assert_eq!(event.raw["New"], 1);
    }

    #[test]
    fn data_of_any_shape_is_kept() {
        assert_eq!(ServerSettingsChanged::NAME, "ServerSettingsChanged");
        for data in [json!(null), json!("text"), json!([1, {"XPX": 2.0}])] {
            assert_eq!(read(data.clone()).raw, data);
        }
    }
}
