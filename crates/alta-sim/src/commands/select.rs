//! `select ...`: changes the entity that the connection has selected.

use super::arguments::{boolean, number, vector};
use super::command::{OBJECTS, Output, PLAYER, Parameter, Run, Spec, VOID, command};
use crate::world::{Entity, Selections};
use alta_cloud::wire::json::Node;

const AMOUNT: Parameter = ("amount", "System.Single", None);
const DEGREES: Parameter = ("degrees", "System.Single", None);

pub(crate) const SPECS: &[Spec] = &[
    command(
        &["select", ""],
        &[("identifier", "System.UInt32", None)],
        VOID,
        |run| {
            let id = number(run.argument(0))?;
            entity(run, id)?;
            select(run, Some(id))
        },
    ),
    command(
        &["select", "find"],
        &[PLAYER, ("distance", "System.Single", Some("10"))],
        OBJECTS,
        find,
    ),
    command(
        &["select", "get"],
        &[("identifier", "System.UInt32", Some(""))],
        "System.Object",
        |run| {
            let id = if run.argument(0).is_empty() {
                selected(run)?
            } else {
                number(run.argument(0))?
            };
            let found = entity(run, id)?;
            Ok(Output::Value(
                info(&found),
                format!("{} - {}", found.id, found.name),
            ))
        },
    ),
    command(&["select", "destroy"], &[], VOID, |run| {
        let id = selected(run)?;
        run.game_mut()?.entities.remove(&id);
        select(run, None)
    }),
    command(&["select", "unselect"], &[], VOID, |run| select(run, None)),
    command(
        &["select", "prefab"],
        &[("prefab", "Prefab", None), PLAYER],
        VOID,
        |run| {
            let wanted = run.argument(0).to_lowercase();
            let player = run.player(1)?;
            let from = run.world.player(run.server, player)?.position;
            let mut all: Vec<Entity> = run.game()?.entities.values().cloned().collect();
            all.retain(|entity| {
                entity
                    .name
                    .to_lowercase()
                    .replace(' ', "")
                    .starts_with(&wanted)
                    || entity.prefab.to_string() == wanted
            });
            all.sort_by(|a, b| distance(a.position, from).total_cmp(&distance(b.position, from)));
            let nearest = all.first().ok_or_else(Output::null_reference)?;
            select(run, Some(nearest.id))
        },
    ),
    command(&["select", "tostring"], &[], "System.String", |run| {
        let id = selected(run)?;
        Ok(Output::Text(entity(run, id)?.save_string()))
    }),
    command(
        &["select", "look-at"],
        &[
            PLAYER,
            ("isRotatingAllAxis", "System.Boolean", Some("false")),
        ],
        VOID,
        look_at,
    ),
    command(&["select", "snap-ground"], &[], VOID, |run| {
        change(run, |entity| entity.position[1] = 0.0)
    }),
    command(
        &["select", "move", "exact"],
        &[("position", "UnityEngine.Vector3", None)],
        VOID,
        |run| {
            let to = vector(run.argument(0))?;
            change(run, |entity| entity.position = to)
        },
    ),
    command(&["select", "move", "right"], &[AMOUNT], VOID, |run| {
        shift(run, 0, 1.0)
    }),
    command(&["select", "move", "left"], &[AMOUNT], VOID, |run| {
        shift(run, 0, -1.0)
    }),
    command(&["select", "move", "up"], &[AMOUNT], VOID, |run| {
        shift(run, 1, 1.0)
    }),
    command(&["select", "move", "down"], &[AMOUNT], VOID, |run| {
        shift(run, 1, -1.0)
    }),
    command(&["select", "move", "forward"], &[AMOUNT], VOID, |run| {
        shift(run, 2, 1.0)
    }),
    command(&["select", "move", "back"], &[AMOUNT], VOID, |run| {
        shift(run, 2, -1.0)
    }),
    command(
        &["select", "rotate", "exact"],
        &[("rotation", "UnityEngine.Vector3", None)],
        VOID,
        |run| {
            let to = vector(run.argument(0))?;
            change(run, |entity| entity.rotate_to(to))
        },
    ),
    command(&["select", "rotate", "pitch"], &[DEGREES], VOID, |run| {
        turn(run, 0)
    }),
    command(&["select", "rotate", "yaw"], &[DEGREES], VOID, |run| {
        turn(run, 1)
    }),
    command(&["select", "rotate", "roll"], &[DEGREES], VOID, |run| {
        turn(run, 2)
    }),
];

