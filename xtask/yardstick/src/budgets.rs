//! The budgets of the figures; docs/performance.md gives the reasons.

use serde_json::json;

/// The part of a figure that has a bound.
#[derive(Clone, Copy)]
enum Part {
    Value,
    /// The value divided by that of the yardstick.
    Ratio,
    /// The difference to the yardstick.
    Over,
}

#[derive(Clone, Copy)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

use Bound::{AtLeast, AtMost};
use Part::{Over, Ratio, Value};

/// The bound of one figure.
pub(crate) struct Budget {
    pub(crate) figure: &'static str,
    part: Part,
    bound: Bound,
}

/// The range in which two measurements of the same work differ.
const NOISE: f64 = 0.05;

/// KiB of a console, and of one after a large reply.
const CONSOLE: f64 = 10.0;

/// The growth of the CPU time for the same events, from few consoles or subscriptions to many.
const GROWTH: f64 = 1.3;

pub(crate) const ALL: [Budget; 24] = [
    budget("console_flood_mixed", Ratio, AtLeast(1.3)),
    budget("console_flood_mixed_cpu", Ratio, AtMost(0.9)),
    budget("console_round_trip", Ratio, AtMost(1.0)),
    budget("console_pipelined_1000", Ratio, AtLeast(1.0)),
    budget("console_idle_heap", Value, AtMost(CONSOLE)),
    budget("console_idle_rss", Value, AtMost(CONSOLE)),
    budget("console_many_rss", Value, AtMost(CONSOLE)),
    budget("console_large_reply_heap", Value, AtMost(CONSOLE)),
    budget("console_large_reply_rss", Value, AtMost(CONSOLE)),
    budget("console_scaling", Value, AtMost(GROWTH)),
    budget("console_bad_peer_slow_rate", Ratio, AtLeast(1.0 - NOISE)),
    budget("console_bad_peer_slow_rss", Ratio, AtMost(1.0)),
    budget("console_bad_peer_stopped_rate", Ratio, AtLeast(1.0 - NOISE)),
    budget("console_bad_peer_stopped_rss", Ratio, AtMost(1.0)),
    budget("console_bad_peer_deaf_rate", Ratio, AtLeast(1.0 - NOISE)),
    budget("console_bad_peer_deaf_rss", Ratio, AtMost(1.0)),
    budget("socket_events", Ratio, AtLeast(1.5)),
    budget("socket_scaling", Value, AtMost(GROWTH)),
    budget("sequential_time", Over, AtMost(10.0)),
    budget("sequential_time", Ratio, AtMost(1.3)),
    budget("concurrent_time", Over, AtMost(10.0)),
    budget("concurrent_time", Ratio, AtMost(1.3)),
    budget("cloud_relay_added_p50", Value, AtMost(100.0)),
    budget("cloud_mixed_reads_p99", Ratio, AtMost(3.0)),
];

const fn budget(figure: &'static str, part: Part, bound: Bound) -> Budget {
    Budget {
        figure,
        part,
        bound,
    }
}

impl Budget {
    /// Compares the value of a figure, and that of the yardstick, with the bound.
    pub(crate) fn check(&self, [value, yardstick]: [f64; 2]) -> Verdict<'_> {
        let value = match self.part {
            Value => value,
            Ratio => value / yardstick,
            Over => value - yardstick,
        };
        let holds = match self.bound {
            AtLeast(bound) => value >= bound,
            AtMost(bound) => value <= bound,
        };
        Verdict {
            budget: self,
            value,
            holds,
        }
    }
}

/// The result of one budget.
pub(crate) struct Verdict<'a> {
    budget: &'a Budget,
    value: f64,
    pub(crate) holds: bool,
}

impl Verdict<'_> {
    pub(crate) fn text(&self) -> String {
        let Budget {
            figure,
            part,
            bound,
        } = self.budget;
        let part = match part {
            Value => "value",
            Ratio => "ratio",
            Over => "over it",
        };
        let bound = match bound {
            AtLeast(bound) => format!("at least {bound:.2}"),
            AtMost(bound) => format!("at most {bound:.2}"),
        };
        let verdict = if self.holds { "holds" } else { "does not hold" };
        format!(
            "budget: {figure:<33} {part:<7} {:>8.2}  {bound:<14} {verdict}",
            self.value
        )
    }

    pub(crate) fn json(&self) -> String {
        let (bound, at) = match self.budget.bound {
            AtLeast(bound) => ("at_least", bound),
            AtMost(bound) => ("at_most", bound),
        };
        json!({"budget": self.budget.figure, "value": self.value, bound: at, "holds": self.holds})
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_holds_up_to_its_bound() {
        let holds = |part, bound, both| budget("", part, bound).check(both).holds;
        assert!(holds(Ratio, AtLeast(1.3), [13.0, 10.0]));
        assert!(!holds(Ratio, AtLeast(1.3), [12.9, 10.0]));
        assert!(holds(Value, AtMost(10.0), [10.0, 1.0]));
        assert!(!holds(Value, AtMost(10.0), [10.1, 20.0]));
        assert!(holds(Over, AtMost(10.0), [30.0, 20.0]));
        assert!(!holds(Over, AtMost(10.0), [31.0, 20.0]));
        // A figure without a yardstick is no proof.
        assert!(!holds(Ratio, AtMost(1.0), [0.0, 0.0]));
    }
}
