use crate::server;
use serde_json::json;

/// A benchmark's run: what its flags ask for.
#[derive(Debug)]
pub struct Bench {
    /// A small part of the work, to see that it works.
    pub quick: bool,
    json: bool,
    only: Option<String>,
}

impl Bench {
    /// Reads the flags `--bench`, `--quick`, `--json` and `--only NAME`. `None` in the process that is the server, after
    /// it has served.
    pub fn start(serve: fn()) -> Option<Self> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if arguments.first().is_some_and(|first| first == server::FLAG) {
            serve();
            return None;
        }
        let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
        let only = arguments.iter().position(|argument| argument == "--only");
        Some(Self {
            // `cargo test --benches` runs a benchmark, too: then it only shows that it works.
            quick: !has("--bench") || has("--quick"),
            json: has("--json"),
            only: only.and_then(|at| arguments.get(at + 1)).cloned(),
        })
    }

    /// Whether this part of it is to be measured.
    pub fn wants(&self, part: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == part)
    }

    /// Prints one.
    pub fn figure(&self, figure: &Figure) {
        let Figure {
            name,
            value,
            yardstick,
            unit,
            better,
        } = figure;
        let (ratio, over) = (value / yardstick, value - yardstick);
        if self.json {
            println!(
                "{}",
                json!({"name": name, "value": value, "unit": unit, "yardstick": yardstick, "ratio": ratio})
            );
        } else {
            println!(
                "{name:<24} {value:>12.2}  yardstick {yardstick:>12.2}  over it {over:>12.2}  ratio {ratio:>5.2}  {unit} ({better} is better)"
            );
        }
    }
}

/// One measured value beside the yardstick's.
#[derive(Debug)]
pub struct Figure {
    name: String,
    value: f64,
    yardstick: f64,
    unit: &'static str,
    better: &'static str,
}

impl Figure {
    /// A rate.
    pub fn higher_is_better(name: &str, value: f64, yardstick: f64, unit: &'static str) -> Self {
        Self {
            name: name.to_owned(),
            value,
            yardstick,
            unit,
            better: "higher",
        }
    }

    /// A cost.
    pub fn lower_is_better(name: &str, value: f64, yardstick: f64, unit: &'static str) -> Self {
        Self {
            better: "lower",
            ..Self::higher_is_better(name, value, yardstick, unit)
        }
    }
}
