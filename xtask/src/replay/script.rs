//! A fixture as a list of frames to send and frames to wait for.

use super::exceptions::{self, Departure, Ours};
use super::play::Play;
use super::side::Side;
use crate::fixture::Fixture;
use serde_json::Value;

/// The conversation of a fixture, with the frames that it omits.
pub(super) struct Script {
    /// The fixture's name.
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

/// One frame.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) from: Side,
    /// The frame of the fixture.
    pub(super) text: String,
    /// Its position in the fixture; `None` if it was inserted.
    pub(super) index: Option<usize>,
    /// The difference of our client, if there is one.
    pub(super) departure: Option<&'static Departure>,
}

impl Step {
    /// The frame as JSON; null if it is not JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The frame that our client must send, as JSON, or as a string if it is not JSON; `None` if it sends none.
    pub(super) fn expected(&self) -> Option<Value> {
        let mut recorded =
            serde_json::from_str(&self.text).unwrap_or_else(|_| Value::from(self.text.as_str()));
        match self.departure.map(|departure| departure.ours) {
            None => Some(recorded),
            Some(Ours::Rewritten(rewrite)) => {
                rewrite(&mut recorded);
                Some(recorded)
            }
            Some(Ours::Nothing) => None,
        }
    }

    /// The name of this frame in problems.
    pub(super) fn label(&self) -> String {
        match (self.index, self.departure) {
            (Some(index), None) => format!("frames[{index}]"),
            (Some(index), Some(departure)) => {
                format!("frames[{index}] (where {})", departure.reason)
            }
            (None, _) => "the inserted frame".to_owned(),
        }
    }
}

impl Script {
    /// Reads a fixture.
    pub(super) fn of(fixture: &Fixture, play: Play) -> Result<Self, String> {
        let mut steps = Vec::new();
        let recorded = fixture.recording["frames"].as_array();
        for (index, frame) in recorded.into_iter().flatten().enumerate() {
            let (Some(direction), Some(text)) =
                (frame["direction"].as_str(), frame["text"].as_str())
            else {
                return Err(format!("frames[{index}] cannot be played"));
            };
            let put_in = exceptions::missing_before(&fixture.name, index);
            steps.extend(put_in.map(|(from, text)| Step {
                from,
                text: text.to_owned(),
                index: None,
                departure: None,
            }));
            steps.push(Step {
                from: match direction {
                    "client" => Side::Client,
                    _ => Side::Server,
                },
                text: text.to_owned(),
                index: Some(index),
                departure: exceptions::departure(&fixture.name, index, play),
            });
        }
        Ok(Self {
            name: fixture.name.clone(),
            steps,
        })
    }

    /// The frames of one side, with their positions in the script.
    pub(super) fn of_side(&self, side: Side) -> impl Iterator<Item = (usize, &Step)> {
        let steps = self.steps.iter().enumerate();
        steps.filter(move |(_, step)| step.from == side)
    }
}
