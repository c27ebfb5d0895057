//! `player ...-stat`.

use super::arguments::{boolean, number};
use super::command::{OBJECTS, Output, PLAYER, PLAYERS, Run, Spec, VOID, command};
use crate::samples;
use crate::world::Stats;
use alta_cloud::wire::json::Node;
use jiff::Timestamp;
use std::time::Duration;

/// The stats of a player and their base values.
const STATS: &[(&str, f64)] = &[
    ("maxhealth", 1.0),
    ("health", 1.0),
    ("speed", 1.0),
    ("damage", 1.0),
    ("damageprotection", 1.0),
    ("hunger", 1.0),
    ("fullness", 1.0),
    ("poison", 0.0),
    ("luminosity", 0.0),
    ("cripplehealth", 1.0),
    ("xpboost", 1.0),
    ("nightmare", 0.0),
    ("aggro", 1.0),
    ("frost", 0.0),
];

pub(crate) const SPECS: &[Spec] = &[
    Spec {
        aliases: &["setstat"],
        ..command(
            &["player", "set-stat"],
            &[
                PLAYERS,
                ("statDefinition", "Stat", None),
                ("value", "System.Single", None),
                ("applicationType", "StatApplicationType", Some("Base")),
            ],
            VOID,
            set_stat,
        )
    },
    Spec {
        aliases: &["modifystat"],
        ..command(
            &["player", "modify-stat"],
            &[
                PLAYERS,
                ("statDefinition", "Stat", None),
                ("valueModifier", "System.Single", None),
                ("duration", "System.Single", None),
                ("isMultiplier", "System.Boolean", Some("false")),
            ],
            VOID,
            modify_stat,
        )
    },
    Spec {
        aliases: &["checkstat"],
        ..command(
            &["player", "check-stat"],
            &[PLAYER, ("stat", "Stat", None)],
            "Alta.Console.Commands.PlayerCommandModule+StatValue",
            check_stat,
        )
    },
    Spec {
        aliases: &["list-stat"],
        ..command(&["player", "list-stats"], &[PLAYER], OBJECTS, list_stats)
    },
];

/// The name of a stat, in the server's spelling, and its base value.
fn stat(text: &str) -> Result<(&'static str, f64), Output> {
    let found = STATS
        .iter()
        .copied()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.ok_or_else(|| Output::Exception(format!("Couldn't find stat {text}")))
}

fn set_stat(run: &mut Run<'_>) -> Result<Output, Output> {
    let (name, _) = stat(run.argument(1))?;
    let value: f64 = number(run.argument(2))?;
    change_stats(run, |stats, _| stats.set(name, value))
}

fn modify_stat(run: &mut Run<'_>) -> Result<Output, Output> {
    let (name, _) = stat(run.argument(1))?;
    let by: f64 = number(run.argument(2))?;
    let seconds: f64 = number(run.argument(3))?;
    let multiplies = boolean(run.argument(4))?;
    // A negative duration ends at once, one that no duration can hold never.
    let duration = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    let until = run.now.checked_add(duration).unwrap_or(Timestamp::MAX);
    change_stats(run, |stats, now| {
        stats.modify(name, by, multiplies, until, now);
    })
}

fn change_stats(
    run: &mut Run<'_>,
    change: impl Fn(&mut Stats, Timestamp),
) -> Result<Output, Output> {
    let now = run.now;
    for id in run.players(0)? {
        if let Some(player) = run.game_mut()?.players.get_mut(&id) {
            change(&mut player.stats, now);
        }
    }
    Ok(Output::Done)
}

fn check_stat(run: &mut Run<'_>) -> Result<Output, Output> {
    let id = run.player(0)?;
    let (name, base) = stat(run.argument(1))?;
    let stats = &run.world.player(run.server, id)?.stats;
    let value = stats.value(name, base, run.now);
    let recorded = samples::console_data("check-stat", 0);
    let result = recorded.get("Result").cloned().unwrap_or(Node::Null);
    let definition = result
        .get("Definition")
        .cloned()
        .unwrap_or(Node::Null)
        .with("Name", name);
    let text = recorded
        .get("ResultString")
        .and_then(Node::as_str)
        .unwrap_or_default()
        .to_owned();
    Ok(Output::Value(
        result
            .with("Definition", definition)
            .with("Value", value)
            .with("Base", base),
        text,
    ))
}

fn list_stats(run: &mut Run<'_>) -> Result<Output, Output> {
    let id = run.player(0)?;
    let stats = &run.world.player(run.server, id)?.stats;
    let row = |(name, base): &(&'static str, f64)| {
        Node::object([
            ("Name", (*name).into()),
            ("Min", 0.0.into()),
            ("Max", 10.0.into()),
            ("Value", stats.value(name, *base, run.now).into()),
        ])
    };
    Ok(Output::list(STATS.iter().map(row).collect()))
}
