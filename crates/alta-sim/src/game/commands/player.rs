//! `player ...`.

use super::{Answered, Run};
use crate::game::arguments::{number, truth, vector};
use crate::game::catalogue::{Parameter, Spec};
use crate::json::Node;
use crate::recordings;
use crate::world::{Item, Told};

const PLAYERS: Parameter = ("players", "PlayerList", None);
const PLAYER: Parameter = ("player", "Player", None);
const VOID: &str = "System.Void";
const USER: &str = "Alta.Api.DataTransferModels.Models.Responses.UserInfo";
const USERS: &str = "System.Collections.Generic.IEnumerable`1[Alta.Api.DataTransferModels.Models.Responses.UserInfo]";
const DETAILED: &str =
    "System.Collections.Generic.IEnumerable`1[Alta.Console.Commands.UserInfoDetailed]";

/// The stats a player has, with their bases.
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

const fn spec(
    path: &'static [&'static str],
    parameters: &'static [Parameter],
    returns: &'static str,
    run: fn(&mut Run<'_>) -> Result<Answered, Answered>,
) -> Spec {
    Spec {
        path,
        aliases: &[],
        parameters,
        tail: false,
        returns,
        run,
    }
}

pub(crate) const SPECS: &[Spec] = &[
    spec(&["player", "list"], &[], USERS, |run| {
        Ok(Answered::list(
            run.here()?
                .players
                .values()
                .map(crate::world::Player::json)
                .collect(),
        ))
    }),
    spec(&["player", "list-detailed"], &[], DETAILED, |run| {
        Ok(Answered::list(
            run.here()?
                .players
                .values()
                .map(crate::world::Player::detailed)
                .collect(),
        ))
    }),
    spec(&["player", "detailed"], &[PLAYER], DETAILED, |run| {
        let id = run.player(0)?;
        let found = run
            .world
            .player(run.server, id)
            .ok_or_else(Answered::null_reference)?;
        Ok(Answered::Value(
            found.detailed(),
            "Alta.Console.Commands.UserInfoDetailed".to_owned(),
        ))
    }),
    spec(&["player", "count"], &[], "System.Int32", |run| {
        Ok(Answered::plain(run.here()?.players.len() as u64))
    }),
    spec(
        &["player", "id"],
        &[("username", "System.String", None)],
        USER,
        |run| {
            let id = run.user(0)?;
            user(run, id)
        },
    ),
    spec(
        &["player", "username"],
        &[("userId", "System.Int32", None)],
        USER,
        |run| {
            let id = run.user(0)?;
            user(run, id)
        },
    ),
    spec(
        &["player", "message"],
        &[
            PLAYERS,
            ("message", "System.String", None),
            ("duration", "System.Single", Some("10")),
        ],
        VOID,
        message,
    ),
    spec(&["player", "kill"], &[PLAYERS], VOID, |run| {
        for id in run.players(0)? {
            run.world.die(run.server, id, None, "Command");
        }
        Ok(Answered::Nothing)
    }),
    spec(
        &["player", "kick"],
        &[
            PLAYERS,
            ("reason", "System.String", Some("No reason provided")),
        ],
        VOID,
        |run| {
            for id in run.players(0)? {
                run.world.leave(run.server, id, run.now);
            }
            Ok(Answered::Nothing)
        },
    ),
    Spec {
        aliases: &["tp"],
        ..spec(
            &["player", "teleport"],
            &[PLAYERS, ("target", "SpawnArea", Some("RespawnPoint"))],
            VOID,
            teleport,
        )
    },
    spec(
        &["player", "set-home"],
        &[PLAYERS, ("home", "Vector3", Some("0,0,0"))],
        VOID,
        |run| {
            let home = vector(run.argument(1))?;
            for id in run.players(0)? {
                run.here_mut()?.homes.insert(id, home);
            }
            Ok(Answered::Nothing)
        },
    ),
    spec(
        &["player", "get-home"],
        &[PLAYER],
        "UnityEngine.Vector3",
        |run| {
            let id = run.player(0)?;
            let home = run.here()?.homes.get(&id).copied().unwrap_or_default();
            Ok(Answered::Value(
                home.into(),
                format!("({:.1}, {:.1}, {:.1})", home[0], home[1], home[2]),
            ))
        },
    ),
    Spec {
        aliases: &["setstat"],
        ..spec(
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
        ..spec(
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
        ..spec(
            &["player", "check-stat"],
            &[PLAYER, ("stat", "Stat", None)],
            "Alta.Console.Commands.PlayerCommandModule+StatValue",
            check_stat,
        )
    },
    Spec {
        aliases: &["list-stat"],
        ..spec(
            &["player", "list-stats"],
            &[PLAYER],
            "System.Collections.Generic.IEnumerable`1[System.Object]",
            list_stats,
        )
    },
    Spec {
        aliases: &["godmodeon"],
        ..spec(
            &["player", "god-mode"],
            &[PLAYERS, ("isOn", "System.Boolean", None)],
            VOID,
            |run| {
                let on = truth(run.argument(1))?;
                for id in run.players(0)? {
                    if let Some(player) = run.here_mut()?.players.get_mut(&id) {
                        player.god_mode = on;
                    }
                }
                Ok(Answered::Nothing)
            },
        )
    },
    spec(
        &["player", "inventory"],
        &[PLAYERS],
        "System.Collections.Generic.IEnumerable`1[System.Object]",
        inventory,
    ),
];

fn user(run: &Run<'_>, id: u64) -> Result<Answered, Answered> {
    let person = run
        .world
        .people
        .get(&id)
        .ok_or_else(Answered::null_reference)?;
    Ok(Answered::Value(
        person.json(),
        format!("{} - {}", person.id, person.username),
    ))
}

fn message(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let duration = number(run.argument(2))?;
    let text = run.argument(1).to_owned();
    let now = run.now;
    let players = run.players(0)?;
    let server = run.here_mut()?;
    for id in players {
        let Some(joined_at) = server.players.get(&id).map(|player| player.joined_at) else {
            continue;
        };
        server.remember(Told {
            player: id,
            text: text.clone(),
            duration,
            at: now,
            joined_at,
        });
    }
    Ok(Answered::Nothing)
}

/// To another player, else to a place by its name.
fn teleport(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let to = run.argument(1).to_owned();
    let target = run
        .player(1)
        .ok()
        .and_then(|id| run.world.player(run.server, id))
        .map(|player| (player.position, player.chunk.clone()));
    for id in run.players(0)? {
        let (position, chunk) = match &target {
            Some((position, chunk)) => (Some(*position), Some(chunk.clone())),
            None if to.eq_ignore_ascii_case("Home") => (run.here()?.homes.get(&id).copied(), None),
            None if to.eq_ignore_ascii_case("RespawnPoint") => {
                (None, Some("Townhall Building Chunk".to_owned()))
            }
            None => (None, Some(to.clone())),
        };
        if let Some(position) = position {
            run.world.put_at(run.server, id, position);
        }
        if let Some(chunk) = chunk {
            run.world.move_to_chunk(run.server, id, &chunk);
        }
    }
    Ok(Answered::Nothing)
}

/// The stat's name as the server has it, and its base.
fn stat(text: &str) -> Result<(&'static str, f64), Answered> {
    let found = STATS
        .iter()
        .copied()
        .find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.ok_or_else(|| Answered::Failed(format!("Couldn't find stat {text}")))
}

fn set_stat(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let (name, base) = stat(run.argument(1))?;
    let value: f64 = number(run.argument(2))?;
    change_stat(run, name, base, |_| value)
}

fn modify_stat(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let (name, base) = stat(run.argument(1))?;
    let by: f64 = number(run.argument(2))?;
    let multiplies = truth(run.argument(4))?;
    change_stat(run, name, base, |old| {
        if multiplies { old * by } else { old + by }
    })
}

fn change_stat(
    run: &mut Run<'_>,
    name: &str,
    base: f64,
    to: impl Fn(f64) -> f64,
) -> Result<Answered, Answered> {
    for id in run.players(0)? {
        if let Some(player) = run.here_mut()?.players.get_mut(&id) {
            let value = player.stats.entry(name.to_owned()).or_insert((base, base));
            value.0 = to(value.0);
        }
    }
    Ok(Answered::Nothing)
}

fn check_stat(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let id = run.player(0)?;
    let (name, base) = stat(run.argument(1))?;
    let stats = run
        .world
        .player(run.server, id)
        .map(|player| player.stats.clone())
        .unwrap_or_default();
    let (value, base) = stats.get(name).copied().unwrap_or((base, base));
    let recorded = recordings::console_data("check-stat", 0);
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
    Ok(Answered::Value(
        result
            .with("Definition", definition)
            .with("Value", value)
            .with("Base", base),
        text,
    ))
}

fn list_stats(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let id = run.player(0)?;
    let stats = run
        .world
        .player(run.server, id)
        .map(|player| player.stats.clone())
        .unwrap_or_default();
    let row = |(name, base): &(&str, f64)| {
        let (value, _) = stats.get(*name).copied().unwrap_or((*base, *base));
        Node::object([
            ("Name", (*name).into()),
            ("Min", 0.0.into()),
            ("Max", 10.0.into()),
            ("Value", value.into()),
        ])
    };
    Ok(Answered::list(STATS.iter().map(row).collect()))
}

/// One entry per player asked for.
fn inventory(run: &mut Run<'_>) -> Result<Answered, Answered> {
    let mut rows = Vec::new();
    for id in run.players(0)? {
        let Some(player) = run.world.player(run.server, id) else {
            continue;
        };
        let (position, body) = (player.position, player.body);
        let show = |item: Option<Item>| item.map_or(Node::Null, |item| held(item, position, body));
        let held: Vec<Node> = [player.left_hand, player.right_hand]
            .into_iter()
            .flatten()
            .map(|item| held(item, position, body))
            .collect();
        rows.push(Node::object([
            ("LeftHand", show(player.left_hand)),
            ("RightHand", show(player.right_hand)),
            ("Belt", vec![Node::Null; 4].into()),
            ("Back", vec![Node::Null].into()),
            ("All", held.into()),
        ]));
    }
    Ok(Answered::list(rows))
}

fn held(item: Item, position: [f64; 3], body: u64) -> Node {
    Node::object([
        ("Position", position.into()),
        ("Rotation", [0.0; 3].into()),
        ("Name", format!("{}(Clone)", item.name).into()),
        ("Identifier", (body * 10 + u64::from(item.hash % 10)).into()),
        ("RootIdentifier", body.into()),
        ("PrefabHash", item.hash.into()),
        ("ChunkingParent", 1_180_u64.into()),
    ])
}
