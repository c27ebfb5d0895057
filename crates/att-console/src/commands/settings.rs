//! `settings …`: the server's settings.

use alta_model::console::event::ServerSettings;

commands! {
    /// Changes a setting of the server.
    ///
    /// Causes the event ServerSettingsChanged. The server ignores the case of names.
    "settings changesetting" {
        fn change("settingsTarget": SettingsTarget = "server"; setting: Setting, value: string);
    } by [TavernLauncher, AttPrefabulator], most_used;

    /// Removes the settings board.
    "settings disable-board" { (); } by [TavernLauncher], inferred;

    /// Puts up the settings board.
    "settings enable-board" { (); } by [TavernLauncher], inferred;

    /// Sets the heat multiplier.
    "settings heat" { (multiplier: float); } by [TavernLauncher], inferred;

    /// Writes on an information board.
    "settings infoboard" { (identifier: string, value: string); } by [TavernLauncher], inferred;

    /// Lists the information boards.
    "settings infoboard-list" { (); } by [TavernLauncher], inferred;

    /// Returns the server's settings.
    "settings list" -> one ServerSettings { fn list("settingsTarget": SettingsTarget = "server";); }
        by [TavernLauncher, AttPrefabulator], most_used;

    /// Returns the time of a population.
    "settings population check-time" { (population: string); } by [TavernLauncher], inferred;

    /// Resets the time of a population.
    "settings population reset-time" { (population: string); } by [TavernLauncher], inferred;

    /// Sets the time of a population.
    ///
    /// In seconds.
    "settings population set-time" { (population: string, timeInSeconds: float); } by [TavernLauncher], inferred;

    /// Lists the possible values of a setting.
    "settings possible" { (settingsTarget: SettingsTarget, setting: Setting); } by [TavernLauncher], inferred;

    /// Resets all settings to their defaults.
    "settings reset" { (); } by [TavernLauncher], inferred, caution("The previous settings are lost.");

    /// Saves the settings.
    "settings save" { (); } by [TavernLauncher], inferred;

    /// Turns a setting on or off.
    "settings settoggle" { (setting: Setting, isOn: bool); } by [TavernLauncher], inferred;

    /// Turns a setting on if it is off, and off if it is on.
    "settings toggle" { (setting: Setting); } by [TavernLauncher], inferred;
}

/// The known settings.
#[rustfmt::skip]
pub(crate) const SETTINGS: &[&str] = &[
    "ServerSettingsAge", "IsAutoSaving", "MinutesBetweenAutoSaving", "DropAllOnDeath", "HandoverRequireConfirmation",
    "RespawnTimeSeconds", "TimeSpeedMultiplier", "IsAdvancingTimeWhenOffline", "IsPVPEnabled", "PVPMultiplier",
    "PVPCrippleMultiplier", "HungerTick", "HealthRegenMultiplier", "DamageX", "PlayerDamageTakenMultiplier",
    "HungerDealsDamage", "AvoidSpawnCollectedPages", "XPX", "ForgingXPX", "WoodcuttingXPX", "MiningXPX",
    "ChiselingXPX", "CookingXPX", "MeleeXPX", "RangedXPX", "UnspentExperienceLostOnDeath",
    "CanOnlyBuySkillsAfterPracticing", "PlayerLimit", "EmptyServerShutdownTimeInSeconds",
    "FPSForMaximumFixedFrameCount", "FPSForMinimumFixedFrameCount", "MaximumPhysicsFixedFramesPerSecond",
    "MinimumPhysicsFixedFramesPerSecond", "IsUpdatingPhysicsFixedFrameCount", "PlayerLandmarkMode", "FixedDaytime",
    "IsResetingHungerOnDeath", "PlayerSmoothingLevel", "InitialPlayerInventory", "SpawningRateMultiplier",
    "DecayMultiplier", "CommunityStorageMultiplier", "IsCustomizationEnabled", "IsSaving", "HasAFKTimer",
    "HasInGameSettings", "WipesWhenEmpty", "HasRunRepairBoxFix", "DownedStateDuration",
];
