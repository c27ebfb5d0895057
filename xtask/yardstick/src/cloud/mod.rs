//! `tale cloud`, measured from outside with plain clients: REST, logins, writes, the relay, many bots, memory.
//!
//! Everything is one run of the service, with a SQLite database on the disk. The clients are tasks of this process, on the
//! current-thread runtime: the service has the other core. The load server is the real console.

mod bots;
mod http;
mod load;
mod relay;
mod rest;
mod service;
mod socket;

use crate::Values;
use crate::args::{CloudOptions, Runtime};
use crate::figures::{Figures, Spread};
use crate::process::raise_file_limit;
use http::Http;
use service::Service;
use std::time::Duration;

/// The names that `--only` takes.
const PARTS: [&str; 7] = [
    "reads", "logins", "writes", "mixed", "latency", "events", "bots",
];

/// The rounds of a median.
const ROUNDS: usize = 3;

/// The bots that hold a main websocket.
const CROWD: usize = 1_000;

/// Measures. Returns false if `--only` names nothing that is measured, or with `--check` if a budget does not hold.
pub(crate) fn run(options: &CloudOptions) -> bool {
    if let Some(only) = &options.only
        && !PARTS.contains(&only.as_str())
    {
        eprintln!(
            "there is no measurement {only}; the measurements are {}",
            PARTS.join(", ")
        );
        return false;
    }
    let figures = Figures::new(options.json);
    let run = Run {
        options,
        figures: &figures,
    };
    raise_file_limit();
    let runtime = Runtime::Current.build();
    let crowd = run.count(CROWD);
    runtime.block_on(run.measure(&Service::start(crowd)));
    if run.wants("bots") {
        // A new process, whose memory is not that of earlier parts.
        runtime.block_on(run.bots(&Service::start(crowd)));
    }
    !options.check || figures.check()
}

struct Run<'a> {
    options: &'a CloudOptions,
    figures: &'a Figures,
}

impl Run<'_> {
    async fn measure(&self, service: &Service) {
        let token = Http::open(&service.rest).await.log_in(&service.owner).await;
        if self.wants("reads") {
            rest::reads(self, service, &token).await;
        }
        if self.wants("logins") {
            rest::logins(self, service).await;
        }
        if self.wants("writes") {
            rest::writes(self, service, &token).await;
        }
        if self.wants("mixed") {
            rest::reads_while_writes(self, service, &token).await;
        }
        if self.wants("latency") {
            relay::latency(self, service, &token).await;
        }
        if self.wants("events") {
            relay::events(self, service, &token).await;
        }
    }

    async fn bots(&self, service: &Service) {
        let token = Http::open(&service.rest).await.log_in(&service.owner).await;
        let _idle = relay::memory(self, service, &token).await;
        bots::measure(self, service, &token).await;
    }

    fn wants(&self, part: &str) -> bool {
        let only = self.options.only.as_ref();
        only.is_none_or(|only| only == part)
    }

    fn rounds(&self) -> usize {
        if self.options.quick { 1 } else { ROUNDS }
    }

    fn lasting(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(if self.options.quick {
            seconds / 20.0
        } else {
            seconds
        })
    }

    fn count(&self, count: usize) -> usize {
        if self.options.quick {
            count / 100
        } else {
            count
        }
    }

    /// The time until the memory is measured.
    fn settle(&self) -> Duration {
        self.lasting(1.0)
    }

    /// The values of all rounds of one measurement.
    async fn repeat(&self, measure: impl AsyncFn() -> Values) -> Spread {
        let mut spread = Spread::default();
        for _ in 0..self.rounds() {
            spread.push(measure().await);
        }
        spread
    }
}
