//! The task that keeps a view: a thin shell around the model.

use super::ViewConfig;
use super::agenda::Part;
use super::consoles::Consoles;
use super::exchange::{ConsoleSays, Failed, Found, GroupEvent, Output, Ticket};
use super::fetch;
use super::model::Model;
use super::shared::Shared;
use crate::consoles::Consoles as OpenConsoles;
use crate::error::{Error, ErrorKind};
use crate::lists::LONGEST_LIST;
use crate::time::{after, now, sleep_until};
use alta_model::{GroupId, JoinedGroup, Redactor, Server, ServerId, Timestamp, UserId, escaped};
use alta_socket::Shutdown;
use alta_ws::{
    Event, GroupMemberCreate, GroupMemberDelete, GroupMemberUpdate, GroupMembership,
    GroupServerCreate, GroupServerDelete, GroupServerHeartbeat, GroupServerStatus,
    GroupServerUpdate, GroupUpdate, MeGroupCreate, MeGroupDelete, Missed, Statuses, Subscription,
    Topic, Totals,
};
use att_kit::catch_panic;
use futures_core::Stream;
use futures_util::future::join_all;
use futures_util::stream::{SelectAll, StreamExt as _};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{debug, info, warn};

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
    consoles: Consoles,
    readings: JoinSet<(Part, Ticket, Result<Found, Failed>)>,
    /// What could not be read the last time.
    failing: HashSet<Part>,
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

