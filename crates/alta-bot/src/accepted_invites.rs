use crate::acceptance::{Accepted, is_final};
use crate::bot::Bot;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::invitations::{Input, Invitations, Pending};
use alta_model::Member;
use alta_socket::BackoffPolicy;
use std::collections::VecDeque;
use std::fmt;

/// Accepts every invitation of the bot, pending and future. Made by [`Bot::accept_invites`].
pub struct AcceptedInvites {
    bot: Bot,
    rest: alta_rest::Client,
    invitations: Invitations,
    pending: VecDeque<Pending>,
}

impl Bot {
    /// Subscribes to the bot's invitations and lists the pending ones. [`next`](AcceptedInvites::next) accepts one and returns the
    /// membership.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoAccount`] without a bot's credentials, [`ErrorKind::Socket`] if the subscription is refused,
    /// [`ErrorKind::Rest`] if the pending invitations cannot be listed.
    pub async fn accept_invites(&self) -> Result<AcceptedInvites, Error> {
        let invitations = Invitations::begin(self, BackoffPolicy::default()).await?;
        let list = invitations.list_once().await?;
        let mut accepted = AcceptedInvites {
            bot: self.clone(),
            rest: self.rest().as_bot(),
            invitations,
            pending: VecDeque::new(),
        };
        accepted.add(list);
        Ok(accepted)
    }
}

impl AcceptedInvites {
    /// Waits for an invitation, accepts it, and returns the bot's membership. `None` when the bot is closed.
    ///
    /// If the result is unclear (an error of the service, a timeout, a lost connection), the membership is read before the request
    /// is sent again. An invitation that was accepted by another program is skipped: the service rejects the request (400), and
    /// the bot is a member.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`] if an invitation could not be accepted in five attempts. It is tried again after a minute, or, if the
    /// service refused it, after a gap of the main websocket. The next call continues with the next invitation.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an invitation that was not accepted yet is accepted by the next call.
    pub async fn next(&mut self) -> Option<Result<Member, Error>> {
        let mut closing = self.bot.inner.closing.watch();
        tokio::select! {
            biased;
            _ = closing.wait_for(|closing| *closing) => None,
            accepted = self.accept_next() => accepted,
        }
    }

    async fn accept_next(&mut self) -> Option<Result<Member, Error>> {
        loop {
            let Some(first) = self.pending.front_mut() else {
                match self.invitations.next().await {
                    Input::Closed => return None,
                    input => self.add(input),
                }
                continue;
            };
            let group = first.invite.id;
            let ended = first.acceptance.finish(&self.rest).await;
            let first = self.pending.pop_front();
            match ended {
                Ok(Accepted::ByUs(member)) => return Some(Ok(*member)),
                Ok(Accepted::ByOthers(_)) => {}
                Err(error) => {
                    if let Some(first) = first
                        && !is_final(&error)
                    {
                        self.invitations.failed(first);
                    }
                    let doing = format!("accepting the invitation to group {group}");
                    return Some(Err(Error::of_rest(error, doing)));
                }
            }
        }
    }

    /// The list may contain an invitation whose event is still in the queue.
    fn add(&mut self, input: Input) {
        for (new, _) in self.invitations.take(input, |_| true) {
            let group = new.invite.id;
            if !self.pending.iter().any(|other| other.invite.id == group) {
                self.pending.push_back(new);
            }
        }
    }
}

impl fmt::Debug for AcceptedInvites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptedInvites")
            .field("pending", &self.pending.len())
            .finish_non_exhaustive()
    }
}
