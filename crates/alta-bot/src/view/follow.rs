//! The task that keeps a view: a thin shell around the model.

use super::ViewConfig;
use super::exchange::{Found, GroupEvent, Output, Ticket};
use super::fetch;
use super::handle::Shared;
use super::model::Model;
use crate::bot::Bot;
use crate::error::{Error, ErrorKind};
use crate::panics::caught;
use crate::time::{after, now, sleep_until};
use alta_model::{GroupId, JoinedGroup, Server, Timestamp, UserId};
use alta_socket::Shutdown;
use alta_ws::{
    Event, GroupMemberCreate, GroupMemberDelete, GroupMemberUpdate, GroupServerCreate,
    GroupServerDelete, GroupServerHeartbeat, GroupServerStatus, GroupServerUpdate, GroupUpdate,
    LeftGroup, MeGroupCreate, MeGroupDelete, Missed, Statuses, Subscription, Topic, Totals,
};
use futures_core::Stream;
use futures_util::future::join_all;
use futures_util::stream::{SelectAll, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, warn};

pub(super) struct Follower {
    rest: alta_rest::Client,
    socket: alta_ws::Client,
    me: UserId,
    config: ViewConfig,
    shared: Arc<Shared>,
    model: Model,
    mine: Subscription<Value>,
    statuses: Statuses,
    seen: Totals,
    groups: SelectAll<GroupEvents>,
    followed: HashMap<GroupId, Followed>,
    /// Those whose events are being confirmed, and whether all of them were. The main websocket sees to it that not too
    /// many are asked for at once.
    confirming: JoinSet<(GroupId, bool)>,
    waiting: VecDeque<Job>,
    jobs: JoinSet<Done>,
}

struct Followed {
    /// Dropping it ends the group's stream.
    _stop: oneshot::Sender<()>,
    confirming: AbortHandle,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.confirming.abort();
    }
}

#[derive(Clone, Copy)]
enum Job {
    Read(GroupId, Ticket),
    List(Ticket),
}

enum Done {
    Read(GroupId, Ticket, Option<Box<Found>>),
    Listed(Ticket, Option<Vec<JoinedGroup>>),
}

impl Follower {
    /// Subscribes, then lists: what happens in between is not missed.
    pub(super) async fn begin(
        bot: &Bot,
        config: ViewConfig,
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let doing = "following the bot's groups";
        let me = bot.own_id(doing)?;
        let socket = bot.socket()?.clone();
        let topics: Vec<Topic> = vec![MeGroupCreate(me).into(), MeGroupDelete(me).into()];
        let mine = socket.subscribe(topics).await;
        let mine = mine.map_err(|error| Error::new(ErrorKind::Socket, doing).because(error))?;
        let statuses = socket.statuses();
        let seen = statuses.current().totals;
        let rest = bot.rest().as_bot();
        let list = fetch::list(&rest).await;
        let list = list.map_err(|error| Error::new(ErrorKind::Rest, doing).because(error))?;

        let mut follower = Self {
            rest,
            socket,
            me,
            config,
            shared,
            model: Model::new(me, config),
            mine,
            statuses,
            seen,
            groups: SelectAll::new(),
            followed: HashMap::new(),
            confirming: JoinSet::new(),
            waiting: VecDeque::new(),
            jobs: JoinSet::new(),
        };
        for joined in list {
            follower.model.joined(joined);
        }
        follower.shared.read_now();
        follower.perform();
        Ok(follower)
    }

    pub(super) async fn run(mut self, shutdown: Shutdown) {
        let _end = End(Arc::clone(&self.shared));
        // A tenth of the time-out is as exact as it needs to be.
        let pause = self.config.heartbeat_timeout / 10;
        let pause = pause.clamp(Duration::from_millis(10), Duration::from_secs(5));
        let mut tick = interval(pause);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let refresh = self.config.refresh.max(pause);
        let mut refresh_at = after(refresh);
        loop {
            let retry = self.model.deadline();
            tokio::select! {
                () = shutdown.requested() => break,
                event = self.mine.next() => match event {
                    Some(event) => self.mine(event),
                    None => break,
                },
                Some((group, event)) = self.groups.next() => self.group(group, event),
                Some(done) = self.confirming.join_next_with_id() => self.confirmed(&done),
                // Jobs catch their panics, so that each has an end.
                Some(Ok(done)) = self.jobs.join_next() => self.done(done),
                Some(status) = self.statuses.next() => self.status(&status),
                _ = tick.tick() => self.model.tick(now()),
                () = sleep_until(retry) => self.model.tick(now()),
                () = sleep_until(Some(refresh_at)) => {
                    self.model.read_everything();
                    refresh_at = after(refresh);
                }
            }
            self.perform();
        }
        self.confirming.shutdown().await;
        self.jobs.shutdown().await;
    }

