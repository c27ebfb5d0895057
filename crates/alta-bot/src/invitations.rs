//! The invitations of a bot, from events and from lists, each until it is accepted or refused.
//! [`AcceptedInvites`](crate::AcceptedInvites) and managed bots read them.

use crate::acceptance::Acceptance;
use crate::bot::Bot;
use crate::clock::{after, sleep_until};
use crate::error::{Error, ErrorKind};
use crate::list_limits::PENDING;
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
    /// When they are listed again, because one could not be accepted or may be a new one.
    list_at: Option<Instant>,
    /// True if events of invitations were missed since the last list began.
    missed: bool,
    /// The invitations that were returned.
    seen: BTreeMap<GroupId, Seen>,
    /// The invitations that could not be accepted, until they are tried again.
    failed: BTreeMap<GroupId, Pending>,
}

/// An invitation that was returned.
struct Seen {
    /// Alive while the invitation is being accepted; `None` if the rules did not accept it.
    acceptance: Option<Weak<()>>,
    /// True if its event arrived after the running list began, so that the list need not contain it.
    is_newer_than_list: bool,
    /// True if it was being accepted when the running list began, after events were missed. If the list contains it, it is this
    /// invitation or the next one of the group.
    is_unclear_in_list: bool,
}

impl Seen {
    fn is_under_way(&self) -> bool {
        let acceptance = self.acceptance.as_ref();
        acceptance.is_some_and(|acceptance| acceptance.strong_count() > 0)
    }
}

/// An invitation, and the state of its acceptance.
pub(crate) struct Pending {
    pub(crate) invite: InvitedGroup,
    pub(crate) acceptance: Acceptance,
}

/// An input of [`Invitations::take`].
pub(crate) enum Input {
    Invite(Box<InvitedGroup>),
    /// Events were missed or could not be decoded.
    Missed,
    List(Vec<InvitedGroup>),
    /// The bot is closed.
    Closed,
}

