use super::arguments::{boolean, number, vector};
use super::command::{OBJECTS, Output, PLAYER, PLAYERS, Run, Spec, VOID, command};
use crate::world::{Item, Player, ShownMessage, Slot};
use alta_cloud::wire::json::Node;

const USER: &str = "Alta.Api.DataTransferModels.Models.Responses.UserInfo";
const USERS: &str = "System.Collections.Generic.IEnumerable`1[Alta.Api.DataTransferModels.Models.Responses.UserInfo]";
const DETAILED: &str =
    "System.Collections.Generic.IEnumerable`1[Alta.Console.Commands.UserInfoDetailed]";

pub(crate) const SPECS: &[Spec] = &[
    command(&["player", "list"], &[], USERS, |run| {
        list(run, Player::json)
    }),
    command(&["player", "list-detailed"], &[], DETAILED, |run| {
        list(run, Player::detailed)
    }),
    command(&["player", "detailed"], &[PLAYER], DETAILED, |run| {
        let id = run.player(0)?;
        let found = run.world.player(run.server, id)?;
        if !found.has_body {
            return Err(Output::null_reference());
        }
        Ok(Output::Value(
            found.detailed(),
            "Alta.Console.Commands.UserInfoDetailed".to_owned(),
        ))
    }),
    command(&["player", "count"], &[], "System.Int32", |run| {
        Ok(Output::plain(run.game()?.players.len() as u64))
    }),
    command(
        &["player", "id"],
        &[("username", "System.String", None)],
        USER,
        |run| {
            let id = run.user(0)?;
            user(run, id)
        },
    ),
    command(
        &["player", "username"],
        &[("userId", "System.Int32", None)],
        USER,
        |run| {
            let id = run.user(0)?;
            user(run, id)
        },
    ),
    command(
        &["player", "message"],
        &[
            PLAYERS,
            ("message", "System.String", None),
            ("duration", "System.Single", Some("10")),
        ],
        VOID,
        message,
    ),
    command(&["player", "kill"], &[PLAYERS], VOID, |run| {
        for id in run.players(0)? {
            run.world.die(run.server, id, None, "Command")?;
        }
        Ok(Output::Done)
    }),
    command(
        &["player", "kick"],
        &[
            PLAYERS,
            ("reason", "System.String", Some("No reason provided")),
        ],
        VOID,
        |run| {
            for id in run.players(0)? {
                run.world.leave(run.server, id, run.now)?;
            }
            Ok(Output::Done)
        },
    ),
    Spec {
        aliases: &["tp"],
        ..command(
            &["player", "teleport"],
            &[PLAYERS, ("target", "SpawnArea", Some("RespawnPoint"))],
            VOID,
            teleport,
        )
    },
    command(
        &["player", "set-home"],
        &[PLAYERS, ("home", "Vector3", Some("0,0,0"))],
        VOID,
        |run| {
            let home = vector(run.argument(1))?;
            for id in run.players(0)? {
                run.game_mut()?.homes.insert(id, home);
            }
            Ok(Output::Done)
        },
    ),
    command(
        &["player", "get-home"],
        &[PLAYER],
        "UnityEngine.Vector3",
        |run| {
            let id = run.player(0)?;
            let home = run.game()?.homes.get(&id).copied().unwrap_or_default();
            Ok(Output::Value(
                home.into(),
                format!("({:.1}, {:.1}, {:.1})", home[0], home[1], home[2]),
            ))
        },
    ),
    Spec {
        aliases: &["godmodeon"],
        ..command(
            &["player", "god-mode"],
            &[PLAYERS, ("isOn", "System.Boolean", None)],
            VOID,
            |run| {
                let on = boolean(run.argument(1))?;
                for id in run.players(0)? {
                    if let Some(player) = run.game_mut()?.players.get_mut(&id) {
                        player.god_mode = on;
                    }
                }
                Ok(Output::Done)
            },
        )
    },
    command(&["player", "inventory"], &[PLAYERS], OBJECTS, inventory),
];

