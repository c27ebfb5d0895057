//! One run: measures each part in turn, and prints its figures.

use crate::Values;
use crate::args::{Area, Job, Options, Runtime, Who};
use crate::figures::{Better, Figures, Rounds};
use crate::process::{Companion, Program, can_bind, measure, raise_file_limit};
use crate::rest::BY_HAND;
use std::cell::RefCell;

/// The rounds of a median.
const ROUNDS: usize = 3;

/// Scaling is a ratio of small costs: more turns, of which some meet no other work of the machine.
const SCALING_TURNS: usize = 7;

/// Each of a bad console's three measurements is the first one twice.
const BAD_PEER_ROUNDS: usize = 6;

/// The most KiB that a bad console may cost: its queue of 8 MiB or its pending commands, twice for the memory around them.
const BOUND: f64 = 16.0 * 1_024.0;

/// The events a second that a journal records.
const JOURNAL_RATE: usize = 2_000;

/// Paced events a second, over all consoles or subscriptions together.
const RATE: u32 = 20_000;

/// The smaller number of consoles or subscriptions.
const FEW: usize = 10;

/// The names that `--only` takes.
const PARTS: [(Area, &str); 21] = [
    (Area::Console, "events"),
    (Area::Console, "flood_mixed"),
    (Area::Console, "round_trip"),
    (Area::Console, "pipelined"),
    (Area::Console, "pipelined_1000"),
    (Area::Console, "idle"),
    (Area::Console, "many"),
    (Area::Console, "large_reply"),
    (Area::Console, "scaling"),
    (Area::Console, "snapshots"),
    (Area::Console, "derived"),
    (Area::Console, "bad_peer"),
    (Area::Console, "journal"),
    (Area::MainSocket, "events"),
    (Area::MainSocket, "hold"),
    (Area::MainSocket, "many"),
    (Area::MainSocket, "scaling"),
    (Area::Rest, "sequential"),
    (Area::Rest, "sequential_by_hand"),
    (Area::Rest, "concurrent"),
    (Area::Rest, "concurrent_by_hand"),
];

/// Measures. Returns false if `--only` names nothing that is measured, or with `--check` if a budget does not hold.
pub(crate) fn run(options: &Options) -> bool {
    let areas = match &options.areas[..] {
        [] => &Area::ALL,
        areas => areas,
    };
    if let Some(only) = &options.only
        && !areas.iter().any(|area| PARTS.contains(&(*area, only)))
    {
        eprintln!("there is no measurement {only}; docs/performance.md lists them");
        return false;
    }
    let figures = Figures::new(options.json);
    for area in areas {
        let run = Run {
            options,
            area: *area,
            figures: &figures,
            server: RefCell::new(None),
        };
        match area {
            Area::Console => run.console(),
            Area::MainSocket => run.main_socket(),
            Area::Rest => run.rest(),
        }
    }
    !options.check || figures.check()
}

struct Run<'a> {
    options: &'a Options,
    area: Area,
    figures: &'a Figures,
    /// Started when the first part needs it.
    server: RefCell<Option<Companion>>,
}

