//! The command line, for users and for the processes of a run.

use clap::{Args as ClapArgs, Parser, ValueEnum};
use std::time::Duration;

#[derive(Debug, Parser)]
#[command(name = "yardstick")]
pub(crate) enum Args {
    /// Measure, and print the figures.
    Run(Options),
    /// Measure the service `tale cloud`, and print the figures.
    Cloud(CloudOptions),
    /// Be the load server.
    #[command(hide = true)]
    Serve { area: Area },
    /// Be the client of one measurement, and print its values.
    #[command(hide = true)]
    Measure(Job),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Options {
    /// All of them if none is given.
    pub(crate) areas: Vec<Area>,
    /// Only this part, such as `events`.
    #[arg(long)]
    pub(crate) only: Option<String>,
    /// A hundredth of the work, to see that it works; the figures mean nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print if each budget holds, and fail if one does not.
    #[arg(long)]
    pub(crate) check: bool,
    /// The runtime of both clients: for REST the current-thread runtime by default, otherwise the multi-thread runtime.
    #[arg(long, value_enum)]
    pub(crate) runtime: Option<Runtime>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CloudOptions {
    /// Only this part, such as `reads`.
    #[arg(long)]
    pub(crate) only: Option<String>,
    /// Less of each part, to see that it works; the figures mean nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// One JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Also print if each budget holds, and fail if one does not.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Area {
    Console,
    MainSocket,
    Rest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Who {
    /// The library, used as a bot uses it.
    Ours,
    /// The yardstick.
    Plain,
}

impl Area {
    pub(crate) const ALL: [Self; 3] = [Self::Console, Self::MainSocket, Self::Rest];
}

impl Who {
    pub(crate) const BOTH: [Self; 2] = [Self::Ours, Self::Plain];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Runtime {
    /// tokio's current-thread runtime.
    Current,
    /// tokio's multi-thread runtime with two threads.
    Multi,
}

impl Runtime {
    pub(crate) fn build(self) -> tokio::runtime::Runtime {
        let mut builder = match self {
            Self::Current => tokio::runtime::Builder::new_current_thread(),
            Self::Multi => tokio::runtime::Builder::new_multi_thread(),
        };
        builder.worker_threads(2).enable_all().build().unwrap()
    }
}

/// One measurement.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Job {
    pub(crate) area: Area,
    /// A part of the area, such as `events`.
    pub(crate) part: String,
    pub(crate) who: Who,
    /// Host and port of the server; without them, it is a task of this process.
    #[arg(long, default_value = IN_MEMORY)]
    pub(crate) address: String,
    #[arg(long, value_enum, default_value_t = Runtime::Multi)]
    pub(crate) runtime: Runtime,
    /// The number of events, commands, calls, consoles or subscriptions.
    #[arg(long)]
    pub(crate) count: usize,
    /// The number of commands or calls in flight.
    #[arg(long, default_value_t = 1)]
    pub(crate) window: usize,
    /// Paced events a second, over all connections together.
    #[arg(long, default_value_t = 0)]
    pub(crate) rate: u32,
    /// The duration of paced events, or of the measurement of idle CPU time.
    #[arg(long, default_value_t = 0.0)]
    pub(crate) seconds: f64,
    /// The size of the reply that each console gets before it is idle.
    #[arg(long, default_value_t = 0)]
    pub(crate) bytes: usize,
}

/// The address of a server in this process.
const IN_MEMORY: &str = "in-memory";

impl Job {
    pub(crate) fn ws_url(&self) -> String {
        format!("ws://{}/", self.address)
    }

    pub(crate) fn lasting(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }

    /// Instructions are counted in memory: without sockets, the counts are the same in every run.
    pub(crate) fn is_in_memory(&self) -> bool {
        self.address == IN_MEMORY
    }

    /// A tenth of the work, to begin with. In memory it is always the same, so that the difference of two runs is that of
    /// their counts.
    pub(crate) fn warm_up(&self) -> usize {
        if self.is_in_memory() {
            return 100;
        }
        (self.count / 10).max(1)
    }
}
