//! The task that feeds the machine of one stream: the changes of the players, and the snapshots that the machine needs.

use super::machine::{Input, Machine, Output};
use crate::clock::due;
use crate::players::{PlayerChanges, Players, Snapshot, Snapshots};
use alta_model::Timestamp;
use att_console::{Missed, WeakConsole};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::time::Instant;

/// Runs until the console is closed.
pub(super) async fn follow(
    console: WeakConsole,
    mut changes: PlayerChanges,
    every: Duration,
    mut machine: Machine,
    transitions: broadcast::Sender<Output>,
) {
    let (mut details, mut inventories) = (None, None);
    loop {
        while let Some(output) = machine.poll_output() {
            // The stream aborts this task when it is dropped.
            let _ = transitions.send(output);
        }
        let players = || console.upgrade().map(|console| Players::of(&console));
        match (machine.needs_details(), &details) {
            (true, None) => details = players().map(|players| players.details(every)),
            (true, Some(_)) => {}
            (false, _) => details = None,
        }
        match (machine.needs_inventories(), &inventories) {
            (true, None) => inventories = players().map(|players| players.inventories(every)),
            (true, Some(_)) => {}
            (false, _) => inventories = None,
        }
        let deadline = machine.deadline();
        let input = tokio::select! {
            // Events are newer than a snapshot that was requested before them.
            biased;
            change = changes.next() => change.map(|item| match item {
                Ok(change) => Input::Changed(change),
                Err(missed) => Input::Missed(missed),
            }),
            snapshot = next(&mut details) => snapshot.map(Input::Details),
            snapshot = next(&mut inventories) => snapshot.map(Input::Inventories),
            () = due(deadline) => Some(Input::Tick(Timestamp::now())),
        };
        let Some(input) = input else {
            break;
        };
        let has_lagged = matches!(input, Input::Missed(Missed::Lagged(_)));
        machine.handle(input, Instant::now());
        if has_lagged && let Some(players) = players() {
            machine.handle(Input::Online(players.online()), Instant::now());
        }
    }
}

async fn next<T: Send + Sync + 'static>(
    snapshots: &mut Option<Snapshots<T>>,
) -> Option<Arc<Snapshot<T>>> {
    match snapshots {
        Some(snapshots) => snapshots.next().await,
        None => pending().await,
    }
}
