//! Waiting for what clients do.

use super::reply::Failure;
use super::seen::{Filter, What, items, of_entry};
use crate::action::{Reference, Span};
use crate::sim::Sim;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The longest timeout.
const LONGEST: Duration = Duration::from_secs(3_600);

/// The most things that a timeout shows.
const SHOWN: usize = 20;

/// A request to wait.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Wait {
    /// The kind of things to wait for.
    what: What,
    /// A string that the `text` of a thing contains, in any letter case, or an object of fields with their values. Without it,
    /// every thing of this kind matches.
    #[cfg_attr(test, schemars(with = "Option<Matching>"))]
    matching: Option<Value>,
    /// Only things of this server.
    server: Option<Reference>,
    /// Only things with a `number` above this one.
    after: Option<u64>,
    /// The number of matching things to wait for.
    #[serde(default = "one")]
    count: usize,
    /// The longest time to wait, at most an hour.
    #[serde(default = "ten_seconds")]
    timeout: Span,
}

/// The JSON of `matching`.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "it only has a schema")]
pub(super) enum Matching {
    Text(String),
    Fields(Map<String, Value>),
}

fn one() -> usize {
    1
}

fn ten_seconds() -> Span {
    Span(Duration::from_secs(10))
}

/// Waits until as many things as wanted match. Returns them.
pub(super) async fn wait(sim: &Sim, wanted: Wait, first: u64) -> Result<Value, Failure> {
    let limit = wanted.timeout.0;
    if limit > LONGEST {
        let reason = format!("`timeout`: at most {} seconds", LONGEST.as_secs());
        return Err(Failure::new(400, reason));
    }
    let filter = Filter::all(wanted.what, first)
        .after(wanted.after)
        .matching(wanted.matching)?
        .server(sim, wanted.server.as_ref())?;
    let (mut found, mut next) = (Vec::new(), 0);
    let waiting = sim.wait_at_most(limit, "", |sim| {
        look(sim, &filter, &mut next, &mut found);
        found.len() >= wanted.count
    });
    match waiting.await {
        Ok(()) => Ok(json!({ "seen": found })),
        Err(_) => Err(timed_out(sim, &filter, limit, found.len(), first)),
    }
}

/// Adds the things that are new since the last call. Entries of the journal are read once: `next` is the number of the first new one.
fn look(sim: &Sim, filter: &Filter, next: &mut u64, found: &mut Vec<Value>) {
    match filter.what {
        What::Messages | What::Subscriptions | What::Connections => *found = items(sim, filter),
        _ => {
            let received = sim.shared.env.received();
            let known = received.partition_point(|entry| entry.number < *next);
            let newer = received.iter().skip(known);
            found.extend(newer.filter_map(|entry| of_entry(filter, entry)));
            *next = received.last().map_or(*next, |last| last.number + 1);
        }
    }
}

/// Says what was seen in place of the wanted things.
fn timed_out(sim: &Sim, filter: &Filter, limit: Duration, found: usize, first: u64) -> Failure {
    let what = filter.what.name();
    let others = Filter {
        matching: None,
        ..filter.clone()
    };
    let others = items(sim, &others);
    let newest: Vec<Value> = others.iter().rev().take(SHOWN).rev().cloned().collect();
    let texts: Vec<String> = newest.iter().map(|item| item["text"].to_string()).collect();
    let instead = if texts.is_empty() {
        "there were none".to_owned()
    } else {
        format!("there were {}: {}", others.len(), texts.join(", "))
    };
    let matching = filter.matching.as_ref();
    let matching = matching.map(|matching| format!(" matching {matching}"));
    let error = format!(
        "{found} {what}{} within {} s; {instead}",
        matching.unwrap_or_default(),
        limit.as_secs_f64()
    );
    let counts = What::ALL.into_iter().map(|(what, name)| {
        let count = items(sim, &Filter::all(what, first)).len();
        (name.to_owned(), count.into())
    });
    Failure::new(504, error)
        .with("seen", newest.into())
        .with("counts", Value::Object(counts.collect::<Map<_, _>>()))
}
