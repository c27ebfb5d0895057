use crate::acceptance::{Acceptance, Accepted, is_final};
use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::lists::PENDING;
use crate::time::{after, sleep_until};
use alta_model::{GroupId, InvitedGroup, Member, UserId};
use alta_socket::BackoffPolicy;
use alta_ws::{MeGroupInviteCreate, Subscription};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Accepts every invitation of the bot: those that wait, and those that come. Made by [`Bot::accept_invites`].
#[derive(Debug)]
pub struct AcceptedInvites {
    bot: Bot,
    me: UserId,
    invitations: Subscription<InvitedGroup>,
    pending: VecDeque<Acceptance>,
    /// Acceptances to try again, and when, in this order.
    failed: VecDeque<(Instant, Acceptance)>,
}

impl Bot {
    /// Begins to accept every invitation: [`next`](AcceptedInvites::next) accepts one and tells of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] for a bot without a bot's credentials, [`ErrorKind::Socket`] if the subscription is refused,
    /// [`ErrorKind::Rest`] if the waiting invitations cannot be listed.
    pub async fn accept_invites(&self) -> Result<AcceptedInvites, Error> {
        let (me, invitations) = self.invitations().await?;
        let mut accepted = AcceptedInvites {
            bot: self.clone(),
            me,
            invitations,
            pending: VecDeque::new(),
            failed: VecDeque::new(),
        };
        accepted.list().await?;
        Ok(accepted)
    }

    /// The invitations that come from now on, and whom they are for.
    pub(crate) async fn invitations(&self) -> Result<(UserId, Subscription<InvitedGroup>), Error> {
        let doing = "following the bot's invitations";
        let me = self.own_id(doing)?;
        let invitations = self.socket()?.subscribe(MeGroupInviteCreate(me)).await;
        let invitations =
            invitations.map_err(|error| Error::new(ErrorKind::Socket, doing).because(error))?;
        Ok((me, invitations))
    }
}

impl AcceptedInvites {
    /// Waits for an invitation, accepts it, and returns the bot's membership. `None` when the bot is closed.
    ///
    /// A reply that does not say whether the invitation is accepted (an error of the service, a timeout, a lost
    /// connection) is cleared up by reading the membership, before anything is sent again. An invitation that somebody
    /// else has accepted is skipped: the service rejects it (400), and the bot is a member.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`] if an invitation could not be accepted in five attempts. It is tried again after a minute,
    /// unless the service refused it. The next call goes on with the next invitation.
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
            if let Some(acceptance) = self.pending.front_mut() {
                let ended = acceptance.finish(&self.bot).await;
                let Some(acceptance) = self.pending.pop_front() else {
                    continue;
                };
                match ended {
                    Ok(Accepted::ByUs(member)) => return Some(Ok(*member)),
                    Ok(Accepted::ByOthers) => continue,
                    Err(error) => {
                        let group = acceptance.group();
                        if !is_final(&error) {
                            self.failed.push_back((after(PAUSE), acceptance));
                        }
                        let doing = format!("accepting the invitation to group {group}");
                        return Some(Err(Error::of_rest(error, doing)));
                    }
                }
            }
            let retry_at = self.failed.front().map(|(at, _)| *at);
            tokio::select! {
                event = self.invitations.next() => match event? {
                    Ok(event) => self.add(event.data.id),
                    // Something was missed: the list has it.
                    Err(_) => {
                        if let Err(error) = self.list().await {
                            return Some(Err(error));
                        }
                    }
                },
                () = sleep_until(retry_at) => {
                    let due = self.failed.pop_front();
                    self.pending.extend(due.map(|(_, acceptance)| acceptance));
                }
            }
        }
    }

    async fn list(&mut self) -> Result<(), Error> {
        let invites = self.bot.rest().invites().list().collect(PENDING).await;
        let invites = invites.map_err(|error| {
            Error::new(ErrorKind::Rest, "listing the bot's invitations").because(error)
        })?;
        for invite in invites {
            self.add(invite.id);
        }
        Ok(())
    }

    /// An invitation that came while they were listed is in the list as well.
    fn add(&mut self, group: GroupId) {
        if self.pending.iter().any(|pending| pending.group() == group) {
            return;
        }
        let failed = self
            .failed
            .iter()
            .position(|(_, failed)| failed.group() == group);
        let acceptance = match failed.and_then(|place| self.failed.remove(place)) {
            Some((_, acceptance)) => acceptance,
            None => Acceptance::new(group, self.me, BackoffPolicy::default()),
        };
        self.pending.push_back(acceptance);
    }
}

/// An acceptance that failed is tried again after this.
const PAUSE: Duration = Duration::from_secs(60);
