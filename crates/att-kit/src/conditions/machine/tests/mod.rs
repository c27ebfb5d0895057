//! Tests of the machine, with a clock that they move.

mod properties;
mod times;
mod values;

use super::{Input, Machine, Timing};
use crate::conditions::condition::Condition;
use crate::conditions::transition::{Transition, TransitionKind};
use crate::conditions::zone::Zone;
use crate::players::{ChangeKind, Evidence, Player, PlayerChange, Snapshot};
use alta_model::console::result::PlayerDetailed;
use alta_model::{Timestamp, User, UserId};
use att_console::Missed;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

const TIMING: Timing = Timing {
    hold: Duration::ZERO,
    cooldown: Duration::ZERO,
    exit_margin: 0.0,
    max_age: Duration::from_secs(10),
};

fn at() -> Timestamp {
    Timestamp::from_unix_seconds(1_800_000_000).unwrap()
}

fn player(id: i64) -> Arc<Player> {
    let user = User::new(UserId::new(id), format!("a\"b\\c {id}"));
    Arc::new(Player::new(user, at()))
}

/// A machine with its clock.
struct Watch {
    machine: Machine,
    now: Instant,
}

impl Watch {
    fn new(condition: impl Into<Condition>, timing: Timing) -> Self {
        Self {
            machine: Machine::new(condition.into(), timing),
            now: Instant::now(),
        }
    }

    fn give(&mut self, input: Input) -> Vec<String> {
        self.machine.handle(input, self.now);
        let outputs = std::iter::from_fn(|| self.machine.poll_output());
        outputs
            .map(|output| output.map_or_else(|_| "missed".to_owned(), |it| short(&it)))
            .collect()
    }

    fn change(&mut self, id: i64, kind: ChangeKind, evidence: Evidence) -> Vec<String> {
        self.give(Input::Changed(PlayerChange {
            player: player(id),
            kind,
            evidence,
            at: at(),
        }))
    }

    fn found(&mut self, id: i64) -> Vec<String> {
        self.change(id, ChangeKind::Found, Evidence::List)
    }

    fn joined(&mut self, id: i64) -> Vec<String> {
        self.change(id, ChangeKind::Joined, Evidence::Event)
    }

    fn left(&mut self, id: i64) -> Vec<String> {
        self.change(id, ChangeKind::Left, Evidence::Event)
    }

    fn moved(&mut self, id: i64, from: &str, to: &str) -> Vec<String> {
        let mut player = player(id);
        Arc::make_mut(&mut player).chunk = Some(to.to_owned());
        let (from, to) = (from.to_owned(), to.to_owned());
        self.give(Input::Changed(PlayerChange {
            player,
            kind: ChangeKind::Moved { from, to },
            evidence: Evidence::Event,
            at: at(),
        }))
    }

    fn gap(&mut self) -> Vec<String> {
        let (since, until) = (at(), at());
        self.give(Input::Missed(Missed::Gap { since, until }))
    }

    /// A snapshot that is requested and received now.
    fn snapshot(&mut self, players: &[PlayerDetailed]) -> Vec<String> {
        self.give(details(players, self.now))
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn tick(&mut self, time: Duration) -> Vec<String> {
        self.pass(time);
        self.give(Input::Tick(at()))
    }
}

/// The id, with a plus for an entry and a minus for its end; a star if it is initial.
fn short(transition: &Transition) -> String {
    let sign = match transition.kind {
        TransitionKind::Entered if transition.is_initial => '*',
        TransitionKind::Entered => '+',
        TransitionKind::Left => '-',
    };
    format!("{sign}{}", transition.player.id())
}

fn details(players: &[PlayerDetailed], sent: Instant) -> Input {
    let players = players.iter().map(|player| (player.id, player.clone()));
    Input::Details(Arc::new(Snapshot::of(players, sent, at())))
}

/// A player so far east of the origin, in this chunk.
fn body(id: i64, x: Option<f64>, chunk: Option<&str>) -> PlayerDetailed {
    let position = x.map(|x| [x, 0.0, 0.0]);
    let chunk = chunk.map(|chunk| format!("7 - {chunk} (Alta.Chunks.CaveChunk)"));
    let fields = serde_json::json!({"id": id, "Position": position, "Chunk": chunk});
    serde_json::from_value(fields).unwrap()
}

fn well() -> Zone {
    Zone::sphere([0.0; 3], 1.0)
}

const NONE: [&str; 0] = [];
