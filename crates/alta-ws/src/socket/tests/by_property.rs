use super::rig::{Rig, config, topic};
use crate::socket::SocketState;
use crate::test_server::Reply;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Want(i64),
    Unwant(i64),
    Call,
    Migrate,
    /// Everything works for a moment.
    Progress,
    Accept,
    Reject,
    Serve(bool, Reply),
    Happen(i64),
    Arrive(bool),
    Garbage(bool),
    Lose(bool),
    Pong(bool),
    Pass(u64),
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        10 => Just(Reply::Do),
        2 => Just(Reply::DoWithoutId),
        1 => Just(Reply::DoSilently),
        2 => Just(Reply::DoPart),
        1 => Just(Reply::Refuse(503)),
        1 => Just(Reply::Refuse(429)),
        1 => Just(Reply::Refuse(404)),
        1 => Just(Reply::Refuse(401)),
        1 => Just(Reply::Gateway),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => (0_i64..5).prop_map(Step::Want),
        3 => (0_i64..5).prop_map(Step::Unwant),
        2 => Just(Step::Call),
        2 => Just(Step::Migrate),
        10 => Just(Step::Progress),
        6 => Just(Step::Accept),
        1 => Just(Step::Reject),
        12 => (any::<bool>(), reply()).prop_map(|(newest, reply)| Step::Serve(newest, reply)),
        8 => (0_i64..5).prop_map(Step::Happen),
        16 => any::<bool>().prop_map(Step::Arrive),
        1 => any::<bool>().prop_map(Step::Garbage),
        1 => any::<bool>().prop_map(Step::Lose),
        3 => any::<bool>().prop_map(Step::Pong),
        4 => (1_u64..4_000).prop_map(Step::Pass),
        1 => (10_000_u64..90_000).prop_map(Step::Pass),
    ]
}

fn take(rig: &mut Rig, wanted: &mut BTreeSet<i64>, step: &Step) {
    let link = |rig: &Rig, newest: bool| {
        let links = rig.links();
        let link = if newest { links.last() } else { links.first() };
        link.copied()
    };
    match *step {
        Step::Want(number) => {
            wanted.insert(number);
            rig.want(&topic(number));
        }
        Step::Unwant(number) => {
            wanted.remove(&number);
            rig.unwant(&topic(number));
        }
        Step::Call => {
            rig.call();
        }
        Step::Migrate => {
            rig.migrate();
        }
        Step::Progress => {
            for link in rig.links() {
                rig.serve(link, Reply::Do);
                rig.arrive(link);
            }
            if !rig.server.sockets.is_empty() {
                rig.accept();
            }
        }
        Step::Accept if !rig.server.sockets.is_empty() => rig.accept(),
        Step::Reject if !rig.server.sockets.is_empty() => rig.reject(Rig::transient()),
        Step::Serve(newest, reply) => {
            if let Some(link) = link(rig, newest) {
                rig.serve(link, reply);
            }
        }
        Step::Happen(number) => rig.happen(&topic(number)),
        Step::Arrive(newest) => {
            if let Some(link) = link(rig, newest) {
                rig.arrive(link);
            }
        }
        Step::Garbage(newest) => {
            if let Some(link) = link(rig, newest).filter(|link| rig.server.sockets[link].open) {
                rig.text(link, "{\"garbage\":");
            }
        }
        Step::Lose(newest) => {
            if let Some(link) = link(rig, newest) {
                rig.lose(link);
            }
        }
        Step::Pong(newest) => {
            if let Some(link) = link(rig, newest) {
                rig.pong(link);
            }
        }
        Step::Pass(millis) => rig.pass(Duration::from_millis(millis)),
        Step::Accept | Step::Reject => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_end_once_and_wanted_topics_are_held_in_any_course(
        overlap: bool,
        batch: bool,
        steps in proptest::collection::vec(step(), 0..150),
    ) {
        let mut rig = Rig::new(config().batch(batch).migrate_after(Duration::from_secs(300)));
        rig.server.overlap = overlap;
        let mut wanted = BTreeSet::new();
        for step in &steps {
            take(&mut rig, &mut wanted, step);
        }

        // From here on everything works; time passes every timeout, linger, backoff and handover.
        for _ in 0..40 {
            rig.settle();
            rig.pass(Duration::from_secs(3));
            for link in rig.links() {
                rig.pong(link);
            }
        }
        // Refused topics are requested again.
        for number in &wanted {
            rig.want(&topic(*number));
        }
        rig.pass(Duration::from_millis(10));
        rig.settle();

        let ready = matches!(rig.state(), SocketState::Ready | SocketState::Migrating);
        prop_assert!(ready, "{:?}", rig.state());
        let names: BTreeSet<_> = wanted.iter().map(|id| topic(*id).name().to_owned()).collect();
        prop_assert_eq!(rig.held(), names);
        rig.callers.check_all_ended();
        // Every event that arrived on some link was passed on: once, unless its copies were more than one handover
        // apart.
        for (event, handed) in &rig.arrived {
            let one = match handed[..] {
                [(at, Some(one)), (later, Some(other))] => one == other && later - at <= rig.config.handover,
                _ => false,
            };
            let times = if one { 1 } else { handed.len() };
            let delivered = rig.delivered.remove(event).unwrap_or_default();
            prop_assert_eq!(usize::try_from(delivered).unwrap(), times, "event {}", event);
        }
        prop_assert!(rig.delivered.is_empty());
    }
}
