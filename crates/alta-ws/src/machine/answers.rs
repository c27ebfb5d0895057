use super::conn::{Open, Purpose};
use super::topics::{Held, Work};
use super::{Cx, Lane, Output, PendingCall};
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::Response;
use crate::topic::Topic;
use alta_model::Redactor;
use alta_socket::LinkId;

/// How a request ended.
#[derive(Debug)]
pub(super) enum Outcome {
    Answered(Response),
    /// The gateway said this, and it can only have meant this request.
    Gateway(String),
    TimedOut,
    /// It never left, for want of a token.
    Unsent(Error),
}

impl Outcome {
    /// The error that this outcome is, if it is one.
    pub(super) fn into_result(
        self,
        doing: String,
        after: std::time::Duration,
        sent: Sent,
        redactor: &Redactor,
    ) -> Result<Response, Error> {
        Err(match self {
            Outcome::Answered(response) if response.is_success() => return Ok(response),
            Outcome::Answered(response) => {
                Error::refused(response.status, &response.content, redactor, doing)
            }
            Outcome::Gateway(message) => {
                Error::new(ErrorKind::Gateway { message }, doing).of_request(sent)
            }
            Outcome::TimedOut => Error::new(ErrorKind::TimedOut { after, sent }, doing),
            Outcome::Unsent(error) => error.while_doing(doing).of_request(sent),
        })
    }

    fn wants_renewal(&self) -> bool {
        matches!(self, Outcome::Answered(response) if response.status == 401)
    }

    /// Whether the server certainly did not do what was asked.
    fn did_nothing(&self) -> bool {
        match self {
            Outcome::Answered(response) => (400..500).contains(&response.status),
            Outcome::Unsent(_) => true,
            Outcome::Gateway(_) | Outcome::TimedOut => false,
        }
    }
}

impl Lane {
    /// Ends a request that is not on its way any more.
    pub(super) fn settle(&mut self, open: Open, outcome: Outcome, cx: &mut Cx<'_>) {
        let renew = outcome.wants_renewal();
        let generation = open.generation;
        if renew {
            cx.shared.out.push_back(Output::Renew { generation });
        }
        let doing = open.doing();
        let sent = open.sent();
        let after = self.config.request_timeout;
        let redactor = cx.shared.redactor.clone();
        match open.purpose {
            Purpose::Call(call) if renew && !call.renewed => {
                self.line_up(PendingCall {
                    renewed: true,
                    ..call
                });
            }
            Purpose::Call(call) => cx.shared.out.push_back(Output::Answer {
                call: call.id,
                result: outcome.into_result(doing, after, sent, &redactor),
            }),
            Purpose::Subscribe(topic) => {
                if self.repeat_once(&topic, renew) {
                    return;
                }
                let unknown = !outcome.did_nothing();
                let result = outcome.into_result(doing, after, sent, &redactor);
                self.subscribed(&topic, result.err(), unknown, cx);
            }
            Purpose::Batch(topics) => {
                cx.free_batch();
                let mut topics = topics;
                topics.retain(|topic| !self.repeat_once(topic, renew));
                let unknown = !outcome.did_nothing();
                let result = outcome.into_result(doing, after, sent, &redactor);
                self.batch_answered(&topics, result, unknown, cx);
            }
            Purpose::Unsubscribe(topic) => {
                if self.repeat_once(&topic, renew) {
                    return;
                }
                let result = outcome.into_result(doing, after, sent, &redactor);
                self.unsubscribed(&topic, result.err(), cx);
            }
            Purpose::MigrationToken => {
                if self.asks_again(renew) {
                    return;
                }
                let result = outcome.into_result(doing, after, sent, &redactor);
                self.migration_token(result, cx);
            }
            Purpose::Migrate => {
                let result = outcome.into_result(doing, after, sent, &redactor);
                self.migrated(result.map(drop), sent, cx);
            }
        }
    }

    /// A request got no answer in time.
    pub(super) fn expired(&mut self, link: LinkId, id: u32, open: Open, cx: &mut Cx<'_>) {
        if let Purpose::Call(call) = &open.purpose {
            let kind = ErrorKind::TimedOut {
                after: self.config.request_timeout,
                sent: Sent::MayHaveRun,
            };
            cx.shared.out.push_back(Output::Expired {
                call: call.id,
                link,
                id,
                error: Error::new(kind, open.request.doing()),
            });
            return;
        }
        cx.shared.out.push_back(Output::Recall { link, id });
        self.settle(open, Outcome::TimedOut, cx);
    }

    /// Whether a topic's request whose token was refused is to be sent again: once, with another token.
    fn repeat_once(&mut self, topic: &Topic, renew: bool) -> bool {
        let Some(entry) = self.topics.get_mut(topic) else {
            return false;
        };
        entry.work = Work::Idle;
        let repeat = renew && !entry.renewed;
        entry.renewed |= repeat;
        if repeat {
            self.enqueue(topic);
        }
        repeat
    }

    fn subscribed(&mut self, topic: &Topic, error: Option<Error>, unknown: bool, cx: &mut Cx<'_>) {
        let Some(entry) = self.topics.get_mut(topic) else {
            return;
        };
        let Some(error) = error else {
            self.hold(topic, cx);
            // It may not be wanted any more.
            self.enqueue(topic);
            return;
        };
        if unknown {
            entry.held = Held::Unknown;
        }
        // What was held until its connection was lost is not given up for a token.
        if error.is_transient() || (entry.lost.is_some() && error.is_of_the_token()) {
            self.retry_later(topic, &error, cx);
            return;
        }
        entry.held = Held::Refused;
        entry.renewed = false;
        entry.backoff = None;
        // It is not tried again any more.
        cx.no_failure(topic);
        cx.shared.out.push_back(Output::Refused {
            topic: topic.clone(),
            error,
        });
        self.enqueue(topic);
    }

    fn unsubscribed(&mut self, topic: &Topic, error: Option<Error>, cx: &mut Cx<'_>) {
        let Some(entry) = self.topics.get_mut(topic) else {
            return;
        };
        match error {
            // A token that is refused for now says nothing about what is held.
            Some(error) if error.is_transient() || error.is_of_the_token() => {
                self.retry_later(topic, &error, cx);
            }
            // What the server does not know of is not held either.
            _ => {
                entry.held = Held::No;
                entry.renewed = false;
                entry.retry_at = None;
                entry.backoff = None;
                self.enqueue(topic);
            }
        }
    }
}
