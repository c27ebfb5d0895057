//! Moving subscriptions from an old socket to a new one.

use serde_json::Value;

use super::socket::Outcome;
use crate::recordings;
use crate::shared::State;

/// `GET migrate` on the old socket.
pub(crate) fn token(state: &mut State, connection: u64) -> Outcome {
    let token = format!(
        "migration-{:016x}{:016x}",
        state.world.rng.u64(..),
        state.world.rng.u64(..)
    );
    // A socket has one valid token at a time.
    state.migrations.retain(|_, from| *from != connection);
    state.migrations.insert(token.clone(), connection);
    let content = recordings::main_content("migrate");
    Outcome::ok(content.with("token", token).to_string())
}

/// `POST migrate` on the new socket.
pub(crate) fn migrate(state: &mut State, connection: u64, content: &Value) -> Outcome {
    let from = content
        .get("token")
        .and_then(Value::as_str)
        .and_then(|token| state.migrations.remove(token));
    let overlap = state.migration_overlap;
    let moved = from.filter(|from| *from != connection).and_then(|from| {
        let old = state.mains.get_mut(&from)?;
        Some(if overlap {
            old.subscriptions.clone()
        } else {
            std::mem::take(&mut old.subscriptions)
        })
    });
    match (moved, state.mains.get_mut(&connection)) {
        (Some(moved), Some(new)) => {
            new.subscriptions.extend(moved);
            Outcome::ok("")
        }
        _ => Outcome::recorded("migrate-refused"),
    }
}
