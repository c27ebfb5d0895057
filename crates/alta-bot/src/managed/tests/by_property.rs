use crate::managed::console_permission::console_permission;
use crate::managed::plan::{End, Output, Plan};
use crate::managed::{ConsolePermission, Rules};
use crate::view::samples::{group, view};
use alta_model::{GroupId, ServerId};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

const AT_ONCE: usize = 2;
const GROUPS: i64 = 3;
const SERVERS: i64 = 3;

#[derive(Clone, Debug)]
enum Step {
    /// A server gets this state.
    Server {
        server: i64,
        exists: bool,
        online: bool,
        silent: bool,
        players: i64,
    },
    Role(i64, i32),
    Belongs(i64, bool),
    Deny(i64, bool),
    LeaveEmpty(bool),
    /// A console that opens or is open is connected, is lost, or ends.
    Connect(i64),
    Lose(i64),
    End(i64, u8),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let server = 0..GROUPS * SERVERS;
    let step = prop_oneof![
        6 => (server.clone(), prop::bool::weighted(0.9), any::<bool>(), any::<bool>(), 0..2_i64)
            .prop_map(|(server, exists, online, silent, players)| Step::Server { server, exists, online, silent, players }),
        2 => (0..GROUPS, 1..3).prop_map(|(group, role)| Step::Role(group, role)),
        1 => (0..GROUPS, prop::bool::weighted(0.8)).prop_map(|(group, is)| Step::Belongs(group, is)),
        1 => (0..GROUPS, any::<bool>()).prop_map(|(group, is)| Step::Deny(group, is)),
        1 => any::<bool>().prop_map(Step::LeaveEmpty),
        4 => server.clone().prop_map(Step::Connect),
        2 => server.clone().prop_map(Step::Lose),
        3 => (server, 0..4_u8).prop_map(|(server, how)| Step::End(server, how)),
        2 => (0..40_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..150)
}

#[derive(Clone, Copy, Debug)]
struct Truth {
    exists: bool,
    online: bool,
    silent: bool,
    players: i64,
}

/// The state of the servers, and the consoles that the plan has opened.
struct World {
    plan: Plan,
    rules: Rules,
    now: Instant,
    servers: BTreeMap<i64, Truth>,
    roles: BTreeMap<i64, i32>,
    belongs: BTreeSet<i64>,
    /// The consoles that were opened and have not ended, and whether the plan has closed them.
    open: BTreeMap<i64, bool>,
    connected: BTreeSet<i64>,
    /// The consoles that were opened and are neither connected nor lost since.
    opening: BTreeMap<i64, Instant>,
    samples: Samples,
}

/// Made once, since reading them from JSON takes longer than all the rest.
struct Samples {
    group: [crate::view::GroupView; 2],
    server: [crate::view::ServerView; 2],
}

impl Samples {
    fn new() -> Self {
        let server = |players: i64| {
            let record = json!({"player_count": players});
            view(GroupId::new(0), ServerId::new(0), true, record)
        };
        Self {
            group: [1, 2].map(|role| group(GroupId::new(0), role, [])),
            server: [server(0), server(1)],
        }
    }
}

impl World {
    fn new() -> Self {
        let truth = Truth {
            exists: true,
            online: false,
            silent: false,
            players: 0,
        };
        Self {
            plan: Plan::new(AT_ONCE),
            rules: Rules::default(),
            now: Instant::now(),
            servers: (0..GROUPS * SERVERS)
                .map(|server| (server, truth))
                .collect(),
            roles: (0..GROUPS).map(|group| (group, 2)).collect(),
            belongs: (0..GROUPS).collect(),
            open: BTreeMap::new(),
            connected: BTreeSet::new(),
            opening: BTreeMap::new(),
            samples: Samples::new(),
        }
    }

    fn view(&self, id: i64) -> Option<crate::view::GroupView> {
        let mut group = self.samples.group[usize::from(self.roles[&id] == 2)].clone();
        Arc::make_mut(&mut group.group).id = GroupId::new(id);
        for (server, truth) in &self.servers {
            if *server / SERVERS == id && truth.exists {
                let mut view = self.samples.server[usize::from(truth.players > 0)].clone();
                view.id = ServerId::new(*server);
                view.group = GroupId::new(id);
                view.is_online = truth.online;
                view.is_stale = truth.silent;
                group.servers.insert(view.id, Arc::new(view));
            }
        }
        self.belongs.contains(&id).then_some(group)
    }

