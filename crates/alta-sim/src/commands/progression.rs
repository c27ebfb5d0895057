//! Commands whose only output is the log: `player progression ...` and the damage multiplier. No source gives the texts of real
//! servers; those here are invented.

use super::arguments::number;
use super::command::{Output, PLAYER, PLAYERS, Parameter, Run, Spec, VOID, command};
use crate::world::{LogLevel, LogLine};

/// The paths of skills, as the settings name them.
const PATHS: [&str; 7] = [
    "Forging",
    "Woodcutting",
    "Mining",
    "Chiseling",
    "Cooking",
    "Melee",
    "Ranged",
];

const PATH: Parameter = ("path", "ProgressionPath", None);
const XP: Parameter = ("xp", "System.Int32", None);

pub(crate) const SPECS: &[Spec] = &[
    command(&["player", "progression", "list"], &[], VOID, |run| {
        for path in PATHS {
            log(run, path);
        }
        Ok(Output::Done)
    }),
    command(
        &["player", "progression", "allxp"],
        &[PLAYERS, XP],
        VOID,
        |run| {
            let xp = number(run.argument(1))?;
            add(run, &PATHS, 0, xp)
        },
    ),
    command(
        &["player", "progression", "pathxp"],
        &[PLAYERS, PATH, XP],
        VOID,
        |run| {
            let path = path(run.argument(1))?;
            let xp = number(run.argument(2))?;
            add(run, &[path], 0, xp)
        },
    ),
    command(
        &["player", "progression", "pathlevelup"],
        &[PLAYERS, PATH],
        VOID,
        |run| {
            let path = path(run.argument(1))?;
            add(run, &[path], 1, 0)
        },
    ),
    command(
        &["player", "progression", "checkallxp"],
        &[PLAYERS],
        VOID,
        |run| add(run, &PATHS, 0, 0),
    ),
    command(
        &["player", "progression", "clearall"],
        &[PLAYERS],
        VOID,
        |run| clear(run, &PATHS),
    ),
    command(
        &["player", "progression", "clearpath"],
        &[PLAYER, PATH],
        VOID,
        |run| {
            let path = path(run.argument(1))?;
            clear(run, &[path])
        },
    ),
    command(&["player", "getdamagemulti"], &[], VOID, |run| {
        let multiplier = run.game()?.damage_multiplier;
        log(run, &format!("Damage multiplier: {multiplier}"));
        Ok(Output::Done)
    }),
    command(
        &["player", "setdamagemulti"],
        &[("multiplier", "System.Single", None)],
        VOID,
        |run| {
            let multiplier: f64 = number(run.argument(0))?;
            run.game_mut()?.damage_multiplier = multiplier;
            log(run, &format!("Damage multiplier: {multiplier}"));
            Ok(Output::Done)
        },
    ),
];

fn log(run: &mut Run<'_>, message: &str) {
    let logger = "Alta.Console.Commands.PlayerCommandModule";
    run.log.push(LogLine::new(LogLevel::Info, logger, message));
}

/// The path in an argument, in any letter case.
fn path(text: &str) -> Result<&'static str, Output> {
    let found = PATHS
        .into_iter()
        .find(|path| path.eq_ignore_ascii_case(text));
    found.ok_or_else(|| Output::Exception(format!("Couldn't find path {text}")))
}

/// Adds levels and experience on some paths, and writes the sums to the log.
fn add(run: &mut Run<'_>, paths: &[&'static str], levels: i64, xp: i64) -> Result<Output, Output> {
    for id in run.players(0)? {
        for path in paths {
            let progress = &mut run.game_mut()?.progress;
            let sum = progress.entry((id, path)).or_insert((0, 0));
            *sum = (sum.0.saturating_add(levels), sum.1.saturating_add(xp));
            let (level, xp) = *sum;
            let name = run.world.username(id);
            log(run, &format!("{name}: {path} level {level}, {xp} xp"));
        }
    }
    Ok(Output::Done)
}

fn clear(run: &mut Run<'_>, paths: &[&'static str]) -> Result<Output, Output> {
    for id in run.players(0)? {
        for path in paths {
            run.game_mut()?.progress.remove(&(id, path));
        }
        let name = run.world.username(id);
        log(run, &format!("{name}: cleared {}", paths.join(", ")));
    }
    Ok(Output::Done)
}
