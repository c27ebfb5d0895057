//! After any events and failures, the view shows the real state in the end.

use super::*;
use crate::view::samples::read;
use alta_model::{ServerId, UserId};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug)]
enum Step {
    /// A server starts or stops, with or without an event.
    Server(i64, bool, bool),
    /// A member joins or leaves.
    Member(i64, bool, bool),
    /// A server is made or removed.
    Exists(i64, bool, bool),
    Connect(bool),
    Missed,
    Refresh,
    /// The oldest reading succeeds or fails.
    End(bool),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let is_sent = prop::bool::weighted(0.7);
    let step = prop_oneof![
        3 => (0..3_i64, any::<bool>(), is_sent).prop_map(|(id, is, is_sent)| Step::Server(id, is, is_sent)),
        2 => (10..13_i64, any::<bool>(), is_sent).prop_map(|(id, is, is_sent)| Step::Member(id, is, is_sent)),
        1 => (0..3_i64, any::<bool>(), is_sent).prop_map(|(id, is, is_sent)| Step::Exists(id, is, is_sent)),
        1 => any::<bool>().prop_map(Step::Connect),
        1 => Just(Step::Missed),
        1 => Just(Step::Refresh),
        6 => any::<bool>().prop_map(Step::End),
        4 => (0..2_000_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..120)
}

struct World {
    harness: Harness,
    connected: bool,
    servers: BTreeMap<i64, bool>,
    members: BTreeSet<i64>,
    /// The servers that were removed. A server that is made again has a new reading, beside one of the old server whose result
    /// is ignored.
    removed: BTreeSet<i64>,
}

impl World {
    fn new() -> Self {
        let mut harness = Harness::new();
        harness.model.joined(joined(2));
        harness.subscribed();
        Self {
            harness,
            connected: true,
            servers: BTreeMap::new(),
            members: BTreeSet::new(),
            removed: BTreeSet::new(),
        }
    }

    fn record(&self, id: i64) -> Server {
        let is_online = self.servers.get(&id) == Some(&true);
        server(ServerId::new(id), json!({"is_online": is_online}))
    }

    fn event(&mut self, event: GroupEvent, is_sent: bool) {
        if is_sent && self.connected {
            self.harness.event(event);
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Server(id, is_online, is_sent) => {
                if let Some(server) = self.servers.get_mut(&id) {
                    *server = is_online;
                    let record = self.record(id);
                    self.event(GroupEvent::Status(record), is_sent);
                }
            }
            Step::Member(id, true, is_sent) => {
                self.members.insert(id);
                self.event(GroupEvent::Member(member(UserId::new(id), 1)), is_sent);
            }
            Step::Member(id, false, is_sent) => {
                self.members.remove(&id);
                self.event(GroupEvent::MemberGone(member(UserId::new(id), 1)), is_sent);
            }
            Step::Exists(id, true, is_sent) => {
                if self.servers.insert(id, false).is_none() {
                    let made = server(ServerId::new(id), json!({}));
                    self.event(GroupEvent::ServerMade(made), is_sent);
                }
            }
            Step::Exists(id, false, is_sent) => {
                self.servers.remove(&id);
                self.removed.insert(id);
                self.event(GroupEvent::ServerGone(ServerId::new(id)), is_sent);
            }
            Step::Connect(connected) => {
                self.harness.connected(connected);
                if connected && !self.connected {
                    self.harness.event(GroupEvent::Missed);
                }
                self.connected = connected;
            }
            Step::Missed => self.harness.event(GroupEvent::Missed),
            Step::Refresh => self.harness.model.read_everything(self.harness.now),
            Step::End(well) => {
                if let Some((part, _)) = self.harness.reads.first().copied() {
                    let found = well.then(|| self.found(part));
                    self.harness.reply(part, found);
                }
            }
            Step::Pass(milliseconds) => self.harness.pass(Duration::from_millis(milliseconds)),
        }
    }

    fn found(&self, part: Part) -> Fetched {
        match part {
            Part::List => Fetched::List(vec![joined(2)].into()),
            Part::Group(_) => {
                let mut group = joined(2).group;
                let servers = self.servers.keys();
                group.servers = servers.map(|id| read(json!({"id": id}))).collect();
                Fetched::Group(group)
            }
            Part::Members(_) => {
                let members = self.members.iter();
                let mut members: Vec<_> = members.map(|id| member(UserId::new(*id), 1)).collect();
                members.push(member(ME, 2));
                Fetched::Members(members.into())
            }
            Part::Server(_, id) if self.servers.contains_key(&id.get()) => {
                read_server(self.record(id.get()))
            }
            Part::Server(..) => Fetched::NoServer,
        }
    }

    fn check(&self) -> Result<(), TestCaseError> {
        let reading = self.harness.reading();
        prop_assert!(reading.len() <= 4, "too many at once: {:?}", reading);
        let is_removed =
            |part: &Part| matches!(part, Part::Server(_, id) if self.removed.contains(&id.get()));
        let lasting: Vec<_> = reading.iter().filter(|part| !is_removed(part)).collect();
        let distinct: BTreeSet<_> = lasting.iter().collect();
        prop_assert_eq!(distinct.len(), lasting.len(), "twice at once");
        for server in self.harness.view().servers.values() {
            prop_assert!(server.known.is_some() || !server.is_online);
        }
        Ok(())
    }
}

proptest! {
    #[test]
    fn after_any_steps_the_view_shows_the_real_state_in_the_end(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            world.check()?;
        }
        // From now on nothing fails, and the next refresh finds the changes without events.
        world.step(&Step::Connect(true));
        world.step(&Step::Refresh);
        for _ in 0..200 {
            world.step(&Step::Pass(2_000));
            while !world.harness.reads.is_empty() {
                world.step(&Step::End(true));
                world.check()?;
            }
        }
        let view = world.harness.view();
        let shown: BTreeMap<_, _> =
            view.servers.values().map(|it| (it.id.get(), it.is_online)).collect();
        prop_assert_eq!(&shown, &world.servers);
        prop_assert!(view.servers.values().all(|it| it.known.is_some()));
        let mut members = world.members.clone();
        members.insert(ME.get());
        let shown: BTreeSet<_> = view.members.keys().map(|user| user.get()).collect();
        prop_assert_eq!(shown, members);
        prop_assert!(view.complete && view.members_known);
        prop_assert_eq!(world.harness.reading(), []);
    }
}
