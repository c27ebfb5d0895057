use super::Up;
use super::conn::Open;
use crate::error::Error;
use crate::socket::context::Cx;
use crate::socket::io::Output;
use crate::topic::Topic;
use alta_socket::Step;
use std::sync::Arc;

/// The number of consecutive failures after which a warning is logged and the status shows the subscription: fewer are usual.
const KEEPS_FAILING: u32 = 3;

impl Up {
    /// A stream needs this topic.
    pub(super) fn want(&mut self, topic: Topic, cx: &mut Cx<'_>) {
        let wanted = cx.core.ledger.want(&topic);
        if wanted.is_due {
            self.gather(cx);
        }
        if wanted.is_held {
            cx.out(Output::Confirmed(topic, None));
        }
    }

    /// The next request for a topic that is due.
    pub(super) fn next_for_topic(&mut self, cx: &mut Cx<'_>) -> Option<Open> {
        if let Some(batch) = self.next_batch(cx) {
            return Some(batch);
        }
        let holds_back = self.holds_back(cx);
        loop {
            match cx.core.ledger.next(cx.now, holds_back)? {
                Step::Forgotten(topic) => {
                    self.renewed.remove(&topic);
                    cx.released(topic);
                }
                Step::Subscribe { key, .. } => return Some(Open::subscribe(key)),
                Step::Unsubscribe { key, .. } => return Some(Open::unsubscribe(key)),
            }
        }
    }

    /// Returns whether to repeat a topic's request with another token, since the server refused its token: once.
    pub(super) fn repeats_once(&mut self, topic: &Topic, renew: bool, cx: &mut Cx<'_>) -> bool {
        let repeats = renew && self.renewed.insert(topic.clone());
        if repeats {
            cx.core.ledger.repeat(topic, false, false);
        }
        repeats
    }

    /// The server has confirmed this subscription.
    pub(super) fn hold(&mut self, topic: &Topic, cx: &mut Cx<'_>) {
        cx.core.no_failure(topic);
        self.renewed.remove(topic);
        if let Some(confirmed) = cx.core.ledger.confirmed(topic, None, cx.now) {
            let is_missed = confirmed.gap.is_some() && confirmed.is_wanted;
            cx.core.counters.gaps.add_if(is_missed);
            tracing::debug!(topic = topic.name(), "subscribed");
            cx.out(Output::Confirmed(topic.clone(), confirmed.gap));
        }
    }

    /// A request to subscribe has ended. `is_unknown`: the server may have performed it.
    pub(super) fn subscribed(
        &mut self,
        topic: &Topic,
        error: Option<Error>,
        is_unknown: bool,
        cx: &mut Cx<'_>,
    ) {
        let Some(error) = error else {
            self.hold(topic, cx);
            return;
        };
        // A refused token does not end a subscription that was held until its connection was lost.
        if error.is_transient() || (error.is_token_refusal() && cx.core.ledger.is_lost(topic)) {
            self.retry_later(topic, &error, is_unknown, cx);
        } else if cx.core.ledger.refused(topic).is_some() {
            self.renewed.remove(topic);
            cx.core.no_failure(topic);
            cx.out(Output::Refused(topic.clone(), error));
        }
    }

    /// A request to unsubscribe has ended.
    pub(super) fn unsubscribed(&mut self, topic: &Topic, error: Option<Error>, cx: &mut Cx<'_>) {
        match error {
            // A refused token does not say whether the subscription is held.
            Some(error) if error.is_transient() || error.is_token_refusal() => {
                self.retry_later(topic, &error, true, cx);
            }
            // A subscription that the server does not know is not held.
            _ => {
                self.renewed.remove(topic);
                cx.core.ledger.released(topic);
            }
        }
    }

    /// Tries this topic again after a backoff.
    fn retry_later(&mut self, topic: &Topic, error: &Error, is_unknown: bool, cx: &mut Cx<'_>) {
        let Some(failures) = cx.core.ledger.failed(topic, is_unknown, cx.now) else {
            return;
        };
        if !error.is_token_refusal() {
            // A later refusal is about another token.
            self.renewed.remove(topic);
        }
        cx.core.counters.failed_attempts.add_one();
        if failures >= KEEPS_FAILING {
            let why: Arc<str> = error.to_string().into();
            cx.core.failing = Some((cx.now, topic.clone(), why));
        }
        let topic = topic.name();
        if failures == KEEPS_FAILING {
            tracing::warn!(topic, ?error, "a subscription fails repeatedly");
        } else {
            tracing::debug!(
                topic,
                ?error,
                "a subscription failed and will be tried again"
            );
        }
    }
}
