//! The lists that can be followed, each with the requests that change it.

use super::follow::Source;
use super::handle::FollowedList;
use super::machine::Effect;
use crate::acceptance::{Acceptance, Accepted, has_no_effect};
use crate::bot::Bot;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::list_limits::{LONGEST_LIST, PENDING};
use alta_model::{GroupId, InvitedGroup, Member, UserId};
use alta_rest::Client;
use alta_socket::BackoffPolicy;
use alta_ws::{
    GroupBanCreate, GroupBanDelete, GroupInviteCreate, GroupInviteDelete, GroupRequestCreate,
    GroupRequestDelete, MeGroupInviteCreate, MeGroupInviteDelete,
};
use std::ops::Deref;
use std::sync::Arc;

/// The bans of a group. Made by [`Bot::bans`].
///
/// ```no_run
/// # async fn run(bot: alta_bot::Bot, group: alta_bot::GroupId) -> Result<(), alta_bot::Error> {
/// use alta_bot::ListChangeKind;
///
/// let bans = bot.bans(group).await?;
/// let mut changes = bans.changes();
/// while let Some(change) = changes.next_change().await {
///     let name = &change.entry.username;
///     match change.kind {
///         ListChangeKind::Found => println!("{name} is banned"),
///         ListChangeKind::Added if change.is_own => println!("this bot has banned {name}"),
///         ListChangeKind::Added => println!("somebody has banned {name}"),
///         ListChangeKind::Removed => println!("{name} is no longer banned"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Bans {
    list: FollowedList<Member>,
    group: GroupId,
    rest: Client,
}

/// The invitations of the bot to groups. Made by [`Bot::invitations`].
///
/// [`Bot::accept_invites`] accepts all of them, and a managed bot accepts them by [rules](crate::Invites).
#[derive(Clone, Debug)]
pub struct Invitations {
    list: FollowedList<InvitedGroup>,
    me: UserId,
    rest: Client,
}

/// The invitations of other accounts to a group of the bot. Made by [`Bot::sent_invitations`].
#[derive(Clone, Debug)]
pub struct SentInvitations {
    list: FollowedList<Member>,
    group: GroupId,
    rest: Client,
}

/// The requests to join a group of the bot. Made by [`Bot::join_requests`].
#[derive(Clone, Debug)]
pub struct JoinRequests {
    list: FollowedList<Member>,
    group: GroupId,
    rest: Client,
}

impl Bot {
    /// Follows the bans of a group. When this returns, the list was read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoAccount`] without a bot's credentials, [`ErrorKind::Socket`] if a subscription is refused,
    /// [`ErrorKind::Rest`] if the list cannot be read.
    pub async fn bans(&self, group: GroupId) -> Result<Bans, Error> {
        let rest = self.rest().as_bot();
        let source = Source {
            added: GroupBanCreate(group).into(),
            removed: GroupBanDelete(group).into(),
            limit: LONGEST_LIST,
            rest: rest.clone(),
            pages: Arc::new(move |rest| rest.bans().list(group)),
        };
        let list = FollowedList::begin(self, source).await?;
        Ok(Bans { list, group, rest })
    }

    /// Follows the invitations of the bot. When this returns, the list was read.
    ///
    /// # Errors
    ///
    /// As [`bans`](Self::bans), and [`ErrorKind::Config`] if the bot's user id is unknown.
    pub async fn invitations(&self) -> Result<Invitations, Error> {
        let me = self.own_id("following the bot's invitations")?;
        let rest = self.rest().as_bot();
        let source = Source {
            added: MeGroupInviteCreate(me).into(),
            removed: MeGroupInviteDelete(me).into(),
            limit: PENDING,
            rest: rest.clone(),
            pages: Arc::new(|rest| rest.invites().list()),
        };
        let list = FollowedList::begin(self, source).await?;
        Ok(Invitations { list, me, rest })
    }

    /// Follows the invitations of other accounts to a group. When this returns, the list was read.
    ///
    /// # Errors
    ///
    /// As [`bans`](Self::bans).
    pub async fn sent_invitations(&self, group: GroupId) -> Result<SentInvitations, Error> {
        let rest = self.rest().as_bot();
        let source = Source {
            added: GroupInviteCreate(group).into(),
            removed: GroupInviteDelete(group).into(),
            limit: LONGEST_LIST,
            rest: rest.clone(),
            pages: Arc::new(move |rest| rest.invites().of_group(group)),
        };
        let list = FollowedList::begin(self, source).await?;
        Ok(SentInvitations { list, group, rest })
    }

    /// Follows the requests to join a group. When this returns, the list was read.
    ///
    /// # Errors
    ///
    /// As [`bans`](Self::bans).
    pub async fn join_requests(&self, group: GroupId) -> Result<JoinRequests, Error> {
        let rest = self.rest().as_bot();
        let source = Source {
            added: GroupRequestCreate(group).into(),
            removed: GroupRequestDelete(group).into(),
            limit: LONGEST_LIST,
            rest: rest.clone(),
            pages: Arc::new(move |rest| rest.join_requests().of_group(group)),
        };
        let list = FollowedList::begin(self, source).await?;
        Ok(JoinRequests { list, group, rest })
    }
}