impl Invitations {
    /// Subscribes. The caller lists the pending invitations after that, so that none is missed in between.
    pub(crate) async fn begin(bot: &Bot, retry: BackoffPolicy) -> Result<Self, Error> {
        let doing = "following the bot's invitations";
        let me = bot.own_id(doing)?;
        let events = bot.socket()?.subscribe(MeGroupInviteCreate(me)).await;
        let events =
            events.map_err(|error| Error::new(ErrorKind::Socket, doing).caused_by(error))?;
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

    /// Lists the pending invitations once.
    pub(crate) async fn list_once(&self) -> Result<Input, Error> {
        let invites = self.rest.invites().list().collect(PENDING).await;
        let invites = invites.map_err(|error| {
            Error::new(ErrorKind::Rest, "listing the bot's invitations").caused_by(error)
        })?;
        Ok(Input::List(invites.into_vec()))
    }

    /// Lists the pending invitations in the background, and tries again until that succeeds.
    pub(crate) fn list(&mut self) {
        self.list_at = None;
        if !self.lists.is_empty() {
            self.list_again = true;
            return;
        }
        let missed = std::mem::take(&mut self.missed);
        self.seen.retain(|_, seen| {
            seen.is_newer_than_list = false;
            seen.is_unclear_in_list = missed && seen.is_under_way();
            // A group whose acceptance has ended may have invited again: then this list contains the new invitation.
            !missed || seen.acceptance.is_none() || seen.is_unclear_in_list
        });
        let rest = self.rest.clone();
        // Each bot has its own seed, so they do not try again together.
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
    pub(crate) async fn next(&mut self) -> Input {
        loop {
            let list_at = self.list_at;
            tokio::select! {
                event = self.events.next() => return match event {
                    Some(Ok(event)) => Input::Invite(Box::new(event.data)),
                    Some(Err(_)) => Input::Missed,
                    None => Input::Closed,
                },
                Some(Ok(list)) = self.lists.join_next() => return Input::List(list),
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

    /// Returns the new invitations, and whether each is accepted by the rules. An invitation that the rules did not accept before
    /// is returned again if they accept it now. One whose acceptance has ended is returned again if it is in a list that began
    /// later, after events were missed.
    pub(crate) fn take(
        &mut self,
        input: Input,
        mut accepts: impl FnMut(&InvitedGroup) -> bool,
    ) -> Vec<(Pending, bool)> {
        let invites: Vec<_> = match input {
            Input::Invite(invite) => {
                self.seen.remove(&invite.id);
                vec![*invite]
            }
            Input::Missed => {
                self.missed = true;
                self.list();
                Vec::new()
            }
            Input::List(list) => self.listed(list),
            Input::Closed => Vec::new(),
        };
        let mut new = Vec::new();
        for invite in invites {
            let is_accepted = accepts(&invite);
            let group = invite.id;
            match self.seen.get_mut(&group) {
                Some(seen) if !is_accepted => seen.acceptance = None,
                Some(seen) if seen.acceptance.is_some() => {}
                _ => {
                    let pending = self.pending(invite);
                    let seen = Seen {
                        acceptance: is_accepted.then(|| pending.acceptance.under_way()),
                        is_newer_than_list: !self.lists.is_empty(),
                        is_unclear_in_list: false,
                    };
                    self.seen.insert(group, seen);
                    new.push((pending, is_accepted));
                }
            }
        }
        // After the loop: `list` forgets acceptances that have ended, and this list may have begun before their end.
        if self.lists.is_empty() && std::mem::take(&mut self.list_again) {
            self.list();
        }
        new
    }

    fn listed(&mut self, mut list: Vec<InvitedGroup>) -> Vec<InvitedGroup> {
        let is_listed = |group| list.iter().any(|invite| invite.id == group);
        self.seen
            .retain(|group, seen| is_listed(*group) || seen.is_newer_than_list);
        if self.seen.values().any(|seen| seen.is_unclear_in_list) {
            // A list that begins after the end of the acceptance contains only a new invitation.
            self.missed = true;
            self.list_at.get_or_insert_with(|| after(self.retry.cap));
        }
        self.failed
            .retain(|group, failed| is_listed(*group) || failed.acceptance.is_unclear());
        // The list does not contain an invitation whose request has taken effect.
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
    use crate::open_consoles::OpenConsoles;
    use alta_auth::StaticToken;
    use alta_http::HttpClient;
    use alta_rest::Identities;
    use bytes::Bytes;
    use http::{Request, Response};
    use std::convert::Infallible;
    use std::sync::Arc;

    /// The invitations of a bot whose requests get no reply.
    fn without_replies() -> Invitations {
        let http = HttpClient::without_layers(tower::service_fn(|_: Request<Bytes>| {
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
        let socket = alta_ws::Client::open_with(alta_auth::BotTokens::new(tokens), config).unwrap();
        let me = UserId::new(7);
        let events = socket.subscribe(MeGroupInviteCreate(me)).start();
        let consoles = OpenConsoles::new(att_console::Config::default(), None);
        let bot = Bot::new(rest, Some(socket), None, Some(me), consoles);
        Invitations::new(&bot, me, BackoffPolicy::default(), events)
    }

    #[tokio::test]
    async fn a_list_that_is_due_while_another_runs_follows_it_once() {
        let mut invites = without_replies();
        invites.list();
        invites.list_at = Some(Instant::now());
        invites.list();
        assert!(invites.list_again);
        assert_eq!(invites.list_at, None);
    }

    fn group() -> InvitedGroup {
        serde_json::from_str(r#"{"id": 5, "name": "Hollowmere"}"#).unwrap()
    }

    fn event() -> Input {
        Input::Invite(Box::new(group()))
    }

    /// The running list ends with these invitations.
    async fn listed(
        invites: &mut Invitations,
        list: Vec<InvitedGroup>,
        accepts: bool,
    ) -> Vec<(Pending, bool)> {
        assert!(!invites.lists.is_empty(), "no list runs");
        invites.lists.shutdown().await;
        invites.take(Input::List(list), |_| accepts)
    }

    #[tokio::test]
    async fn an_accepted_invitation_is_new_in_a_list_that_began_after_the_gap_and_in_no_older_one()
    {
        let mut invites = without_replies();
        assert_eq!(invites.take(event(), |_| true).len(), 1);
        invites.list();
        assert_eq!(invites.take(Input::Missed, |_| true).len(), 0);
        assert_eq!(listed(&mut invites, vec![group()], true).await.len(), 0);
        assert_eq!(listed(&mut invites, vec![group()], true).await.len(), 1);
    }

    #[tokio::test]
    async fn an_invitation_that_replaces_one_being_accepted_during_a_gap_is_found_by_another_list()
    {
        let mut invites = without_replies();
        let first = invites.take(event(), |_| true);
        assert_eq!(first.len(), 1);
        assert_eq!(invites.take(Input::Missed, |_| true).len(), 0);
        assert_eq!(listed(&mut invites, vec![group()], true).await.len(), 0);
        assert!(invites.list_at.is_some(), "it may be the same invitation");
        invites.list();
        drop(first);
        assert_eq!(listed(&mut invites, vec![group()], true).await.len(), 0);
        assert!(invites.list_at.is_some(), "the acceptance ended too late");
        invites.list();
        assert_eq!(listed(&mut invites, vec![group()], true).await.len(), 1);
        assert_eq!(invites.list_at, None);
    }

    #[tokio::test]
    async fn an_event_that_arrives_while_a_list_runs_overrides_the_list() {
        let mut invites = without_replies();
        invites.list();
        assert_eq!(invites.take(event(), |_| false).len(), 1);
        assert_eq!(listed(&mut invites, Vec::new(), false).await.len(), 0);
        invites.list();
        let again = listed(&mut invites, vec![group()], false).await;
        assert_eq!(again.len(), 0, "the invitation is the same");
        invites.list();
        assert_eq!(listed(&mut invites, Vec::new(), false).await.len(), 0);
        invites.list();
        let new = listed(&mut invites, vec![group()], false).await;
        assert_eq!(new.len(), 1, "it was taken back and sent again");
    }
}
