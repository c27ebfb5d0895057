use super::conn::{Open, Purpose};
use super::outcome::Outcome;
use super::{Flow, Up};
use crate::socket::context::Cx;
use crate::socket::io::{Call, SocketOutput};

impl Up {
    /// Ends a request that is not in flight any more.
    pub(super) fn settle(&mut self, open: Open, outcome: Outcome, cx: &mut Cx<'_>) -> Flow {
        let renew = outcome.wants_renewal();
        let generation = open.generation;
        if renew {
            cx.outputs.push(SocketOutput::TokenRefused(generation));
        }
        let is_unknown = !outcome.did_nothing();
        let sent = open.sent();
        let doing = open.doing();
        let after = cx.core.config.request_timeout;
        let redactor = cx.core.redactor.clone();
        let result = || outcome.into_result(doing, after, sent, &redactor);
        match open.purpose {
            Purpose::Call(call) if renew && !call.renewed => cx.core.enqueue(Call {
                renewed: true,
                ..call
            }),
            Purpose::Call(call) => {
                let result = result();
                match &result {
                    Ok(_) => tracing::debug!(request = call.request.doing(), "replied"),
                    Err(error) => tracing::debug!(?error, "failed"),
                }
                cx.out(call.end(result));
            }
            Purpose::Subscribe(topic) => {
                if !self.repeats_once(&topic, renew, cx) {
                    self.subscribed(&topic, result().err(), is_unknown, cx);
                }
            }
            Purpose::Batch(mut topics) => {
                cx.common.batch_under_way = false;
                topics.retain(|topic| !self.repeats_once(topic, renew, cx));
                self.batch_replied(&topics, result(), is_unknown, cx);
            }
            Purpose::Unsubscribe(topic) => {
                if !self.repeats_once(&topic, renew, cx) {
                    self.unsubscribed(&topic, result().err(), cx);
                }
            }
            Purpose::MigrationToken => {
                if !self.repeats_first_step(renew) {
                    self.migration_token(result(), cx);
                }
            }
            Purpose::Migrate => return self.migrated(result().map(drop), sent, cx),
        }
        Flow::Continue(())
    }
}
