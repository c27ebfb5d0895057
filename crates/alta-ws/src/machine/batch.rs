use super::conn::{Open, Purpose};
use super::topics::{Held, Work};
use super::{Cx, Lane, Phase};
use crate::error::Error;
use crate::frame::{BatchOf, Content, Request, Response};
use crate::topic::{Topic, write_name};
use http::Method;
use serde::Deserialize;
use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

/// The service's own limit (Townsharp).
const LIMIT: usize = 100;

/// How long a topic waits for others to be asked for with: what a program subscribes to in one go comes one by one, but
/// much faster than an answer.
const TOGETHER_WITHIN: Duration = Duration::from_millis(10);

/// The answer to a batch. A success of the request is none of its subscriptions yet.
#[derive(Deserialize)]
struct Achieved {
    success: bool,
    #[serde(default)]
    failures: Vec<String>,
}

/// The name of a topic as topics have it, from how the service wrote it.
fn name_of(written: &str) -> String {
    let mut name = String::new();
    let (event, key) = written.split_once('/').unwrap_or((written, ""));
    write_name(&mut name, event, key);
    name
}

impl Lane {
    /// Somebody came for a topic: others may come in the same moment.
    pub(super) fn gather(&mut self, now: Instant) {
        if self.config.batch && matches!(self.phase, Phase::Up(_)) {
            self.gather_until.get_or_insert(now + TOGETHER_WITHIN);
        }
    }

    fn is_gathering(&self, now: Instant) -> bool {
        self.gather_until.is_some_and(|until| until > now)
    }

    /// Whether topics that can be asked for with others are to wait: for these others, or for the batch on its way.
    pub(super) fn holds_back(&self, cx: &Cx<'_>) -> bool {
        self.config.batch && (cx.shared.batch_under_way || self.is_gathering(cx.now))
    }

    /// Many subscriptions to one event in one request: the service fails if it names several events. Fewer than two are
    /// left to be asked for singly.
    pub(super) fn next_batch(&mut self, cx: &mut Cx<'_>) -> Option<Open> {
        if !self.config.batch || cx.shared.batch_under_way {
            return None;
        }
        let is_for_a_batch = |topic: &Topic| {
            let entry = self.topics.get(topic);
            entry.is_some_and(|entry| entry.is_for_a_batch(cx.now))
        };
        let first = self.due.iter().find(|topic| is_for_a_batch(topic))?.clone();
        let belongs = |topic: &Topic| topic.event() == first.event() && is_for_a_batch(topic);
        let mut together = self.due.iter().filter(|topic| belongs(topic));
        let enough = if self.is_gathering(cx.now) { LIMIT } else { 2 };
        together.nth(enough - 1)?;
        let mut topics = Vec::new();
        let mut rest = VecDeque::with_capacity(self.due.len());
        for topic in &self.due {
            if topics.len() < LIMIT && belongs(topic) {
                topics.push(topic.clone());
            } else {
                rest.push_back(topic.clone());
            }
        }
        self.due = rest;
        for topic in &topics {
            if let Some(entry) = self.topics.get_mut(topic) {
                entry.work = Work::InFlight;
            }
        }
        cx.shared.batch_under_way = true;
        let mut request = Request::new(Method::POST, "subscription/batch");
        let of = BatchOf {
            event: first.event().to_owned(),
            keys: topics.iter().map(|topic| topic.key().to_owned()).collect(),
        };
        request.content = Some(Content::Batch([of].into()));
        Some(Open::new(request, Purpose::Batch(topics)))
    }

    /// A batch came to this. Whatever it did not achieve is asked for singly, which tells why, or heals.
    pub(super) fn batch_answered(
        &mut self,
        topics: &[Topic],
        result: Result<Response, Error>,
        unknown: bool,
        cx: &mut Cx<'_>,
    ) {
        let failed: Option<HashSet<String>> = match result {
            Ok(response) => response.json().ok().and_then(|achieved: Achieved| {
                let told = achieved.success || !achieved.failures.is_empty();
                told.then(|| achieved.failures.iter().map(|name| name_of(name)).collect())
            }),
            Err(error) => {
                tracing::debug!(?error, "a batch is asked for singly");
                None
            }
        };
        for topic in topics {
            let Some(entry) = self.topics.get_mut(topic) else {
                continue;
            };
            entry.work = Work::Idle;
            match &failed {
                Some(failed) if !failed.contains(topic.name()) => self.hold(topic, cx),
                _ => {
                    entry.single = true;
                    if unknown {
                        entry.held = Held::Unknown;
                    }
                }
            }
            self.enqueue(topic);
        }
    }
}
