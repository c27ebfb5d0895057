//! `time …`: the time of day in the world.

use super::read;
use crate::argument::Argument;
use crate::command::Command;

/// Tells the time of day.
///
/// `time`: returns `float`. Attested by TavernLauncher's list and vagabot.
#[doc(alias = "time")]
pub fn now() -> Command<f64> {
    Command::new("time").read_by(read::one)
}

/// Tells the time of day, from 0 to 1 if asked so.
///
/// `time ofday <isNormalised: bool>`: what it returns is not attested. What it does is inferred from its name. Types
/// are inferred from the parameters' names. Attested by TavernLauncher's list.
#[doc(alias = "time ofday")]
pub fn of_day(is_normalised: bool) -> Command {
    Command::new("time ofday").arg(is_normalised)
}

/// Sets the time of day.
///
/// `time set <time: time>`: what it returns is not attested. Written as hours and minutes: `13.30` is half past one. An
/// hour above 23 or a minute above 59 is an error before anything is sent. Types are inferred from the parameters'
/// names. Attested by TavernLauncher's list and attprefabulator.
#[doc(alias = "time set")]
pub fn set(hour: u8, minute: u8) -> Command {
    Command::new("time set").arg(Argument::time_of_day(hour, minute))
}

/// Moves the time forward.
///
/// `time future <progress: float> <measure: text>`: what it returns is not attested. Which measures there are is not
/// attested; `help time` may tell. What it does is inferred from its name. Types are inferred from the parameters'
/// names. Attested by TavernLauncher's list.
#[doc(alias = "time future")]
pub fn future(progress: f64, measure: impl AsRef<str>) -> Command {
    let measure = Argument::word("the measure", measure.as_ref());
    Command::new("time future").arg(progress).arg(measure)
}

/// Stops the time, or lets it run.
///
/// `time toggle`: what it returns is not attested. What it does is inferred from its name. Attested by TavernLauncher's
/// list.
#[doc(alias = "time toggle")]
pub fn toggle() -> Command {
    Command::new("time toggle")
}

/// Lists the words that stand for times.
///
/// `time keywords`: what it returns is not attested. What it does is inferred from its name. Attested by
/// TavernLauncher's list.
#[doc(alias = "time keywords")]
pub fn keywords() -> Command {
    Command::new("time keywords")
}
