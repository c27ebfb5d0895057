//! `spawn ...`, `trade ...`, `wacky ...`.

use super::arguments::number;
use super::command::{OBJECTS, Output, PLAYERS, Parameter, Run, Spec, VOID, command};
use crate::world::{Item, Saved};
use alta_cloud::wire::json::Node;

const USER: Parameter = ("user", "UserInfoAccess", None);

/// The most entities that one command spawns.
const SPAWN_LIMIT: u32 = 100;

pub(crate) const SPECS: &[Spec] = &[
    Spec {
        tail: true,
        ..command(
            &["spawn", ""],
            &[
                PLAYERS,
                ("prefab", "Prefab", None),
                ("arguments", "System.String", Some("1")),
            ],
            OBJECTS,
            spawn,
        )
    },
    command(&["spawn", "list"], &[], OBJECTS, |run| {
        let row = |item: &Item| {
            Node::object([("Hash", item.hash.into()), ("Name", (&*item.name).into())])
        };
        Ok(Output::list(run.world.prefabs.iter().map(row).collect()))
    }),
    command(
        &["spawn", "string"],
        &[PLAYERS, ("value", "System.String", None)],
        OBJECTS,
        |run| {
            let saved = saved(run, 1)?;
            let mut rows = Vec::new();
            for id in run.players(0)? {
                let position = run.world.player(run.server, id)?.position;
                let spawned = run.world.spawn_saved(run.server, saved.clone(), position)?;
                rows.push(spawned.reference());
            }
            Ok(Output::list(rows))
        },
    ),
    command(
        &["spawn", "string-raw"],
        &[("value", "System.String", None)],
        "System.Object",
        |run| {
            let saved = saved(run, 0)?;
            let position = saved.pose().map_or([0.0; 3], |pose| pose.position);
            let entity = run.world.spawn_saved(run.server, saved, position)?;
            Ok(Output::Value(
                entity.reference(),
                format!("{} - {}", entity.id, entity.name),
            ))
        },
    ),
    command(&["trade", "atm", "get"], &[USER], "System.Int32", |run| {
        let id = run.user(0)?;
        Ok(Output::plain(
            run.game()?.balances.get(&id).copied().unwrap_or_default(),
        ))
    }),
    command(
        &["trade", "atm", "add"],
        &[USER, ("quantityToAdd", "System.Int32", None)],
        VOID,
        |run| {
            let id = run.user(0)?;
            let change = number(run.argument(1))?;
            run.world.change_balance(run.server, id, change)?;
            Ok(Output::Done)
        },
    ),
    command(
        &["trade", "atm", "set"],
        &[USER, ("quantity", "System.Int32", None)],
        VOID,
        |run| {
            let id = run.user(0)?;
            let wanted: i64 = number(run.argument(1))?;
            let now = run.game()?.balances.get(&id).copied().unwrap_or_default();
            run.world
                .change_balance(run.server, id, wanted.saturating_sub(now))?;
            Ok(Output::Done)
        },
    ),
    Spec {
        tail: true,
        ..command(
            &["trade", "post"],
            &[USER, ("prefab", "Prefab", None)],
            VOID,
            |run| {
                run.user(0)?;
                prefab(run, run.argument(1))?;
                Ok(Output::Done)
            },
        )
    },
    command(
        &["wacky", "destroy"],
        &[("id", "System.UInt32", None)],
        VOID,
        |run| {
            let id: u64 = number(run.argument(0))?;
            run.game_mut()?
                .entities
                .remove(&id)
                .map(|_| Output::Done)
                .ok_or_else(Output::null_reference)
        },
    ),
    Spec {
        tail: true,
        ..command(
            &["wacky", "destroy-free"],
            &[("prefab", "Prefab", None)],
            VOID,
            |run| {
                let item = prefab(run, run.argument(0))?;
                run.game_mut()?
                    .entities
                    .retain(|_, entity| entity.prefab != item.hash);
                Ok(Output::Done)
            },
        )
    },
];

fn prefab(run: &Run<'_>, text: &str) -> Result<Item, Output> {
    run.world
        .prefab(text)
        .map_err(|_| Output::Exception(format!("Couldn't find prefab {text}")))
}

/// The save string in an argument. Its prefab exists.
fn saved(run: &Run<'_>, at: usize) -> Result<Saved, Output> {
    let saved = Saved::read(run.argument(at))
        .ok_or_else(|| Output::Exception("Input string was not in a correct format.".to_owned()))?;
    prefab(run, &saved.prefab().to_string())?;
    Ok(saved)
}

fn at_player(run: &mut Run<'_>, player: u64, item: &Item) -> Result<Node, Output> {
    let position = run.world.player(run.server, player)?.position;
    Ok(run.world.spawn(run.server, item, position)?.reference())
}

/// `spawn <players> <prefab> [count]`.
fn spawn(run: &mut Run<'_>) -> Result<Output, Output> {
    let item = prefab(run, run.argument(1))?;
    let count: u32 = run.argument(2).parse().unwrap_or(1);
    let mut rows = Vec::new();
    for id in run.players(0)? {
        for _ in 0..count.min(SPAWN_LIMIT) {
            rows.push(at_player(run, id, &item)?);
        }
    }
    Ok(Output::list(rows))
}
