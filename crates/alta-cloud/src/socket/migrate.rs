use super::request::Reply;
use crate::state::Cloud;
use crate::wire::main_content;
use serde_json::Value;

/// `GET migrate` on the old connection.
pub(super) fn token(cloud: &mut Cloud, connection: u64) -> Reply {
    let token = format!(
        "migration-{:016x}{:016x}",
        cloud.rng.u64(..),
        cloud.rng.u64(..)
    );
    // A connection has one valid token at a time.
    cloud.migrations.retain(|_, from| *from != connection);
    cloud.migrations.insert(token.clone(), connection);
    let content = main_content("migrate");
    Reply::ok(content.with("token", token).to_string())
}

/// `POST migrate` on the new connection: moves the subscriptions of the old connection.
pub(super) fn migrate(cloud: &mut Cloud, connection: u64, content: &Value, limit: usize) -> Reply {
    let Some(new) = cloud.sockets.get(&connection) else {
        return Reply::sample("migrate-refused");
    };
    let (identity, held) = (new.identity, new.subscriptions.len());
    let from = content
        .get("token")
        .and_then(Value::as_str)
        .and_then(|token| cloud.migrations.get(token).copied())
        // The token of another account stays valid for that account.
        .filter(|from| *from != connection)
        .filter(|from| {
            let old = cloud.sockets.get(from);
            old.is_some_and(|old| old.identity == identity)
        });
    if let Some(from) = from {
        cloud.migrations.retain(|_, other| *other != from);
    }
    let overlap = cloud.config.migration_overlap;
    let moved = from.and_then(|from| {
        let old = cloud.sockets.get_mut(&from)?;
        if old.subscriptions.len().saturating_add(held) > limit {
            return None;
        }
        Some(if overlap {
            old.subscriptions.clone()
        } else {
            std::mem::take(&mut old.subscriptions)
        })
    });
    match (moved, cloud.sockets.get_mut(&connection)) {
        (Some(moved), Some(new)) => {
            new.subscriptions.extend(moved);
            Reply::ok("")
        }
        _ => Reply::sample("migrate-refused"),
    }
}