impl Run<'_> {
    fn console(&self) {
        if self.wants("events") {
            let rounds = self.rounds(Program::Timed, &self.job("events", 2_000_000));
            self.rate("console_events", "console_cpu", &rounds);
        }
        if self.wants("flood_mixed") {
            let rounds = self.rounds(Program::Timed, &self.job("flood_mixed", 2_000_000));
            self.rate("console_flood_mixed", "console_flood_mixed_cpu", &rounds);
        }
        if self.wants("round_trip") {
            self.round_trip();
        }
        for (part, name, window) in [
            ("pipelined", "console_pipelined", 256),
            ("pipelined_1000", "console_pipelined_1000", 1_000),
        ] {
            if self.wants(part) {
                let job = Job {
                    window,
                    ..self.job(part, 200_000)
                };
                let rounds = self.rounds(Program::Timed, &job);
                self.print(name, rounds.medians("rate"), "commands/s", Better::Higher);
            }
        }
        self.idle("idle", self.scaled(1_000), 0, 0.0);
        self.idle("many", self.scaled(10_000), 0, 30.0);
        self.idle("large_reply", self.scaled(100), 50_000_000, 0.0);
        if self.wants("scaling") {
            self.scaling("console_scaling", 1_000, "× the CPU of 10 consoles");
        }
        self.snapshots("snapshots", &[1, 10, 100], "snapshots/s per reader");
        self.snapshots("derived", &[20], "transitions/s per stream");
        if self.wants("bad_peer") {
            self.bad_peer();
        }
        if self.wants("journal") {
            self.journal();
        }
    }

    /// The memory of idle consoles, each after a reply of `bytes`, and their CPU time over `seconds`.
    fn idle(&self, part: &str, count: usize, bytes: usize, seconds: f64) {
        if !self.wants(part) {
            return;
        }
        raise_file_limit();
        let divisor = if self.options.quick { 100 } else { 1 };
        let job = Job {
            bytes: bytes / divisor,
            seconds: seconds / divisor as f64,
            ..self.job_of(part, count)
        };
        let lower = Better::Lower;
        let unit = "KiB per console";
        let heap = self.rounds(Program::Counting, &job).medians("heap");
        self.print(&format!("console_{part}_heap"), heap, unit, lower);
        let timed = self.rounds(Program::Timed, &job);
        let rss = timed.medians("rss");
        self.print(&format!("console_{part}_rss"), rss, unit, lower);
        if seconds > 0.0 {
            let unit = "µs of CPU a second per console";
            let cpu = timed.medians("cpu");
            self.print(&format!("console_{part}_cpu"), cpu, unit, lower);
        }
    }

    /// The requests for snapshots of all players, and their cost, for several numbers of readers.
    fn snapshots(&self, part: &str, readers: &[usize], read: &str) {
        if !self.wants(part) {
            return;
        }
        for readers in readers {
            let job = Job {
                seconds: if self.options.quick { 1.0 } else { 20.0 },
                ..self.job_of(part, *readers)
            };
            let rounds = self.rounds(Program::Timed, &job);
            for (of, unit) in [
                ("asked", "commands/s"),
                ("read", read),
                ("cpu", "µs of CPU per command"),
            ] {
                let name = format!("console_{part}_{readers}_{of}");
                self.print(&name, rounds.medians(of), unit, Better::Lower);
            }
        }
    }

    /// 99 consoles beside a bad one. In the control, the bad connection belongs to a plain client in a process of its own: the
    /// work of the server and of the system for it is the same, and the library has none.
    fn bad_peer(&self) {
        for kind in ["slow", "stopped", "deaf"] {
            let job = |kind| self.job(&format!("bad_peer_{kind}"), 100);
            let beside = || measure(Program::Timed, &job(kind), false);
            let without = || measure(Program::Timed, &job("none"), false);
            let control = || {
                let bad = Job {
                    who: Who::Plain,
                    runtime: Runtime::Current,
                    ..job(kind)
                };
                let _bad = Companion::bad_peer(&bad);
                without()
            };
            let measurements: [&dyn Fn() -> Values; 3] = [&beside, &control, &without];
            let (mut library, mut load) = (Rounds::default(), Rounds::default());
            for round in 0..self.turns(BAD_PEER_ROUNDS) {
                let mut measured = [(); 3].map(|()| Values::new());
                for turn in 0..3 {
                    let at = (round + turn) % 3;
                    measured[at] = measurements[at]();
                }
                let [beside, control, without] = measured;
                library.push([beside, control.clone()]);
                load.push([control, without]);
            }
            for (of, unit, better) in [
                ("rate", "events/s of the others", Better::Higher),
                ("cpu", "CPU-s per million events", Better::Lower),
                ("p50", "µs (p50)", Better::Lower),
                ("p99", "µs (p99)", Better::Lower),
            ] {
                let name = format!("console_bad_peer_{kind}_{of}");
                self.print(&name, library.medians(of), unit, better);
            }
            let name = format!("console_bad_peer_{kind}_control");
            let unit = "events/s of the others, beside those without a bad connection";
            self.print(&name, load.medians("rate"), unit, Better::Higher);
            let name = format!("console_bad_peer_{kind}_rss");
            let memory = [library.medians("rss")[0], BOUND];
            self.print(&name, memory, "KiB, beside the bound", Better::Lower);
        }
    }

    /// Beside the values are those of a journal that misses nothing, and the bound of the memory.
    fn journal(&self) {
        let job = Job {
            seconds: if self.options.quick { 1.0 } else { 60.0 },
            ..self.job_of("journal", JOURNAL_RATE)
        };
        let values = measure(Program::Timed, &job, false);
        for (of, best, unit, better) in [
            ("accounted", 100.0, "% of the events", Better::Higher),
            ("lines", JOURNAL_RATE as f64, "lines/s", Better::Higher),
            ("rss", BOUND, "KiB, beside the bound", Better::Lower),
        ] {
            let name = format!("console_journal_{of}");
            self.print(&name, [values[of], best], unit, better);
        }
    }

    fn main_socket(&self) {
        if self.wants("events") {
            let rounds = self.rounds(Program::Timed, &self.job("events", 500_000));
            self.rate("socket_events", "socket_cpu", &rounds);
        }
        for (part, count) in [("hold", 10_000), ("many", 20_000)] {
            if !self.wants(part) {
                continue;
            }
            let job = self.job(part, count);
            let lower = Better::Lower;
            let timed = self.rounds(Program::Timed, &job);
            let time = timed.medians("seconds");
            let unit = "s until all are held";
            self.print(&format!("socket_{part}_time"), time, unit, lower);
            let counted = self.rounds(Program::Counting, &job);
            let unit = "KiB per subscription";
            for (of, rounds) in [("heap", &counted), ("rss", &timed)] {
                let name = format!("socket_{part}_{of}");
                self.print(&name, rounds.medians(of), unit, lower);
            }
        }
        if self.wants("scaling") {
            self.scaling("socket_scaling", 10_000, "× the CPU of 10 subscriptions");
        }
    }

    fn rest(&self) {
        let at_once = alta_http::Config::MAX_IN_FLIGHT;
        for (part, window) in [("sequential", 1), ("concurrent", at_once)] {
            let lower = Better::Lower;
            let by_hand = format!("{part}{BY_HAND}");
            let job = |part| Job {
                window,
                ..self.job(part, 5_000)
            };
            if self.wants(part) {
                let timed = self.rounds(Program::Timed, &job(part));
                let counted = self.rounds(Program::Counting, &job(part));
                for (name, unit, rounds) in [
                    ("time", "µs a call", &timed),
                    ("cpu", "µs a call", &timed),
                    ("allocations", "a call", &counted),
                    ("allocated", "bytes a call", &counted),
                ] {
                    let both = rounds.medians(name);
                    self.print(&format!("{part}_{name}"), both, unit, lower);
                }
            }
            if self.wants(&by_hand) {
                let timed = self.rounds(Program::Timed, &job(&by_hand));
                for name in ["time", "cpu"] {
                    let both = timed.medians(name);
                    self.print(&format!("{by_hand}_{name}"), both, "µs a call", lower);
                }
            }
        }
    }

    /// Server and client share one core: the time that one core takes to wake another differs from run to run.
    fn round_trip(&self) {
        let bound = can_bind();
        if !bound {
            eprintln!("taskset is missing: round trips are not bound to one core");
        }
        let server = Companion::server(self.area, bound);
        let job = Job {
            address: server.address(),
            ..self.job("round_trip", 10_000)
        };
        let rounds = by_turns(self.turns(ROUNDS), &job, |job| {
            measure(Program::Timed, job, bound)
        });
        for (name, of) in [
            ("console_round_trip", "p50"),
            ("console_round_trip_p99", "p99"),
        ] {
            let unit = format!("µs ({of})");
            self.print(name, rounds.medians(of), &unit, Better::Lower);
        }
    }

    /// The CPU for the same events over many consoles or subscriptions, divided by the CPU over ten. The yardstick's value is
    /// how the cost of the plain client grows, since most of it is the system's.
    fn scaling(&self, name: &str, many: usize, unit: &str) {
        let seconds = if self.options.quick { 0.5 } else { 1.5 };
        let job = |count| Job {
            rate: RATE,
            seconds,
            ..self.job_of("paced", count)
        };
        let mut costs = [Rounds::default(), Rounds::default()];
        // Few and many in turn.
        for _ in 0..self.turns(SCALING_TURNS) {
            for (rounds, count) in costs.iter_mut().zip([FEW, self.scaled(many).max(FEW)]) {
                let job = job(count);
                rounds.push(Who::BOTH.map(|who| {
                    let job = Job { who, ..job.clone() };
                    measure(Program::Timed, &job, false)
                }));
            }
        }
        let [few, many] = costs.map(|rounds| rounds.lower_quartiles("cpu"));
        let growth = [many[0] / few[0], many[1] / few[1]];
        self.print(name, growth, unit, Better::Lower);
    }

    fn rate(&self, rate: &str, cpu: &str, rounds: &Rounds) {
        let higher = Better::Higher;
        self.print(rate, rounds.medians("rate"), "events/s", higher);
        let unit = "CPU-s per million events";
        self.print(cpu, rounds.medians("cpu"), unit, Better::Lower);
    }

    fn rounds(&self, program: Program, job: &Job) -> Rounds {
        by_turns(self.turns(ROUNDS), job, |job| measure(program, job, false))
    }

    fn job(&self, part: &str, count: usize) -> Job {
        self.job_of(part, self.scaled(count))
    }

    fn job_of(&self, part: &str, count: usize) -> Job {
        let mut server = self.server.borrow_mut();
        let server = server.get_or_insert_with(|| Companion::server(self.area, false));
        Job {
            area: self.area,
            part: part.to_owned(),
            who: Who::Ours,
            address: server.address(),
            runtime: self.runtime(),
            count,
            window: 1,
            rate: 0,
            seconds: 0.0,
            bytes: 0,
        }
    }

    fn runtime(&self) -> Runtime {
        let usual = match self.area {
            // A call is so short that the wake-up of another thread would be most of it.
            Area::Rest => Runtime::Current,
            Area::Console | Area::MainSocket => Runtime::Multi,
        };
        self.options.runtime.unwrap_or(usual)
    }

    fn scaled(&self, count: usize) -> usize {
        if self.options.quick {
            (count / 100).max(10)
        } else {
            count
        }
    }

    fn turns(&self, count: usize) -> usize {
        if self.options.quick { 1 } else { count }
    }

    fn wants(&self, part: &str) -> bool {
        let only = self.options.only.as_ref();
        only.is_none_or(|only| only == part)
    }

    fn print(&self, name: &str, both: [f64; 2], unit: &str, better: Better) {
        self.figures.print(name, both, unit, better);
    }
}

/// Both sides in each round, the other one first each time.
fn by_turns(count: usize, job: &Job, measure: impl Fn(&Job) -> Values) -> Rounds {
    let mut rounds = Rounds::default();
    for round in 0..count {
        let side = |who| measure(&Job { who, ..job.clone() });
        if round % 2 == 0 {
            let ours = side(Who::Ours);
            rounds.push([ours, side(Who::Plain)]);
        } else {
            let plain = side(Who::Plain);
            rounds.push([side(Who::Ours), plain]);
        }
    }
    rounds
}