    /// Does what the model wants.
    fn perform(&mut self) {
        for output in self.model.take_outputs() {
            match output {
                Output::Changed(group, view, changes) => self.shared.show(group, view, &changes),
                Output::Follow(group) => {
                    let (stop, stopped) = oneshot::channel();
                    let events = self.socket.subscribe(self.topics(group)).start();
                    self.groups.push(GroupEvents {
                        group,
                        events,
                        stopped,
                    });
                    let confirming = self.confirm(group, self.config.patience);
                    let followed = Followed {
                        _stop: stop,
                        confirming,
                    };
                    self.followed.insert(group, followed);
                }
                Output::Leave(group) => {
                    self.followed.remove(&group);
                    self.waiting.retain(|job| job.group() != Some(group));
                }
                Output::Read(group, ticket) => self.waiting.push_back(Job::Read(group, ticket)),
                // Before the readings of single groups, since it says which there are.
                Output::List(ticket) => self.waiting.push_front(Job::List(ticket)),
            }
        }
        while self.jobs.len() < self.config.readings.max(1) {
            let Some(job) = self.waiting.pop_front() else {
                break;
            };
            self.start(job);
        }
    }

    /// Waits until the group's events are confirmed, for so long.
    fn confirm(&mut self, group: GroupId, patience: Duration) -> AbortHandle {
        let topics = self.topics(group).into_iter();
        let confirmations = topics.map(|topic| {
            let confirmation = self.socket.subscribe(topic);
            async move {
                // One that the service doesn't have is not worth giving the group up for.
                if let Err(error) = confirmation.await {
                    debug!(%group, ?error, "a group's events are not complete");
                }
            }
        });
        let all = join_all(confirmations.collect::<Vec<_>>());
        self.confirming.spawn(async move {
            let confirmed = tokio::time::timeout(patience, all).await.is_ok();
            (group, confirmed)
        })
    }

    fn confirmed(&mut self, confirmed: &Result<(Id, (GroupId, bool)), JoinError>) {
        // It has failed only if the group was left meanwhile.
        let Ok((id, (group, completely))) = *confirmed else {
            return;
        };
        // Perhaps it was joined again since.
        let is_present = |followed: &Followed| followed.confirming.id() == id;
        if !self.followed.get(&group).is_some_and(is_present) {
            return;
        }
        if !completely {
            warn!(%group, "some of a group's events are not confirmed yet");
            // It is read now, and again when the last is.
            let confirming = self.confirm(group, Duration::MAX);
            if let Some(followed) = self.followed.get_mut(&group) {
                followed.confirming = confirming;
            }
        }
        self.model.subscribed(group);
    }

    fn start(&mut self, job: Job) {
        let rest = self.rest.clone();
        match job {
            Job::Read(group, ticket) => {
                let (me, members) = (self.me, self.config.members);
                self.jobs.spawn(async move {
                    let reading = fetch::group(&rest, group, me, members);
                    let found = match caught(reading).await {
                        Ok(found) => found
                            .inspect_err(|error| warn!(%group, ?error, "a group could not be read"))
                            .ok(),
                        Err(panic) => {
                            warn!(%group, panic, "reading a group panicked");
                            None
                        }
                    };
                    Done::Read(group, ticket, found.map(Box::new))
                });
            }
            Job::List(ticket) => {
                self.jobs.spawn(async move {
                    let list = match caught(fetch::list(&rest)).await {
                        Ok(list) => list
                            .inspect_err(|error| warn!(?error, "the groups could not be listed"))
                            .ok(),
                        Err(panic) => {
                            warn!(panic, "listing the groups panicked");
                            None
                        }
                    };
                    Done::Listed(ticket, list)
                });
            }
        }
    }

