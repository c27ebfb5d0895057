//! The client side once more, with an allocator that counts. It counts all allocations, which costs time, so the program that
//! measures time does without.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    yardstick::run(Some(|| ALLOCATOR.stats()))
}