impl Bans {
    /// Bans an account from the group. The list contains it when the event has arrived, at the latest some seconds later.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// The request may have taken effect. The list is read again.
    pub async fn ban(&self, user: UserId) -> Result<Member, Error> {
        let request = self.rest.bans().ban(self.group, user);
        let doing = format!("banning user {user} from group {}", self.group);
        change(&self.list, (user, true), request, doing).await
    }

    /// Lifts a ban. The list contains it until the event has arrived.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// As [`ban`](Self::ban).
    pub async fn unban(&self, user: UserId) -> Result<Member, Error> {
        let request = self.rest.bans().unban(self.group, user);
        let doing = format!("lifting the ban of user {user} from group {}", self.group);
        change(&self.list, (user, false), request, doing).await
    }
}

impl Invitations {
    /// Accepts an invitation, and returns the bot's membership. If the effect of a request is unclear, the membership is read before
    /// the request is sent again, at most five times. The membership is also returned if another program has accepted the
    /// invitation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`] if the service refuses it, or if all attempts failed.
    ///
    /// # Cancel safety
    ///
    /// The request may have taken effect. The list is read again.
    pub async fn accept(&self, group: GroupId) -> Result<Member, Error> {
        let own = self.list.own_change(group, false);
        let mut acceptance = Acceptance::new(group, self.me, BackoffPolicy::default());
        match acceptance.finish(&self.rest).await {
            Ok(Accepted::ByUs(member)) => {
                own.end(Effect::Certain);
                Ok(*member)
            }
            Ok(Accepted::ByOthers(member)) => {
                own.end(Effect::None);
                Ok(*member)
            }
            Err(error) => {
                own.end(effect_of(&error));
                let doing = format!("accepting the invitation to group {group}");
                Err(Error::of_rest(error, doing))
            }
        }
    }

    /// Rejects an invitation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// As [`accept`](Self::accept).
    pub async fn reject(&self, group: GroupId) -> Result<Member, Error> {
        let request = self.rest.invites().reject(group);
        let doing = format!("rejecting the invitation to group {group}");
        change(&self.list, (group, false), request, doing).await
    }
}

impl SentInvitations {
    /// Invites an account to the group.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// The request may have taken effect. The list is read again.
    pub async fn invite(&self, user: UserId) -> Result<Member, Error> {
        let request = self.rest.invites().send(self.group, user);
        let doing = format!("inviting user {user} to group {}", self.group);
        change(&self.list, (user, true), request, doing).await
    }

    /// Revokes an invitation.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// As [`invite`](Self::invite).
    pub async fn revoke(&self, user: UserId) -> Result<Member, Error> {
        let request = self.rest.invites().revoke(self.group, user);
        let doing = format!(
            "revoking the invitation of user {user} to group {}",
            self.group
        );
        change(&self.list, (user, false), request, doing).await
    }
}

impl JoinRequests {
    /// Accepts a request: the account becomes a member.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// The request may have taken effect. The list is read again.
    pub async fn accept(&self, user: UserId) -> Result<Member, Error> {
        let request = self.rest.join_requests().accept(self.group, user);
        let doing = format!(
            "accepting the request of user {user} to join group {}",
            self.group
        );
        change(&self.list, (user, false), request, doing).await
    }

    /// Rejects a request.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rest`].
    ///
    /// # Cancel safety
    ///
    /// As [`accept`](Self::accept).
    pub async fn reject(&self, user: UserId) -> Result<Member, Error> {
        let request = self.rest.join_requests().reject(self.group, user);
        let doing = format!(
            "rejecting the request of user {user} to join group {}",
            self.group
        );
        change(&self.list, (user, false), request, doing).await
    }
}

/// Sends a request that adds an entry (`true`) or removes it.
async fn change<T: super::ListEntry>(
    list: &FollowedList<T>,
    (id, adds): (T::Key, bool),
    request: impl Future<Output = Result<Member, alta_rest::Error>>,
    doing: String,
) -> Result<Member, Error> {
    let own = list.own_change(id, adds);
    let result = request.await;
    own.end(result.as_ref().map_or_else(effect_of, |_| Effect::Certain));
    result.map_err(|error| Error::of_rest(error, doing))
}

fn effect_of(error: &alta_rest::Error) -> Effect {
    if has_no_effect(error) {
        Effect::None
    } else {
        Effect::Unclear
    }
}

macro_rules! is_a_list {
    ($($kind:ident of $entry:ident;)*) => {$(
        impl Deref for $kind {
            type Target = FollowedList<$entry>;

            fn deref(&self) -> &Self::Target {
                &self.list
            }
        }
    )*};
}

is_a_list! {
    Bans of Member;
    Invitations of InvitedGroup;
    SentInvitations of Member;
    JoinRequests of Member;
}
