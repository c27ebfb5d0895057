//! What the workspace's benchmarks share: their flags, clocks and heap, how figures are shown, and a server in a process of
//! its own, so that the CPU and the memory counted are the client's.

#![allow(
    clippy::unwrap_used,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "for programs that measure, stop at the first surprise, and print figures"
)]

mod clocks;
mod figures;
mod pacer;
mod server;

pub use clocks::{calm, cost_of, cpu, cpu_since, percentiles};
pub use figures::{Bench, Figure};
pub use pacer::Pacer;
pub use server::{ServerProcess, listen};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes on the heap now.
pub fn heap() -> f64 {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
}

/// Allocations so far, moved ones included, and the bytes that were asked for.
pub fn allocated() -> (f64, f64) {
    let stats = ALLOCATOR.stats();
    let count = stats.allocations + stats.reallocations;
    (count as f64, stats.bytes_allocated as f64)
}
