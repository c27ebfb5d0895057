//! The processes of a run: the server, and a client for each measurement.

use crate::Values;
use crate::args::{Area, Job};
use clap::ValueEnum;
use std::env;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The program of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    /// For time and resident memory.
    Timed,
    /// For the heap.
    Counting,
}

impl Program {
    fn path(self) -> PathBuf {
        let this = env::current_exe().unwrap();
        match self {
            Self::Timed => this,
            Self::Counting => {
                this.with_file_name(format!("yardstick-heap{}", env::consts::EXE_SUFFIX))
            }
        }
    }

    /// A command that runs on all cores, or on the first only.
    fn command(self, one_core: bool) -> Command {
        if !one_core {
            return Command::new(self.path());
        }
        let mut command = Command::new("taskset");
        command.args(["--cpu-list", "0"]).arg(self.path());
        command
    }
}

/// Returns whether a process can be bound to one core here.
pub(crate) fn can_bind() -> bool {
    Command::new("taskset")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Allows this process and those that it starts as many files as the system permits, where `prlimit` exists.
pub(crate) fn raise_file_limit() {
    let raise = "limit=$(ulimit -H -n) && prlimit --pid $PPID --nofile=$limit:$limit";
    // Without it, the limit can still be high enough.
    let _ = Command::new("sh").args(["-c", raise]).status();
}

/// A process that runs beside the measurements; dropping it ends the process.
pub(crate) struct Companion {
    child: Child,
    /// The line that it prints when it is ready.
    line: String,
}

impl Companion {
    /// Starts it and waits until it is ready.
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let output = child.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{command:?} has ended");
        let line = line.trim().to_owned();
        Self { child, line }
    }

    /// The load server.
    pub(crate) fn server(area: Area, one_core: bool) -> Self {
        let mut command = Program::Timed.command(one_core);
        command.args(["serve", &value(&area)]);
        Self::start(command)
    }

    /// The bad connection of a control.
    pub(crate) fn bad_peer(job: &Job) -> Self {
        let mut command = Program::Timed.command(false);
        command.args(arguments(job));
        Self::start(command)
    }

    /// The address of a server.
    pub(crate) fn address(&self) -> String {
        self.line.clone()
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one measurement in a process of its own.
pub(crate) fn measure(program: Program, job: &Job, one_core: bool) -> Values {
    let mut command = program.command(one_core);
    command.args(arguments(job)).stderr(Stdio::inherit());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{job:?}: {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn arguments(job: &Job) -> Vec<OsString> {
    [
        "measure".to_owned(),
        value(&job.area),
        job.part.clone(),
        value(&job.who),
        format!("--address={}", job.address),
        format!("--runtime={}", value(&job.runtime)),
        format!("--count={}", job.count),
        format!("--window={}", job.window),
        format!("--rate={}", job.rate),
        format!("--seconds={}", job.seconds),
        format!("--bytes={}", job.bytes),
    ]
    .map(OsString::from)
    .to_vec()
}

/// A value as the command line names it.
fn value(of: &impl ValueEnum) -> String {
    let value = of.to_possible_value().unwrap();
    value.get_name().to_owned()
}
