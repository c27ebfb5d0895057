//! The counters and gauges of a managed bot, besides those of its runner. The names are in the documentation of
//! [`ManagedBot`](crate::ManagedBot).

use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
pub(crate) struct Counters {
    invites: AtomicU64,
}

impl Counters {
    pub(crate) fn new() -> Self {
        #[cfg(feature = "metrics")]
        describe();
        Self {
            invites: AtomicU64::new(0),
        }
    }

    pub(crate) fn invites_accepted(&self) -> u64 {
        self.invites.load(Ordering::Relaxed)
    }

    pub(crate) fn invite_accepted(&self) {
        self.invites.fetch_add(1, Ordering::Relaxed);
        #[cfg(feature = "metrics")]
        metrics::counter!("pytale_invites_accepted_total").increment(1);
    }
}

/// Describes each name to recorders that show descriptions.
#[cfg(feature = "metrics")]
fn describe() {
    metrics::describe_counter!(
        "pytale_invites_accepted_total",
        "invitations that were accepted"
    );
    for (name, what) in [
        ("pytale_groups", "groups that the bot belongs to"),
        (
            "pytale_servers_online",
            "servers of these groups that are online",
        ),
        ("pytale_players_online", "players on these servers"),
    ] {
        metrics::describe_gauge!(name, what);
    }
}