/// A row for each player. A player without a body makes the whole list fail.
fn list(run: &Run<'_>, row: fn(&Player) -> Node) -> Result<Output, Output> {
    let players = &run.game()?.players;
    if players.values().any(|player| !player.has_body) {
        return Err(Output::null_reference());
    }
    Ok(Output::list(players.values().map(row).collect()))
}

fn user(run: &Run<'_>, id: u64) -> Result<Output, Output> {
    let user = run.world.find_user(id).ok_or_else(Output::null_reference)?;
    Ok(Output::Value(
        user.json(),
        format!("{} - {}", user.id, user.username),
    ))
}

fn message(run: &mut Run<'_>) -> Result<Output, Output> {
    let duration = number(run.argument(2))?;
    let text = run.argument(1).to_owned();
    let now = run.now;
    let players = run.players(0)?;
    let game = run.game_mut()?;
    for id in players {
        let Some(joined_at) = game.players.get(&id).map(|player| player.joined_at) else {
            continue;
        };
        game.remember(ShownMessage {
            player: id,
            text: text.clone(),
            duration,
            at: now,
            joined_at,
        });
    }
    Ok(Output::Done)
}

/// The names of the places to teleport to.
const PLACES: [&str; 17] = [
    "RespawnPoint",
    "Home",
    "OutsideCave",
    "OutsideForest",
    "OutsideTower",
    "OutsideLake",
    "MountainPass",
    "Glades",
    "OutsideRockArena",
    "BattleField",
    "TowerCP1",
    "TowerCP2",
    "TowerEnd",
    "WoodcuttingShrine",
    "ArcheryShrine",
    "MeleeShrine",
    "TestingArea",
];

/// Teleports to another player or, if there is no such player, to a place.
fn teleport(run: &mut Run<'_>) -> Result<Output, Output> {
    let to = run.argument(1).to_owned();
    let place = PLACES.iter().find(|place| place.eq_ignore_ascii_case(&to));
    let target = match (run.player(1), place) {
        (Err(_), None) => {
            let text = format!("Couldn't find user with identifier {to}");
            return Err(Output::Exception(text));
        }
        (found, _) => found
            .ok()
            .and_then(|id| run.world.player(run.server, id).ok())
            .map(|player| (player.position, player.chunk.clone())),
    };
    for id in run.players(0)? {
        let (position, chunk) = match &target {
            Some((position, chunk)) => (Some(*position), Some(chunk.clone())),
            None if place == Some(&"Home") => (run.game()?.homes.get(&id).copied(), None),
            None if place == Some(&"RespawnPoint") => {
                (None, Some("Townhall Building Chunk".to_owned()))
            }
            None => (None, Some(to.clone())),
        };
        run.world.stand(run.server, id);
        if let Some(position) = position {
            run.world.put_at(run.server, id, position)?;
        }
        if let Some(chunk) = chunk {
            run.world.move_to_chunk(run.server, id, &chunk)?;
        }
    }
    Ok(Output::Done)
}

/// One entry for each player of the argument.
fn inventory(run: &mut Run<'_>) -> Result<Output, Output> {
    let mut rows = Vec::new();
    for id in run.players(0)? {
        let player = run.world.player(run.server, id)?;
        if !player.has_body {
            rows.push(Node::Null);
            continue;
        }
        let item = |item: &Item| held(item, player.position, player.body);
        let slot = |slot: Slot| player.items.get(&slot).map_or(Node::Null, item);
        let all: Vec<Node> = player.items.values().map(item).collect();
        rows.push(Node::object([
            ("LeftHand", slot(Slot::LeftHand)),
            ("RightHand", slot(Slot::RightHand)),
            ("Belt", Slot::BELT.map(slot).to_vec().into()),
            ("Back", vec![slot(Slot::Back)].into()),
            ("All", all.into()),
        ]));
    }
    Ok(Output::list(rows))
}

fn held(item: &Item, position: [f64; 3], body: u64) -> Node {
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