fn selected(run: &Run<'_>) -> Result<u64, Output> {
    let selection = match run.game()?.selections {
        Selections::PerConnection => run.session.selection,
        Selections::Shared(selection) => selection,
    };
    selection.ok_or_else(|| Output::Exception("Nothing is selected".to_owned()))
}

fn select(run: &mut Run<'_>, id: Option<u64>) -> Result<Output, Output> {
    match &mut run.game_mut()?.selections {
        Selections::PerConnection => run.session.selection = id,
        Selections::Shared(selection) => *selection = id,
    }
    Ok(Output::Done)
}

fn entity(run: &Run<'_>, id: u64) -> Result<Entity, Output> {
    run.game()?
        .entities
        .get(&id)
        .cloned()
        .ok_or_else(|| Output::Exception(format!("Couldn't find entity {id}")))
}

fn change(run: &mut Run<'_>, how: impl FnOnce(&mut Entity)) -> Result<Output, Output> {
    let id = selected(run)?;
    how(run
        .game_mut()?
        .entities
        .get_mut(&id)
        .ok_or_else(Output::null_reference)?);
    Ok(Output::Done)
}

fn shift(run: &mut Run<'_>, axis: usize, sign: f64) -> Result<Output, Output> {
    let amount: f64 = number(run.argument(0))?;
    change(run, |entity| entity.position[axis] += sign * amount)
}

fn turn(run: &mut Run<'_>, axis: usize) -> Result<Output, Output> {
    let degrees: f64 = number(run.argument(0))?;
    change(run, |entity| {
        let mut rotation = entity.rotation();
        rotation[axis] = (rotation[axis] + degrees).rem_euclid(360.0);
        entity.rotate_to(rotation);
    })
}

/// Turns the entity to a player: in yaw, or in pitch too.
fn look_at(run: &mut Run<'_>) -> Result<Output, Output> {
    let player = run.player(0)?;
    let all_axes = boolean(run.argument(1))?;
    let to = run.world.player(run.server, player)?.position;
    change(run, |entity| {
        let [x, y, z] = std::array::from_fn(|axis| to[axis] - entity.position[axis]);
        let pitch = if all_axes { -y.atan2(x.hypot(z)) } else { 0.0 };
        let degrees = |angle: f64| angle.to_degrees().rem_euclid(360.0);
        entity.rotate_to([degrees(pitch), degrees(x.atan2(z)), 0.0]);
    })
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).powi(2))
        .sum::<f64>()
        .sqrt()
}

fn find(run: &mut Run<'_>) -> Result<Output, Output> {
    let player = run.player(0)?;
    let reach: f64 = number(run.argument(1))?;
    let from = run.world.player(run.server, player)?.position;
    let near = run
        .game()?
        .entities
        .values()
        .filter(|entity| distance(entity.position, from) <= reach);
    Ok(Output::list(near.map(Entity::reference).collect()))
}

fn info(entity: &Entity) -> Node {
    Node::object([
        ("Position", entity.position.into()),
        ("Rotation", entity.rotation().into()),
        ("Name", entity.name.as_str().into()),
        ("Identifier", entity.id.into()),
        ("RootIdentifier", entity.id.into()),
        ("PrefabHash", entity.prefab.into()),
        ("ChunkingParent", 1_180_u64.into()),
    ])
}
