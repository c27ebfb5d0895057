//! The invitations of a bot: those that wait and those that come, each until it is accepted or refused. Both ways to use them,
//! [`AcceptedInvites`](crate::AcceptedInvites) and managed bots, read this.

use crate::acceptance::Acceptance;
use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::lists::PENDING;
use crate::time::{after, sleep_until};
use alta_model::{GroupId, InvitedGroup, UserId};
use alta_socket::{Backoff, BackoffPolicy};
use alta_ws::{MeGroupInviteCreate, Subscription};
use att_kit::catch_panic;
use std::collections::BTreeMap;
use std::sync::Weak;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;

pub(crate) struct Invitations {
    rest: alta_rest::Client,
    me: UserId,
    retry: BackoffPolicy,
    events: Subscription<InvitedGroup>,
    lists: JoinSet<Vec<InvitedGroup>>,
    list_again: bool,
    /// When they are listed again, because one could not be accepted.
    list_at: Option<Instant>,
    /// Whether invitations were missed since the last list began.
    missed: bool,
    /// The invitations that were returned, each with its acceptance if it was to be accepted.
    seen: BTreeMap<GroupId, Option<Weak<()>>>,
    /// Those that could not be accepted, until they are tried again.
    failed: BTreeMap<GroupId, Pending>,
}

/// An invitation, and the state of its acceptance.
pub(crate) struct Pending {
    pub(crate) invite: InvitedGroup,
    pub(crate) acceptance: Acceptance,
}

/// An input of [`Invitations::take`].
pub(crate) enum Mail {
    Invite(Box<InvitedGroup>),
    /// Some were missed or not understood.
    Missed,
    List(Vec<InvitedGroup>),
    /// The bot is closed.
    End,
}

impl Invitations {
    /// Subscribes. The caller lists the waiting invitations after that, so none in between is missed.
    pub(crate) async fn begin(bot: &Bot, retry: BackoffPolicy) -> Result<Self, Error> {
        let doing = "following the bot's invitations";
        let me = bot.own_id(doing)?;
        let events = bot.socket()?.subscribe(MeGroupInviteCreate(me)).await;
        let events = events.map_err(|error| Error::new(ErrorKind::Socket, doing).because(error))?;
        Ok(Self::new(bot, me, retry, events))
    }

