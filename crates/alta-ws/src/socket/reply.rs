use super::conn::{Open, Purpose};
use super::up::{Flow, Up};
use super::{Call, Cx, SocketOutput};
use crate::error::{Error, ErrorKind, Sent};
use crate::frame::Response;
use alta_model::Redactor;

/// The end of a request.
#[derive(Debug)]
pub(super) enum Outcome {
    Reply(Response),
    /// The gateway sent this error, and only this request was in flight.
    Gateway(String),
    TimedOut,
    /// It was not sent, since there was no token.
    Unsent(Error),
}

impl Outcome {
    /// The error of this end, if it is one.
    pub(super) fn into_result(
        self,
        doing: String,
        after: std::time::Duration,
        sent: Sent,
        redactor: &Redactor,
    ) -> Result<Response, Error> {
        Err(match self {
            Outcome::Reply(response) if response.is_success() => return Ok(response),
            Outcome::Reply(response) => {
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
        matches!(self, Outcome::Reply(response) if response.status == 401)
    }

    /// Returns whether the server certainly did not perform the request.
    fn did_nothing(&self) -> bool {
        match self {
            Outcome::Reply(response) => (400..500).contains(&response.status),
            Outcome::Unsent(_) => true,
            Outcome::Gateway(_) | Outcome::TimedOut => false,
        }
    }
}

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
            Purpose::Call(call) if renew && !call.renewed => cx.core.line_up(Call {
                renewed: true,
                ..call
            }),
            Purpose::Call(call) => cx.out(call.end(result())),
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
                if !self.asks_again(renew) {
                    self.migration_token(result(), cx);
                }
            }
            Purpose::Migrate => return self.migrated(result().map(drop), sent, cx),
        }
        Flow::Continue(())
    }
}