    fn topics(&self, group: GroupId) -> Vec<Topic> {
        let mut topics: Vec<Topic> = vec![
            GroupUpdate(group).into(),
            GroupMemberUpdate(group).into(),
            GroupServerCreate(group).into(),
            GroupServerDelete(group).into(),
            GroupServerUpdate(group).into(),
            GroupServerStatus(group).into(),
            GroupServerHeartbeat(group).into(),
        ];
        if self.config.members {
            topics.push(GroupMemberCreate(group).into());
            topics.push(GroupMemberDelete(group).into());
        }
        topics
    }

    /// What happened to the bot itself.
    fn mine(&mut self, event: Result<Event<Value>, Missed>) {
        let Ok(event) = event else {
            self.model.read_list();
            return;
        };
        let name = event.topic.event();
        if name == MeGroupCreate::EVENT {
            match read::<JoinedGroup>(name, event.data) {
                Some(joined) => self.model.joined(joined),
                None => self.model.read_list(),
            }
        } else {
            match read::<LeftGroup>(name, event.data) {
                Some(left) => self.model.left(left.group.id),
                None => self.model.read_list(),
            }
        }
    }

    /// What happened in a group.
    fn group(&mut self, group: GroupId, event: Result<Event<Value>, Missed>) {
        let event = match event {
            Ok(event) => understood(event.topic.event(), event.data),
            Err(_) => GroupEvent::Missed,
        };
        self.model.event(group, event, now(), Timestamp::now());
    }

    fn done(&mut self, done: Done) {
        match done {
            Done::Read(group, ticket, found) => {
                self.shared.read_now();
                let found = found.map(|found| *found);
                self.model
                    .found(group, found, ticket, now(), Timestamp::now());
            }
            Done::Listed(ticket, list) => self.model.listed(list, ticket, now()),
        }
    }

    /// Whether events arrive, and whether the socket was changed under the subscriptions.
    fn status(&mut self, status: &alta_ws::Status) {
        self.model.set_connected(status.state.is_connected());
        let totals = status.totals;
        if totals.migrations != self.seen.migrations
            || totals.failed_migrations != self.seen.failed_migrations
        {
            self.model.read_everything();
        }
        self.seen = totals;
    }
}

/// However the task ends, nobody waits for changes any more.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Job {
    fn group(&self) -> Option<GroupId> {
        match self {
            Self::Read(group, _) => Some(*group),
            Self::List(_) => None,
        }
    }
}

fn read<T: DeserializeOwned>(name: &str, data: Value) -> Option<T> {
    let data = serde_json::from_value(data);
    data.inspect_err(|error| warn!(event = name, %error, "an event could not be read"))
        .ok()
}

fn understood(name: &str, data: Value) -> GroupEvent {
    let event = match name {
        GroupUpdate::EVENT => read(name, data).map(GroupEvent::Updated),
        GroupMemberCreate::EVENT | GroupMemberUpdate::EVENT => {
            read(name, data).map(GroupEvent::Member)
        }
        GroupMemberDelete::EVENT => read(name, data).map(GroupEvent::MemberGone),
        GroupServerCreate::EVENT => read(name, data).map(GroupEvent::ServerMade),
        GroupServerDelete::EVENT => {
            read::<Server>(name, data).map(|server| GroupEvent::ServerGone(server.id))
        }
        GroupServerUpdate::EVENT => read(name, data).map(GroupEvent::ServerUpdated),
        GroupServerStatus::EVENT => {
            read(name, data).map(|server: Server| GroupEvent::Status(server.from_event()))
        }
        GroupServerHeartbeat::EVENT => {
            read(name, data).map(|server: Server| GroupEvent::Heartbeat(server.from_event()))
        }
        _ => None,
    };
    event.unwrap_or(GroupEvent::Missed)
}

/// The events of one group until it is left.
struct GroupEvents {
    group: GroupId,
    events: Subscription<Value>,
    stopped: oneshot::Receiver<()>,
}

impl Stream for GroupEvents {
    type Item = (GroupId, Result<Event<Value>, Missed>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if Pin::new(&mut self.stopped).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let group = self.group;
        let event = std::task::ready!(Pin::new(&mut self.events).poll_next(cx));
        Poll::Ready(event.map(|event| (group, event)))
    }
}
