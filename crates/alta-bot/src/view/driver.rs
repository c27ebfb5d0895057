//! The driver of a view: connects the model with the main websocket, REST and the consoles.

use super::console_states::ConsoleStates;
use super::model::Model;
use super::model_io::{ConsoleState, FetchFailed, Fetched, GroupEvent, Output, Ticket};
use super::schedule::Part;
use super::shared::Shared;
use super::{ViewConfig, fetch};
use crate::clock::{after, now, sleep_until};
use crate::error::{Error, ErrorKind};
use crate::list_limits::LONGEST_LIST;
use crate::open_consoles::OpenConsoles;
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

pub(super) struct Driver {
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
    followed: HashMap<GroupId, Subscribed>,
    /// Waits for the confirmation of each group's events; false if a timeout has passed. The main websocket client limits the
    /// number of concurrent requests.
    confirming: JoinSet<(GroupId, bool)>,
    consoles: ConsoleStates,
    readings: JoinSet<(Part, Ticket, Result<Fetched, FetchFailed>)>,
    /// The parts whose last reading has failed.
    failing: HashSet<Part>,
}

struct Subscribed {
    /// Dropping it ends the group's stream.
    _stop: oneshot::Sender<()>,
    confirming: AbortHandle,
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.confirming.abort();
    }
}

impl Driver {
    /// Subscribes, then lists, so that no event between the two is missed.
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
        let mine = mine.map_err(|error| Error::new(ErrorKind::Socket, doing).caused_by(error))?;
        let statuses = socket.statuses();
        let seen = statuses.current().totals;
        let list = rest.groups().joined().collect(LONGEST_LIST).await;
        let list = list.map_err(|error| Error::new(ErrorKind::Rest, doing).caused_by(error))?;

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
            consoles: ConsoleStates::new(consoles),
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
        // A tenth of the timeout is exact enough.
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
                // Readings catch their panics, so each returns a result.
                Some(Ok((part, ticket, found))) = self.readings.join_next() => self.done(part, ticket, found),
                (server, state) = self.consoles.next() => self.console(server, state),
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

    /// Performs the outputs of the model.
    fn perform(&mut self) {
        for output in self.model.take_outputs() {
            match output {
                Output::Changed(group, view, changes) => self.shared.show(group, view, &changes),
                Output::Subscribe(group) => {
                    let (stop, stopped) = oneshot::channel();
                    let events = self.socket.subscribe(self.topics(group)).start();
                    self.groups.push(GroupEvents {
                        group,
                        events,
                        stopped,
                    });
                    let confirming = self.confirm(group, self.config.subscribe_timeout);
                    let followed = Subscribed {
                        _stop: stop,
                        confirming,
                    };
                    self.followed.insert(group, followed);
                }
                Output::Unsubscribe(group) => {
                    self.followed.remove(&group);
                    self.failing.retain(|part| part.group() != Some(group));
                }
                Output::Read(part, ticket) => self.read(part, ticket),
            }
        }
    }

    /// Waits until the group's events are confirmed, at most for this time.
    fn confirm(&mut self, group: GroupId, timeout: Duration) -> AbortHandle {
        let topics = self.topics(group).into_iter();
        let confirmations = topics.map(|topic| {
            let confirmation = self.socket.subscribe(topic);
            async move {
                // The group is followed without an event that the service does not have.
                if let Err(error) = confirmation.await {
                    debug!(%group, ?error, "a group's events are not complete");
                }
            }
        });
        let all = join_all(confirmations.collect::<Vec<_>>());
        self.confirming.spawn(async move {
            let confirmed = tokio::time::timeout(timeout, all).await.is_ok();
            (group, confirmed)
        })
    }

    fn confirmed(&mut self, confirmed: &Result<(Id, (GroupId, bool)), JoinError>) {
        // An error means that the bot has left the group meanwhile.
        let Ok((id, (group, completely))) = *confirmed else {
            return;
        };
        // The bot may have joined the group again since.
        let is_present = |followed: &Subscribed| followed.confirming.id() == id;
        if !self.followed.get(&group).is_some_and(is_present) {
            return;
        }
        if !completely {
            warn!(%group, "some of a group's events are not confirmed yet");
            // The group is read now, and again when the last event is confirmed.
            let confirming = self.confirm(group, Duration::MAX);
            if let Some(followed) = self.followed.get_mut(&group) {
                followed.confirming = confirming;
            }
        }
        self.model.subscribed(group, now());
    }

    fn read(&mut self, part: Part, ticket: Ticket) {
        if let Part::Server(_, server) = part {
            // Only deliveries after the begin of this reading can contradict it.
            self.consoles.has_delivered(server);
        }
        let (rest, me, members) = (self.rest.clone(), self.me, self.config.members);
        self.readings.spawn(async move {
            let found = catch_panic(fetch::part(&rest, part, me, members)).await;
            let found = found.unwrap_or_else(|panic| {
                Err(FetchFailed {
                    because: format!("the reading panicked: {panic}"),
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

    /// Handles an event of the bot's own groups.
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

    /// Handles an event of a group; `is_whole` is false if events may be missing now.
    fn group(&mut self, group: GroupId, is_whole: bool, event: Result<Event<Value>, Missed>) {
        if !is_whole {
            self.model.interrupted(group);
        }
        let event = match event {
            Ok(event) => decode(event.topic.event(), event.data, self.socket.redactor()),
            Err(_) => GroupEvent::Missed,
        };
        self.model.event(group, event, now(), Timestamp::now());
    }

    fn done(&mut self, part: Part, ticket: Ticket, found: Result<Fetched, FetchFailed>) {
        match &found {
            Ok(_) => {
                self.shared.read_now();
                if self.failing.remove(&part) {
                    info!(%part, "read again");
                }
            }
            // Repeated failures are logged at debug only.
            Err(FetchFailed { because, .. }) if self.failing.insert(part) => {
                warn!(%part, because, "could not be read, trying again");
            }
            Err(FetchFailed { because, .. }) => {
                debug!(%part, because, "could not be read, trying again");
            }
        }
        if let Part::Server(group, server) = part
            && self.consoles.has_delivered(server)
        {
            self.model.console_delivered(group, server, now());
        }
        let wall = Timestamp::now();
        self.model.done(part, ticket, found, now(), wall);
    }

    fn tick(&mut self) {
        for server in self.consoles.that_have_delivered() {
            if let Some(group) = self.shared.group_of(server) {
                self.model.console_delivered(group, server, now());
            }
        }
        self.model.tick(now());
    }

    fn console(&mut self, server: ServerId, state: ConsoleState) {
        if let Some(group) = self.shared.group_of(server) {
            self.model.console(group, server, state, now());
        }
    }

    /// Handles a new status of the main websocket: outages and migrations.
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

/// Ends the streams of changes when the task ends in any way.
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
        warn!(event = name, error = %escaped(error), "an event could not be decoded");
    })
    .ok()
}

fn decode(name: &str, data: Value, redactor: &Redactor) -> GroupEvent {
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

/// The events of one group, until the bot leaves it.
struct GroupEvents {
    group: GroupId,
    events: Subscription<Value>,
    stopped: oneshot::Receiver<()>,
}

impl GroupEvents {
    /// Returns whether no event can be missing now.
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
    fn the_last_event_of_a_server_that_stops_does_not_put_it_online() {
        let is_up = |name: &str, data: Value| match decode(name, data, &Redactor::new()) {
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
