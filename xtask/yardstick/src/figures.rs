//! The figures of a run: how several values become one, and how one is printed.

use crate::Values;
use crate::budgets;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The values of both sides, a list for each name.
#[derive(Default)]
pub(crate) struct Rounds([Vec<Values>; 2]);

impl Rounds {
    pub(crate) fn push(&mut self, [ours, plain]: [Values; 2]) {
        self.0[0].push(ours);
        self.0[1].push(plain);
    }

    /// The medians of a name, of the library and of the yardstick.
    pub(crate) fn medians(&self, name: &str) -> [f64; 2] {
        self.at(name, 2)
    }

    /// The lower quartiles. Other work of the machine adds to a cost, for seconds at a time, so that the lower values are
    /// those of the work itself, and the lowest can be chance.
    pub(crate) fn lower_quartiles(&self, name: &str) -> [f64; 2] {
        self.at(name, 4)
    }

    fn at(&self, name: &str, part: usize) -> [f64; 2] {
        [0, 1].map(|side: usize| {
            let mut values: Vec<f64> = self.0[side].iter().map(|values| values[name]).collect();
            values.sort_unstable_by(f64::total_cmp);
            values[values.len() / part]
        })
    }
}

/// The values of all rounds of one side, a map for each round.
#[derive(Default)]
pub(crate) struct Spread(Vec<Values>);

impl Spread {
    pub(crate) fn push(&mut self, values: Values) {
        self.0.push(values);
    }

    /// The least value of a name, the median and the greatest.
    fn of(&self, name: &str) -> [f64; 3] {
        let mut values: Vec<f64> = self.0.iter().map(|values| values[name]).collect();
        values.sort_unstable_by(f64::total_cmp);
        [
            values[0],
            values[values.len() / 2],
            values[values.len() - 1],
        ]
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Better {
    Higher,
    Lower,
}

impl Better {
    fn text(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
        }
    }
}

/// Prints figures and keeps them.
pub(crate) struct Figures {
    as_json: bool,
    /// The value and that of the yardstick, by name.
    printed: RefCell<BTreeMap<String, [f64; 2]>>,
}

impl Figures {
    pub(crate) fn new(as_json: bool) -> Self {
        Self {
            as_json,
            printed: RefCell::default(),
        }
    }

    /// Prints a value beside that of the yardstick.
    pub(crate) fn print(&self, name: &str, both: [f64; 2], unit: &str, better: Better) {
        self.printed.borrow_mut().insert(name.to_owned(), both);
        let [value, yardstick] = both;
        let ratio = value / yardstick;
        if self.as_json {
            println!(
                "{}",
                json!({"name": name, "value": value, "unit": unit, "yardstick": yardstick, "ratio": ratio})
            );
            return;
        }
        let over = value - yardstick;
        let better = better.text();
        println!(
            "{name:<33} {value:>12.2}  yardstick {yardstick:>12.2}  over it {over:>12.2}  ratio {ratio:>5.2}  {unit} ({better} is better)"
        );
    }

    /// Prints the median of a value with its least and its greatest one, beside that of the yardstick if there is one.
    pub(crate) fn print_spread(
        &self,
        name: &str,
        spread: &Spread,
        of: &str,
        yardstick: Option<&Spread>,
        unit: &str,
        better: Better,
    ) {
        let [least, value, greatest] = spread.of(of);
        let yardstick = yardstick.map(|yardstick| yardstick.of(of)[1]);
        let both = [value, yardstick.unwrap_or(f64::NAN)];
        self.printed.borrow_mut().insert(name.to_owned(), both);
        let ratio = yardstick.map(|yardstick| value / yardstick);
        if self.as_json {
            println!(
                "{}",
                json!({"name": name, "value": value, "least": least, "greatest": greatest, "unit": unit, "yardstick": yardstick, "ratio": ratio})
            );
            return;
        }
        let beside = match (yardstick, ratio) {
            (Some(yardstick), Some(ratio)) => {
                format!("  yardstick {yardstick:>10.1}  ratio {ratio:>6.2}")
            }
            _ => " ".repeat(36),
        };
        let spread = format!("({least:.1} to {greatest:.1})");
        println!(
            "{name:<26} {value:>10.1} {spread:<24}{beside}  {unit} ({} is better)",
            better.text()
        );
    }

    /// Prints each budget whose figure was measured. Returns whether all of them hold.
    pub(crate) fn check(&self) -> bool {
        let mut hold = true;
        for budget in budgets::ALL {
            let Some(both) = self.printed.borrow().get(budget.figure).copied() else {
                continue;
            };
            let verdict = budget.check(both);
            hold &= verdict.holds;
            println!(
                "{}",
                if self.as_json {
                    verdict.json()
                } else {
                    verdict.text()
                }
            );
        }
        hold
    }
}