impl Follower {
    /// Subscribes, then lists: what happens in between is not missed.
    pub(super) async fn begin(
        (rest, socket): (alta_rest::Client, alta_ws::Client),
        me: UserId,
        consoles: &Arc<OpenConsoles>,
        config: ViewConfig,
        shared: Arc<Shared>,
    ) -> Result<Self, Error> {
        let doing = "following the bot's groups";
        let topics: Vec<Topic> = vec![MeGroupCreate(me).into(), MeGroupDelete(me).into()];
        let mine = socket.subscribe(topics).await;
        let mine = mine.map_err(|error| Error::new(ErrorKind::Socket, doing).because(error))?;
        let statuses = socket.statuses();
        let seen = statuses.current().totals;
        let list = rest.groups().joined().collect(LONGEST_LIST).await;
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
            consoles: Consoles::new(consoles),
            readings: JoinSet::new(),
            failing: HashSet::new(),
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
            let reading = self.model.deadline();
            tokio::select! {
                () = shutdown.requested() => break,
                event = self.mine.next() => match event {
                    Some(event) => self.mine(event),
                    None => break,
                },
                Some((group, is_whole, event)) = self.groups.next() => self.group(group, is_whole, event),
                Some(done) = self.confirming.join_next_with_id() => self.confirmed(&done),
                // Readings catch their panics, so that each has an end.
                Some(Ok((part, ticket, found))) = self.readings.join_next() => self.done(part, ticket, found),
                (server, says) = self.consoles.next() => self.console(server, says),
                Some(status) = self.statuses.next() => self.status(&status),
                _ = tick.tick() => self.tick(),
                () = sleep_until(reading) => self.model.begin(now()),
                () = sleep_until(Some(refresh_at)) => {
                    self.model.read_everything(now());
                    refresh_at = after(refresh);
                }
            }
            self.perform();
        }
        self.confirming.shutdown().await;
        self.readings.shutdown().await;
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
                    self.failing.retain(|part| part.group() != Some(group));
                }
                Output::Read(part, ticket) => self.read(part, ticket),
            }
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
        self.model.subscribed(group, now());
    }

    fn read(&mut self, part: Part, ticket: Ticket) {
        if let Part::Server(_, server) = part {
            // What it has delivered before says nothing against what is read from now on.
            self.consoles.has_delivered(server);
        }
        let (rest, me, members) = (self.rest.clone(), self.me, self.config.members);
        self.readings.spawn(async move {
            let found = catch_panic(fetch::part(&rest, part, me, members)).await;
            let found = found.unwrap_or_else(|panic| {
                Err(Failed {
                    because: format!("reading it panicked: {panic}"),
                    members: Vec::new(),
                })
            });
            (part, ticket, found)
        });
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
            self.model.read_list(now());
            return;
        };
        let name = event.topic.event();
        if name == MeGroupCreate::EVENT {
            match read::<JoinedGroup>(name, event.data, self.socket.redactor()) {
                Some(joined) => self.model.joined(joined),
                None => self.model.read_list(now()),
            }
        } else {
            match read::<GroupMembership>(name, event.data, self.socket.redactor()) {
                Some(left) => self.model.left(left.group.id),
                None => self.model.read_list(now()),
            }
        }
    }

    /// What happened in a group, and whether nothing of it may be missing.
    fn group(&mut self, group: GroupId, is_whole: bool, event: Result<Event<Value>, Missed>) {
        if !is_whole {
            self.model.interrupted(group);
        }
        let event = match event {
            Ok(event) => understood(event.topic.event(), event.data, self.socket.redactor()),
            Err(_) => GroupEvent::Missed,
        };
        self.model.event(group, event, now(), Timestamp::now());
    }

    fn done(&mut self, part: Part, ticket: Ticket, found: Result<Found, Failed>) {
        match &found {
            Ok(_) => {
                self.shared.read_now();
                if self.failing.remove(&part) {
                    info!(%part, "read again");
                }
            }
            // What keeps failing is told once.
            Err(Failed { because, .. }) if self.failing.insert(part) => {
                warn!(%part, because, "could not be read, trying again");
            }
            Err(Failed { because, .. }) => {
                debug!(%part, because, "could not be read, trying again");
            }
        }
        if let Part::Server(group, server) = part
            && self.consoles.has_delivered(server)
        {
            self.model.console_heard(group, server, now());
        }
        let wall = Timestamp::now();
        self.model.done(part, ticket, found, now(), wall);
    }

    fn tick(&mut self) {
        for server in self.consoles.that_have_delivered() {
            if let Some(group) = self.shared.group_of(server) {
                self.model.console_heard(group, server, now());
            }
        }
        self.model.tick(now());
    }

    fn console(&mut self, server: ServerId, says: ConsoleSays) {
        if let Some(group) = self.shared.group_of(server) {
            self.model.console(group, server, says, now());
        }
    }

    /// Whether events arrive, and whether the socket was changed under the subscriptions.
    fn status(&mut self, status: &alta_ws::Status) {
        if self.model.set_connected(status.state.is_connected()) {
            let interrupted = self.groups.iter().filter(|it| !it.is_whole());
            for events in interrupted {
                self.model.interrupted(events.group);
            }
        }
        let totals = status.totals;
        if totals.migrations != self.seen.migrations
            || totals.failed_migrations != self.seen.failed_migrations
        {
            self.model.read_everything(now());
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

fn read<T: DeserializeOwned>(name: &str, data: Value, redactor: &Redactor) -> Option<T> {
    let data = serde_json::from_value(data);
    data.inspect_err(|error| {
        let error = redactor.redact(&error.to_string()).into_owned();
        warn!(event = name, error = %escaped(error), "an event could not be read");
    })
    .ok()
}

fn understood(name: &str, data: Value, redactor: &Redactor) -> GroupEvent {
    let event = match name {
        GroupUpdate::EVENT => read(name, data, redactor).map(GroupEvent::Updated),
        GroupMemberCreate::EVENT | GroupMemberUpdate::EVENT => {
            read(name, data, redactor).map(GroupEvent::Member)
        }
        GroupMemberDelete::EVENT => read(name, data, redactor).map(GroupEvent::MemberGone),
        GroupServerCreate::EVENT => read(name, data, redactor).map(GroupEvent::ServerMade),
        GroupServerDelete::EVENT => {
            read::<Server>(name, data, redactor).map(|server| GroupEvent::ServerGone(server.id))
        }
        GroupServerUpdate::EVENT => read(name, data, redactor).map(GroupEvent::ServerUpdated),
        GroupServerStatus::EVENT => {
            read(name, data, redactor).map(|server: Server| GroupEvent::Status(server.from_event()))
        }
        GroupServerHeartbeat::EVENT => read(name, data, redactor)
            .map(|server: Server| GroupEvent::Heartbeat(server.from_event())),
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

impl GroupEvents {
    /// Whether no event may be missing now.
    fn is_whole(&self) -> bool {
        self.events.interrupted_since().is_none()
    }
}

impl Stream for GroupEvents {
    type Item = (GroupId, bool, Result<Event<Value>, Missed>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if Pin::new(&mut self.stopped).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        let group = self.group;
        let event = std::task::ready!(Pin::new(&mut self.events).poll_next(cx));
        Poll::Ready(event.map(|event| (group, self.is_whole(), event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_last_event_of_a_server_that_stops_does_not_say_that_it_is_up() {
        let is_up = |name: &str, data: Value| match understood(name, data, &Redactor::new()) {
            GroupEvent::Status(server) | GroupEvent::Heartbeat(server) => server.is_up(),
            other => panic!("{other:?}"),
        };
        for name in [GroupServerStatus::EVENT, GroupServerHeartbeat::EVENT] {
            let mut data = json!({"id": 7, "server_status": "Online", "final_status": "Online"});
            assert!(!is_up(name, data.clone()));
            data["online_ping"] = json!(Timestamp::now());
            assert!(is_up(name, data));
        }
    }
}
