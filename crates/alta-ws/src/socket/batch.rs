use super::Cx;
use super::conn::{Open, Purpose};
use super::up::Up;
use crate::error::Error;
use crate::frame::{BatchOf, Content, Request, Response};
use crate::topic::{Topic, write_name};
use http::Method;
use serde::Deserialize;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The service's own limit (Townsharp).
const LIMIT: usize = 100;

/// How long a topic waits for others of its batch: the topics that a program subscribes to at once arrive one by one, but
/// much faster than a reply.
const TOGETHER_WITHIN: Duration = Duration::from_millis(10);

/// The reply to a batch. A success of the request is none of its subscriptions yet.
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

impl Up {
    /// A stream wants a topic: others may follow in the same moment.
    pub(super) fn gather(&mut self, cx: &Cx<'_>) {
        if cx.core.config.batch {
            self.gather_until.get_or_insert(cx.now + TOGETHER_WITHIN);
        }
    }

    fn is_gathering(&self, now: Instant) -> bool {
        self.gather_until.is_some_and(|until| until > now)
    }

    /// Whether topics that can be asked for with others are to wait: for these others, or for the batch on its way.
    pub(super) fn holds_back(&self, cx: &Cx<'_>) -> bool {
        cx.core.config.batch && (cx.common.batch_under_way || self.is_gathering(cx.now))
    }

    /// Many subscriptions to one event in one request: the service fails if it names several events. Fewer than two are
    /// left to be asked for singly.
    pub(super) fn next_batch(&self, cx: &mut Cx<'_>) -> Option<Open> {
        if !cx.core.config.batch || cx.common.batch_under_way {
            return None;
        }
        let enough = if self.is_gathering(cx.now) { LIMIT } else { 2 };
        let is_same_event = |first: &Topic, other: &Topic| first.event() == other.event();
        let topics = cx
            .core
            .ledger
            .next_batch(cx.now, enough..=LIMIT, is_same_event)?;
        cx.common.batch_under_way = true;
        let mut request = Request::new(Method::POST, "subscription/batch");
        let of = BatchOf {
            event: topics.first()?.event().to_owned(),
            keys: topics.iter().map(|topic| topic.key().to_owned()).collect(),
        };
        request.content = Some(Content::Batch([of].into()));
        Some(Open::new(request, Purpose::Batch(topics)))
    }

    /// A batch has ended with this. Whatever it did not achieve is asked for singly, which tells why, or heals.
    pub(super) fn batch_replied(
        &mut self,
        topics: &[Topic],
        result: Result<Response, Error>,
        is_unknown: bool,
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
            match &failed {
                Some(failed) if !failed.contains(topic.name()) => self.hold(topic, cx),
                _ => cx.core.ledger.repeat(topic, true, is_unknown),
            }
        }
    }
}
