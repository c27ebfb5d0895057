//! The acceptance of one invitation, also if replies are lost or are errors.

use crate::access::is_refusal;
use alta_model::{GroupId, Member, MemberType, UserId};
use alta_rest::{Client, ErrorKind};
use alta_socket::{Backoff, BackoffPolicy};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tracing::info;

/// The number of attempts before the failure is reported.
const ATTEMPTS: u32 = 5;

/// The longest pause that a `Retry-After` of the service causes.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The acceptance of one invitation. The effect of a request is unknown if its reply is an error or lost, or if the future is
/// dropped while it waits for the reply. Then the membership is read before the request is repeated.
#[derive(Debug)]
pub(crate) struct Acceptance {
    group: GroupId,
    me: UserId,
    backoff: Backoff,
    /// True if the membership must be read before the next request.
    check_first: bool,
    /// True if a request of this acceptance may have made the bot a member.
    sent: bool,
    /// The error of the last request, if its effect depends on the membership.
    undecided: Option<alta_rest::Error>,
    /// Dropped with the acceptance, when it has ended.
    under_way: Arc<()>,
}

/// An invitation that is accepted, by this bot or by another program of the account.
#[derive(Debug)]
pub(crate) enum Accepted {
    ByUs(Box<Member>),
    ByOthers(Box<Member>),
}

impl Acceptance {
    /// Bots that are invited together get different delays: each has its own seed.
    pub(crate) fn new(group: GroupId, me: UserId, policy: BackoffPolicy) -> Self {
        Self {
            group,
            me,
            backoff: Backoff::new(policy, (me.get() ^ group.get()).unsigned_abs()),
            check_first: false,
            sent: false,
            undecided: None,
            under_way: Arc::new(()),
        }
    }

    pub(crate) fn group(&self) -> GroupId {
        self.group
    }

    /// A reference that is dead once the acceptance is dropped.
    pub(crate) fn under_way(&self) -> Weak<()> {
        Arc::downgrade(&self.under_way)
    }

    /// Returns whether the bot may be a member already without a reply that says so.
    pub(crate) fn is_unclear(&self) -> bool {
        self.check_first
    }

    /// Accepts, and tries again when the service fails.
    ///
    /// Cancel safe: the next call begins with the membership if a request was under way.
    pub(crate) async fn finish(&mut self, rest: &Client) -> Result<Accepted, alta_rest::Error> {
        let mut attempts = 0;
        loop {
            let error = match self.attempt(rest).await {
                Ok(accepted) => return Ok(accepted),
                Err(error) => error,
            };
            attempts += 1;
            if is_final(&error) || attempts == ATTEMPTS {
                return Err(error);
            }
            let asked = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
            tokio::time::sleep(asked.max(self.backoff.next_delay())).await;
        }
    }

    async fn attempt(&mut self, rest: &Client) -> Result<Accepted, alta_rest::Error> {
        loop {
            if !self.check_first {
                match self.send(rest).await {
                    Ok(member) => return Ok(Accepted::ByUs(Box::new(member))),
                    Err(error) if !self.check_first => return Err(error),
                    Err(error) => self.undecided = Some(error),
                }
            }
            if let Some(accepted) = self.read_membership(rest).await? {
                return Ok(accepted);
            }
            self.check_first = false;
            // `None` if the future of the last request was dropped: then it is sent again.
            if let Some(error) = self.undecided.take() {
                return Err(error);
            }
        }
    }

    async fn send(&mut self, rest: &Client) -> Result<Member, alta_rest::Error> {
        // Until the reply says otherwise, the request may have taken effect.
        let sent_before = std::mem::replace(&mut self.sent, true);
        self.check_first = true;
        let accepted = rest.invites().accept(self.group).await;
        match &accepted {
            Ok(_) => {
                info!(group = %self.group, "an invitation was accepted");
                self.check_first = false;
            }
            Err(error) if has_no_effect(error) => {
                self.sent = sent_before;
                // A member who accepts again is rejected.
                self.check_first = sent_before || is_rejection(error);
            }
            Err(_) => {}
        }
        accepted
    }

    /// Reads the membership. `None` if the bot is no member.
    async fn read_membership(&self, rest: &Client) -> Result<Option<Accepted>, alta_rest::Error> {
        match rest.members().get(self.group, self.me).await {
            Ok(member) if member.r#type == Some(MemberType::Accepted) => Ok(Some(if self.sent {
                info!(group = %self.group, "an invitation was accepted, by the membership");
                Accepted::ByUs(Box::new(member))
            } else {
                Accepted::ByOthers(Box::new(member))
            })),
            Ok(_) => Ok(None),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Forbidden) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn is_rejection(error: &alta_rest::Error) -> bool {
    matches!(error.kind(), ErrorKind::Rejected | ErrorKind::Conflict)
}

/// Returns whether a retry of the same request would fail again.
pub(crate) fn is_final(error: &alta_rest::Error) -> bool {
    is_rejection(error) || is_refusal(error)
}

/// Returns whether the error means that the request had no effect.
pub(crate) fn has_no_effect(error: &alta_rest::Error) -> bool {
    is_final(error)
        || matches!(
            error.kind(),
            ErrorKind::Login
                | ErrorKind::RateLimited
                | ErrorKind::NotSent
                | ErrorKind::MethodNotAllowed
                | ErrorKind::InvalidRequest
        )
}
