//! `settings …`: how the server is set up.

use super::read;
use crate::argument::Argument;
use crate::command::Command;
use alta_model::console::event::ServerSettings;
use std::time::Duration;

/// The only target of settings that is attested.
const SERVER: &str = "server";

/// Tells the server's settings.
///
/// `settings list <settingsTarget: SettingsTarget>`: returns `{setting: value}`. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "settings list")]
pub fn list() -> Command<ServerSettings> {
    let server = Argument::bare(SERVER.to_owned());
    Command::new("settings list").arg(server).read_by(read::one)
}

/// Changes a setting of the server.
///
/// `settings changesetting <settingsTarget: SettingsTarget> <setting: Setting> <value: text>`: what it returns is not
/// attested. Raises ServerSettingsChanged. The server matches names whatever their case. Types are inferred from the
/// parameters' names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "settings changesetting")]
pub fn change(setting: impl AsRef<str>, value: impl Into<Argument>) -> Command {
    Command::new("settings changesetting")
        .arg(Argument::bare(SERVER.to_owned()))
        .arg(Argument::word("the name of a setting", setting.as_ref()))
        .arg(value)
}

/// Lists the values that a setting can have.
///
/// `settings possible <settingsTarget: SettingsTarget> <setting: Setting>`: what it returns is not attested. What it
/// does is inferred from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings possible")]
pub fn possible(setting: impl AsRef<str>) -> Command {
    Command::new("settings possible")
        .arg(Argument::bare(SERVER.to_owned()))
        .arg(Argument::word("the name of a setting", setting.as_ref()))
}

/// Turns a setting on if it is off, and off if it is on.
///
/// `settings toggle <setting: Setting>`: what it returns is not attested. What it does is inferred from its name. Types
/// are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings toggle")]
pub fn toggle(setting: impl AsRef<str>) -> Command {
    Command::new("settings toggle").arg(Argument::word("the name of a setting", setting.as_ref()))
}

/// Turns a setting on or off.
///
/// `settings settoggle <setting: Setting> <isOn: bool>`: what it returns is not attested. What it does is inferred from
/// its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings settoggle")]
pub fn set_toggle(setting: impl AsRef<str>, is_on: bool) -> Command {
    let setting = Argument::word("the name of a setting", setting.as_ref());
    Command::new("settings settoggle").arg(setting).arg(is_on)
}

/// Saves the settings.
///
/// `settings save`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "settings save")]
pub fn save() -> Command {
    Command::new("settings save")
}

/// Sets the multiplier of heat.
///
/// `settings heat <multiplier: float>`: what it returns is not attested. What it does is inferred from its name. Types
/// are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings heat")]
pub fn heat(multiplier: f64) -> Command {
    Command::new("settings heat").arg(multiplier)
}

/// Puts the board with the settings up.
///
/// `settings enable-board`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "settings enable-board")]
pub fn enable_board() -> Command {
    Command::new("settings enable-board")
}

/// Takes the board with the settings away.
///
/// `settings disable-board`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "settings disable-board")]
pub fn disable_board() -> Command {
    Command::new("settings disable-board")
}

/// Lists the information boards.
///
/// `settings infoboard-list`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "settings infoboard-list")]
pub fn list_infoboards() -> Command {
    Command::new("settings infoboard-list")
}

/// Writes on an information board.
///
/// `settings infoboard <identifier: text> <value: text>`: what it returns is not attested. What it does is inferred
/// from its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings infoboard")]
pub fn infoboard(identifier: impl AsRef<str>, text: impl Into<Argument>) -> Command {
    let identifier = Argument::word("the identifier", identifier.as_ref());
    Command::new("settings infoboard").arg(identifier).arg(text)
}

/// Tells the time of a population.
///
/// `settings population check-time <population: text>`: what it returns is not attested. What it does is inferred from
/// its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings population check-time")]
pub fn check_population_time(population: impl AsRef<str>) -> Command {
    let population = Argument::word("the name of a population", population.as_ref());
    Command::new("settings population check-time").arg(population)
}

/// Sets the time of a population.
///
/// `settings population set-time <population: text> <timeInSeconds: float>`: what it returns is not attested. In
/// seconds. What it does is inferred from its name. Types are inferred from the parameters' names. Attested by
/// TavernLauncher's list.
#[doc(alias = "settings population set-time")]
pub fn set_population_time(population: impl AsRef<str>, time: Duration) -> Command {
    Command::new("settings population set-time")
        .arg(Argument::word(
            "the name of a population",
            population.as_ref(),
        ))
        .arg(time.as_secs_f64())
}

/// Gives a population its usual time back.
///
/// `settings population reset-time <population: text>`: what it returns is not attested. What it does is inferred from
/// its name. Types are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "settings population reset-time")]
pub fn reset_population_time(population: impl AsRef<str>) -> Command {
    let population = Argument::word("the name of a population", population.as_ref());
    Command::new("settings population reset-time").arg(population)
}
