use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The server's settings were changed.
///
/// Only Townsharp has this event, without its envelope: [`raw`](Self::raw) is the `data` as received, and
/// [`settings`](Self::settings) contains the settings that were found in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServerSettingsChanged {
    /// The settings that were found; each field may be none.
    pub settings: ServerSettings,
    /// The `data` as received.
    pub raw: Value,
}

/// Any JSON is accepted; without an object in it, no setting is found.
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
    /// A server's settings (Townsharp), also the result of `settings list server`. Names are matched in any case, and a value of
    /// another type counts as absent.
    pub struct ServerSettings {
        /// The age of the settings: None, New, Old.
        optional server_settings_age: String = "ServerSettingsAge",
        /// True if the server saves automatically. Default true.
        optional is_auto_saving: bool = "IsAutoSaving",
        /// Minutes between saves. Default 5.0.
        optional minutes_between_auto_saving: f64 = "MinutesBetweenAutoSaving",
        /// True if a player drops everything at death. Default false.
        optional drop_all_on_death: bool = "DropAllOnDeath",
        /// True if giving something away has to be confirmed. Default true.
        optional handover_require_confirmation: bool = "HandoverRequireConfirmation",
        /// Seconds between death and respawn. Default 4.0.
        optional respawn_time_seconds: f64 = "RespawnTimeSeconds",
        /// The speed of the day. Default 1.0.
        optional time_speed_multiplier: f64 = "TimeSpeedMultiplier",
        /// True if the time of day advances while the server is down. Default true.
        optional is_advancing_time_when_offline: bool = "IsAdvancingTimeWhenOffline",
        /// True if players can hurt each other. Default false.
        optional is_pvp_enabled: bool = "IsPVPEnabled",
        /// The factor of damage between players. Default 0.1.
        optional pvp_multiplier: f64 = "PVPMultiplier",
        /// The factor of crippling between players. Default 0.3.
        optional pvp_cripple_multiplier: f64 = "PVPCrippleMultiplier",
        /// The growth rate of hunger. Default 0.0005.
        optional hunger_tick: f64 = "HungerTick",
        /// The regeneration rate of health. Default 1.0.
        optional health_regen_multiplier: f64 = "HealthRegenMultiplier",
        /// The factor of damage. Default 1.0.
        optional damage_x: f64 = "DamageX",
        /// The factor of damage to players. Default 1.0.
        optional player_damage_taken_multiplier: f64 = "PlayerDamageTakenMultiplier",
        /// True if hunger causes damage. Default true.
        optional hunger_deals_damage: bool = "HungerDealsDamage",
        /// True if collected pages stay removed. Default true.
        optional avoid_spawn_collected_pages: bool = "AvoidSpawnCollectedPages",
        /// The factor of all experience. Default 1.0.
        optional xp_x: f64 = "XPX",
        /// The factor of experience from forging. Default 1.0.
        optional forging_xp_x: f64 = "ForgingXPX",
        /// The factor of experience from woodcutting. Default 1.0.
        optional woodcutting_xp_x: f64 = "WoodcuttingXPX",
        /// The factor of experience from mining. Default 1.0.
        optional mining_xp_x: f64 = "MiningXPX",
        /// The factor of experience from chiseling. Default 1.0.
        optional chiseling_xp_x: f64 = "ChiselingXPX",
        /// The factor of experience from cooking. Default 1.0.
        optional cooking_xp_x: f64 = "CookingXPX",
        /// The factor of experience from melee. Default 1.0.
        optional melee_xp_x: f64 = "MeleeXPX",
        /// The factor of experience from archery. Default 1.0.
        optional ranged_xp_x: f64 = "RangedXPX",
        /// The part of unspent experience that a death costs. Default 0.0.
        optional unspent_experience_lost_on_death: f64 = "UnspentExperienceLostOnDeath",
        /// True if a skill must be practiced before it can be bought. Default true.
        optional can_only_buy_skills_after_practicing: bool = "CanOnlyBuySkillsAfterPracticing",
        /// The most players; -1 for no separate limit. Default -1.
        optional player_limit: i64 = "PlayerLimit",
        /// Seconds until an empty server stops. Default 300.
        optional empty_server_shutdown_time_in_seconds: i64 = "EmptyServerShutdownTimeInSeconds",
        /// The frame rate at which physics is fastest. Default 20.
        optional fps_for_maximum_fixed_frame_count: i64 = "FPSForMaximumFixedFrameCount",
        /// The frame rate at which physics is slowest. Default 5.
        optional fps_for_minimum_fixed_frame_count: i64 = "FPSForMinimumFixedFrameCount",
        /// The most physics steps per second. Default 45.
        optional maximum_physics_fixed_frames_per_second: i64 = "MaximumPhysicsFixedFramesPerSecond",
        /// The fewest physics steps per second. Default 15.
        optional minimum_physics_fixed_frames_per_second: i64 = "MinimumPhysicsFixedFramesPerSecond",
        /// True if the rate of physics adapts to the load. Default true.
        optional is_updating_physics_fixed_frame_count: bool = "IsUpdatingPhysicsFixedFrameCount",
        /// The visible landmarks: ShowAll, FriendsOnly, Hidden.
        optional player_landmark_mode: String = "PlayerLandmarkMode",
        /// The fixed hour of the day; -1 if time passes. Default -1.0.
        optional fixed_daytime: f64 = "FixedDaytime",
        /// True if death resets hunger. Default false.
        optional is_reseting_hunger_on_death: bool = "IsResetingHungerOnDeath",
        /// The smoothing of players' movements: Default, Low.
        optional player_smoothing_level: String = "PlayerSmoothingLevel",
        /// The items of a new player: None, DeckedOut, Default.
        optional initial_player_inventory: String = "InitialPlayerInventory",
        /// The spawn rate. Default 1.0.
        optional spawning_rate_multiplier: f64 = "SpawningRateMultiplier",
        /// The decay rate. Default 1.0.
        optional decay_multiplier: f64 = "DecayMultiplier",
        /// The factor of the town storage's capacity. Default 1.0.
        optional community_storage_multiplier: f64 = "CommunityStorageMultiplier",
        /// True if players may change their appearance. Default true.
        optional is_customization_enabled: bool = "IsCustomizationEnabled",
        /// True if the server saves at all. Default true.
        optional is_saving: bool = "IsSaving",
        /// True if idle players are removed. Default true.
        optional has_afk_timer: bool = "HasAFKTimer",
        /// True if the settings can be changed in the game. Default false.
        optional has_in_game_settings: bool = "HasInGameSettings",
        /// True if the world is wiped when the last player leaves. Default false.
        optional wipes_when_empty: bool = "WipesWhenEmpty",
        /// True if an old bug of repair boxes is fixed. Default false.
        optional has_run_repair_box_fix: bool = "HasRunRepairBoxFix",
    }
}

#[cfg(test)]
mod tests {
    use super::super::ConsoleEvent as _;
    use super::*;
    use serde_json::json;

    fn read(data: Value) -> ServerSettingsChanged {
        serde_json::from_value(data).unwrap()
    }

    #[test]
    fn settings_are_found_and_an_invalid_one_affects_no_other() {
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