    fn update(&mut self) {
        for id in 0..GROUPS {
            let view = self.view(id);
            self.plan
                .update(GroupId::new(id), view.as_ref(), &self.rules, self.now);
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Server {
                server,
                exists,
                online,
                silent,
                players,
            } => {
                self.servers.insert(
                    server,
                    Truth {
                        exists,
                        online,
                        silent,
                        players,
                    },
                );
            }
            Step::Role(group, role) => {
                self.roles.insert(group, role);
            }
            Step::Belongs(group, true) => {
                self.belongs.insert(group);
            }
            Step::Belongs(group, false) => {
                self.belongs.remove(&group);
            }
            Step::Deny(group, true) => self.rules.deny(GroupId::new(group)),
            Step::Deny(group, false) => self.rules.allow(GroupId::new(group)),
            Step::LeaveEmpty(leave) => {
                self.rules.leave_empty_after = leave.then_some(Duration::from_secs(20));
            }
            Step::Connect(server) if self.open.contains_key(&server) => {
                self.connected.insert(server);
                self.opening.remove(&server);
                self.plan.connected(ServerId::new(server), self.now);
            }
            Step::Lose(server) if self.open.contains_key(&server) => {
                self.connected.remove(&server);
                self.opening.remove(&server);
                self.plan.disconnected(ServerId::new(server), self.now);
            }
            Step::End(server, how) if self.open.contains_key(&server) => {
                let told_to = self.open.remove(&server) == Some(true);
                self.connected.remove(&server);
                self.opening.remove(&server);
                let end = match how {
                    _ if told_to => End::Stopped,
                    0 => End::Refused,
                    1 => End::Closed,
                    _ => End::Failed,
                };
                self.plan.ended(ServerId::new(server), end, self.now);
            }
            Step::Connect(_) | Step::Lose(_) | Step::End(..) => {}
            Step::Pass(seconds) => {
                self.now += Duration::from_secs(seconds);
                self.plan.tick(self.now);
            }
        }
        self.update();
    }

    /// Performs the outputs of the plan, and checks them.
    fn perform(&mut self) -> Result<(), TestCaseError> {
        for output in self.plan.take_outputs() {
            match output {
                Output::Open(server, group) => {
                    let server = server.get();
                    prop_assert_eq!(group.get(), server / SERVERS);
                    prop_assert_eq!(self.open.insert(server, false), None, "it is open already");
                    self.opening.insert(server, self.now);
                }
                Output::Close(server) => {
                    let closing = self.open.insert(server.get(), true);
                    prop_assert_eq!(closing, Some(false), "it is not open, or closes already");
                    self.opening.remove(&server.get());
                }
            }
        }
        let limit = crate::managed::plan::OPENING_LIMIT;
        let opening = self
            .opening
            .values()
            .filter(|since| self.now < **since + limit);
        prop_assert!(opening.count() <= AT_ONCE);
        Ok(())
    }

    /// The consoles that stay open although their servers are stopped.
    fn asleep(&self) -> BTreeSet<i64> {
        let groups = (0..GROUPS).filter_map(|id| self.view(id));
        let asleep = groups.flat_map(|group| {
            let judged = group.servers.values();
            let judged = judged.filter(|server| {
                console_permission(&group, server, &self.rules) == ConsolePermission::Offline
            });
            let judged: Vec<_> = judged.map(|server| server.id.get()).collect();
            judged
        });
        asleep.collect()
    }

    /// The servers whose consoles should be open.
    fn wanted(&self) -> BTreeSet<i64> {
        let groups = (0..GROUPS).filter_map(|id| self.view(id));
        let servers = groups.flat_map(|group| {
            let judged: Vec<_> = group
                .servers
                .values()
                .filter(|server| {
                    console_permission(&group, server, &self.rules) == ConsolePermission::Wanted
                })
                .map(|server| server.id.get())
                .collect();
            judged
        });
        servers.collect()
    }
}

proptest! {
    #[test]
    fn after_any_steps_the_open_consoles_are_the_wanted_ones_in_the_end(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
            world.perform()?;
        }
        // From now on nothing fails, and enough time passes for every pause.
        // A console that the program closed is opened again after its server was offline.
        let online: Vec<_> = world.servers.values().map(|truth| truth.online).collect();
        for round in 0..2 {
            for (truth, online) in world.servers.values_mut().zip(&online) {
                truth.online = round == 1 && *online;
            }
            for _ in 0..5 {
                for server in 0..GROUPS * SERVERS {
                    let step = match world.open.get(&server) {
                        Some(true) => Step::End(server, 0),
                        _ => Step::Connect(server),
                    };
                    world.step(&step);
                    world.perform()?;
                }
                world.step(&Step::Pass(100));
                world.perform()?;
            }
        }
        let asleep = world.asleep();
        let open = world.open.keys().copied();
        let open: BTreeSet<_> = open.filter(|server| !asleep.contains(server)).collect();
        prop_assert_eq!(open, world.wanted());
        prop_assert!(world.open.values().all(|closing| !closing));
    }
}
