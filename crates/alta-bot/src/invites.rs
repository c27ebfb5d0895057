use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use alta_model::{GroupId, InvitedGroup, Member, MemberType, UserId};
use alta_ws::{MeGroupInviteCreate, Subscription};
use std::collections::VecDeque;

/// Accepts every invitation of the bot: those that wait, and those that come. Made by [`Bot::accept_invites`].
#[derive(Debug)]
pub struct AcceptedInvites {
    bot: Bot,
    invitations: Subscription<InvitedGroup>,
    pending: VecDeque<GroupId>,
}

impl Bot {
    /// Begins to accept every invitation: [`next`](AcceptedInvites::next) accepts one and tells of it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] for a bot without a bot's credentials, [`ErrorKind::Socket`] if the subscription is refused,
    /// [`ErrorKind::Rest`] if the waiting invitations cannot be listed.
    pub async fn accept_invites(&self) -> Result<AcceptedInvites, Error> {
        let (_, invitations) = self.invitations().await?;
        let mut accepted = AcceptedInvites {
            bot: self.clone(),
            invitations,
            pending: VecDeque::new(),
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

    /// Whether the bot is a member of a group, as far as the service tells.
    pub(crate) async fn belongs_to(&self, group: GroupId) -> bool {
        let Some(me) = self.user_id() else {
            return false;
        };
        let member = self.rest().as_bot().members().get(group, me).await;
        member.is_ok_and(|member| member.r#type == Some(MemberType::Accepted))
    }
}

impl AcceptedInvites {
    /// Waits for an invitation, accepts it, and returns the bot's membership. One that was accepted by other means is passed
    /// over. `None` when the bot is closed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`] if an invitation could not be accepted. The next call goes on with the next one.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an invitation that was not accepted yet is accepted by the next call.
    pub async fn next(&mut self) -> Option<Result<Member, Error>> {
        loop {
            if let Some(group) = self.pending.front().copied() {
                let accepted = self.bot.request_accept_invite(group).await;
                // One that was listed and then told of may be accepted already.
                let again = accepted.is_err() && self.bot.belongs_to(group).await;
                self.pending.pop_front();
                if again {
                    continue;
                }
                return Some(accepted);
            }
            match self.invitations.next().await? {
                Ok(event) => self.add(event.data.id),
                // Something was missed: the list has it.
                Err(_) => {
                    if let Err(error) = self.list().await {
                        return Some(Err(error));
                    }
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

    /// One that came while they were listed is in the list as well.
    fn add(&mut self, group: GroupId) {
        if !self.pending.contains(&group) {
            self.pending.push_back(group);
        }
    }
}

/// No bot has more invitations waiting; a list beyond is not cut but fails.
pub(crate) const PENDING: usize = 10_000;
