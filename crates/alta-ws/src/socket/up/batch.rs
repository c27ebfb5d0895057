use super::Up;
use super::conn::{Open, Purpose};
use crate::error::Error;
use crate::frame::{BatchOf, Content, Request, Response};
use crate::socket::context::Cx;
use crate::topic::{Topic, write_name};
use http::Method;
use serde::Deserialize;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The service's own limit (Townsharp).
const LIMIT: usize = 100;

/// The time for which a topic waits for others in its batch: the topics of one call arrive one by one, but much faster
/// than a reply.
const TOGETHER_WITHIN: Duration = Duration::from_millis(10);

/// The reply to a batch. The success of the request does not mean the success of each subscription.
#[derive(Deserialize)]
struct Achieved {
    success: bool,
    #[serde(default)]
    failures: Vec<String>,
}

/// The name of a topic in our form, from the server's form.
fn name_of(written: &str) -> String {
    let mut name = String::new();
    let (event, key) = written.split_once('/').unwrap_or((written, ""));
    write_name(&mut name, event, key);
    name
}

impl Up {
    /// A stream needs a topic; others can follow in the same moment.
    pub(super) fn gather(&mut self, cx: &Cx<'_>) {
        if cx.core.config.batch {
            self.gather_until.get_or_insert(cx.now + TOGETHER_WITHIN);
        }
    }

    fn is_gathering(&self, now: Instant) -> bool {
        self.gather_until.is_some_and(|until| until > now)
    }

    /// Returns whether topics must wait for others of the same batch, or for the batch in flight.
    pub(super) fn holds_back(&self, cx: &Cx<'_>) -> bool {
        cx.core.config.batch && (cx.common.batch_under_way || self.is_gathering(cx.now))
    }

    /// Makes one request for many subscriptions to one event: the service fails if a request names several events. A
    /// single topic is left for a request of its own.
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

    /// Handles the end of a batch. Topics that are not confirmed are requested one by one; this gives the reason for
    /// each failure, or succeeds.
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
                tracing::debug!(
                    ?error,
                    "the subscriptions of a batch are requested one by one"
                );
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
