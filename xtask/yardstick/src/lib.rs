//! The benchmarks of the workspace. Each measures the library beside a yardstick that does the same work by hand, in the same run.
//!
//! One run is several processes: a load server, and for each measurement a client, so that CPU and memory are those of the
//! client alone. `report` starts them in turn and prints the figures; `server` is the load server of both websockets,
//! `plain` the plain websocket client; `console`, `main_socket` and `rest` hold the parts that differ: their events, their part of the
//! server, the library's side and the plain side. `cloud` measures the service `tale cloud` with plain clients.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a program that measures stops at the first surprise, and prints figures"
)]

mod args;
mod budgets;
mod clocks;
mod cloud;
mod console;
mod figures;
mod main_socket;
mod plain;
mod process;
mod report;
mod rest;
mod server;

use args::{Area, Args, Job};
use clap::Parser as _;
use stats_alloc::Stats;
use std::process::ExitCode;

/// Reads the counts of the allocator, if this program has one that counts.
pub type Allocator = fn() -> Stats;

/// The values of a measurement, by name.
type Values = std::collections::BTreeMap<String, f64>;

/// Runs the benchmarks, or the part of a run that the arguments name.
pub fn run(allocator: Option<Allocator>) -> ExitCode {
    match Args::parse() {
        Args::Run(options) => {
            if !report::run(&options) {
                return ExitCode::FAILURE;
            }
        }
        Args::Cloud(options) => {
            if !cloud::run(&options) {
                return ExitCode::FAILURE;
            }
        }
        Args::Serve { area } => match area {
            Area::Console => server::run(console::server::Game::new),
            Area::MainSocket => server::run(main_socket::server::Service::default),
            Area::Rest => rest::server::run(),
        },
        Args::Measure(job) => {
            let heap = clocks::Heap(allocator);
            // On a thread of the runtime, as most of a bot is.
            let runtime = job.runtime.build();
            let measuring = runtime.spawn(async move { measure(&job, heap).await });
            let values = runtime.block_on(measuring).unwrap();
            println!("{}", serde_json::to_string(&values).unwrap());
        }
    }
    ExitCode::SUCCESS
}

async fn measure(job: &Job, heap: clocks::Heap) -> Values {
    match job.area {
        Area::Console => console::measure(job, heap).await,
        Area::MainSocket => main_socket::measure(job, heap).await,
        Area::Rest => rest::measure(job, heap).await,
    }
}