    fn new(
        bot: &Bot,
        me: UserId,
        retry: BackoffPolicy,
        events: Subscription<InvitedGroup>,
    ) -> Self {
        Self {
            rest: bot.rest().as_bot(),
            me,
            retry,
            events,
            lists: JoinSet::new(),
            list_again: false,
            list_at: None,
            missed: false,
            seen: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Lists the waiting invitations once.
    pub(crate) async fn list_once(&self) -> Result<Mail, Error> {
        let invites = self.rest.invites().list().collect(PENDING).await;
        let invites = invites.map_err(|error| {
            Error::new(ErrorKind::Rest, "listing the bot's invitations").because(error)
        })?;
        Ok(Mail::List(invites.into_vec()))
    }

    /// Lists the waiting invitations in the background, until that succeeds.
    pub(crate) fn list(&mut self) {
        self.list_at = None;
        if !self.lists.is_empty() {
            self.list_again = true;
            return;
        }
        if std::mem::take(&mut self.missed) {
            // A group whose acceptance has ended may have invited again. A list that began before the end says nothing of that.
            let is_under_way = |acceptance: &Weak<()>| acceptance.strong_count() > 0;
            self.seen
                .retain(|_, acceptance| acceptance.as_ref().is_none_or(is_under_way));
        }
        let rest = self.rest.clone();
        // Other bots do the same at the same time: each has its own seed.
        let mut backoff = Backoff::new(self.retry, self.me.get().unsigned_abs());
        self.lists.spawn(async move {
            loop {
                match catch_panic(rest.invites().list().collect(PENDING)).await {
                    Ok(Ok(list)) => return list.into_vec(),
                    Ok(Err(error)) => warn!(?error, "the invitations could not be listed"),
                    Err(panic) => warn!(panic, "listing the invitations panicked"),
                }
                tokio::time::sleep(backoff.next_delay()).await;
            }
        });
    }

    /// Ends its tasks, and waits until they have ended.
    pub(crate) async fn close(mut self) {
        self.lists.shutdown().await;
    }

    /// The next input of [`take`](Self::take). Cancel safe.
    pub(crate) async fn next(&mut self) -> Mail {
        loop {
            let list_at = self.list_at;
            tokio::select! {
                event = self.events.next() => return match event {
                    Some(Ok(event)) => Mail::Invite(Box::new(event.data)),
                    Some(Err(_)) => Mail::Missed,
                    None => Mail::End,
                },
                Some(Ok(list)) = self.lists.join_next() => return Mail::List(list),
                () = sleep_until(list_at) => self.list(),
            }
        }
    }

    /// An invitation could not be accepted: it is returned again after the longest pause of the backoff.
    pub(crate) fn failed(&mut self, pending: Pending) {
        let group = pending.acceptance.group();
        self.seen.remove(&group);
        self.failed.insert(group, pending);
        self.list_at = Some(after(self.retry.cap));
    }

    /// The new invitations, and whether each is to be accepted. One that was not to be accepted is returned again if it would
    /// be now; one whose acceptance has ended, if it is still listed after invitations were missed.
    pub(crate) fn take(
        &mut self,
        mail: Mail,
        mut accepts: impl FnMut(&InvitedGroup) -> bool,
    ) -> Vec<(Pending, bool)> {
        let invites: Vec<_> = match mail {
            Mail::Invite(invite) => {
                self.seen.remove(&invite.id);
                vec![*invite]
            }
            Mail::Missed => {
                self.missed = true;
                self.list();
                Vec::new()
            }
            Mail::List(list) => self.listed(list),
            Mail::End => Vec::new(),
        };
        let mut new = Vec::new();
        for invite in invites {
            let is_accepted = accepts(&invite);
            let group = invite.id;
            let before = self.seen.get(&group);
            if before.is_none_or(|before| is_accepted && before.is_none()) {
                let pending = self.pending(invite);
                let under_way = is_accepted.then(|| pending.acceptance.under_way());
                self.seen.insert(group, under_way);
                new.push((pending, is_accepted));
            } else if !is_accepted {
                self.seen.insert(group, None);
            }
        }
        // Not before: this list may have begun before an acceptance ended, and the next one forgets those that have.
        if self.lists.is_empty() && std::mem::take(&mut self.list_again) {
            self.list();
        }
        new
    }

    fn listed(&mut self, mut list: Vec<InvitedGroup>) -> Vec<InvitedGroup> {
        let is_listed = |group| list.iter().any(|invite| invite.id == group);
        self.seen.retain(|group, _| is_listed(*group));
        self.failed
            .retain(|group, failed| is_listed(*group) || failed.acceptance.is_unclear());
        // One whose request may have taken effect is not listed any more.
        let unclear = self.failed.iter().filter(|(group, _)| !is_listed(**group));
        let unclear: Vec<_> = unclear.map(|(_, failed)| failed.invite.clone()).collect();
        list.extend(unclear);
        list
    }

    fn pending(&mut self, invite: InvitedGroup) -> Pending {
        let failed = self.failed.remove(&invite.id);
        let new = || Acceptance::new(invite.id, self.me, self.retry);
        let acceptance = failed.map_or_else(new, |failed| failed.acceptance);
        Pending { invite, acceptance }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consoles::Consoles;
    use alta_auth::StaticToken;
    use alta_http::HttpClient;
    use alta_rest::Identities;
    use bytes::Bytes;
    use http::{Request, Response};
    use std::convert::Infallible;
    use std::sync::Arc;

    /// Those of a bot that nobody ever replies to.
    fn unanswered() -> Invitations {
        let http = HttpClient::whole(tower::service_fn(|_: Request<Bytes>| {
            std::future::pending::<Result<Response<Bytes>, Infallible>>()
        }));
        let tokens = Arc::new(StaticToken::new("abc"));
        let url = "http://127.0.0.1:1/api".parse().unwrap();
        let rest = alta_rest::Client::new(
            http,
            url,
            Identities::bot(alta_auth::BotTokens::new(tokens.clone())),
        );
        let config = alta_ws::Config::default().url("ws://127.0.0.1:1/".parse().unwrap());
        let socket = alta_ws::Client::open_with(tokens, config).unwrap();
        let me = UserId::new(7);
        let events = socket.subscribe(MeGroupInviteCreate(me)).start();
        let consoles = Consoles::new(att_console::Config::default(), None);
        let bot = Bot::new(rest, Some(socket), None, Some(me), consoles);
        Invitations::new(&bot, me, BackoffPolicy::default(), events)
    }

    #[tokio::test]
    async fn a_list_that_is_due_while_one_is_under_way_follows_it_and_is_not_due_all_the_time() {
        let mut invites = unanswered();
        invites.list();
        invites.list_at = Some(Instant::now());
        invites.list();
        assert!(invites.list_again);
        assert_eq!(invites.list_at, None);
    }

    #[tokio::test]
    async fn an_accepted_invitation_is_new_in_a_list_that_began_after_the_gap_and_in_no_older_one()
    {
        let mut invites = unanswered();
        let group: InvitedGroup =
            serde_json::from_str(r#"{"id": 5, "name": "Hollowmere"}"#).unwrap();
        let new = |invites: &mut Invitations, mail| invites.take(mail, |_| true).len();
        assert_eq!(new(&mut invites, Mail::Invite(Box::new(group.clone()))), 1);
        invites.list();
        assert_eq!(new(&mut invites, Mail::Missed), 0);
        invites.lists.shutdown().await;
        assert_eq!(new(&mut invites, Mail::List(vec![group.clone()])), 0);
        assert!(!invites.lists.is_empty());
        invites.lists.shutdown().await;
        assert_eq!(new(&mut invites, Mail::List(vec![group])), 1);
    }
}
