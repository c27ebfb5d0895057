use super::reader::{Item, Reader};
use super::world::{World, topic};
use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::socket::OpenFailure;
use crate::status::State;
use crate::test_server::Reply;
use alta_auth::Token;
use alta_socket::{LinkId, Lost, Machine as _};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug)]
enum Step {
    Subscribe(i64),
    DropStream(i64),
    /// A stream begins, and ends at once.
    SubscribeAndDrop(i64),
    /// Streams of all topics begin, or every second one ends.
    All(bool),
    TakeChanges,
    Call,
    DropCaller,
    Migrate,
    RetryNow,
    /// Everything works for a moment.
    Progress,
    /// Everything works until topics move to close a socket, if one can be closed.
    Rest,
    Accept(u8),
    Reject(u8, Failure),
    Token(bool),
    Write(u8),
    Serve(u8, Reply),
    Happen(i64, bool),
    Arrive(u8),
    Garbage(u8),
    Lose(u8, Loss),
    Pong(u8),
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    Transient,
    NoToken,
    Unauthorized,
}

#[derive(Clone, Copy, Debug)]
enum Loss {
    Closed,
    Ended,
    Broken,
}

impl Loss {
    fn lost(self) -> Lost {
        match self {
            Loss::Closed => Lost::Closed {
                code: 1001,
                reason: String::new(),
            },
            Loss::Ended => Lost::Broken(None),
            Loss::Broken => {
                Lost::Broken(Some(Arc::new(std::io::ErrorKind::ConnectionReset.into())))
            }
        }
    }
}

impl Failure {
    fn failure(self) -> OpenFailure {
        let error = |kind| Error::new(kind, "connecting");
        match self {
            Failure::Transient => OpenFailure::Transient(error(ErrorKind::Dial)),
            Failure::NoToken => OpenFailure::NoToken(error(ErrorKind::NoToken)),
            Failure::Unauthorized => {
                let error = error(ErrorKind::Unauthorized { status: Some(401) });
                OpenFailure::Unauthorized(error, Token::new("a-token"))
            }
        }
    }
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        12 => Just(Reply::Do),
        2 => Just(Reply::DoWithoutId),
        1 => Just(Reply::DoWithAnotherId),
        1 => Just(Reply::DoTwice),
        1 => Just(Reply::DoSilently),
        2 => Just(Reply::DoPart),
        1 => Just(Reply::Ignore),
        1 => Just(Reply::Refuse(503)),
        1 => Just(Reply::Refuse(429)),
        1 => Just(Reply::Refuse(404)),
        1 => Just(Reply::Refuse(401)),
        1 => Just(Reply::Gateway),
    ]
}

const TOPICS: i64 = 8;

fn step() -> impl Strategy<Value = Step> {
    let loss = prop_oneof![Just(Loss::Closed), Just(Loss::Ended), Just(Loss::Broken)];
    let failure = prop_oneof![
        4 => Just(Failure::Transient), 2 => Just(Failure::NoToken), 1 => Just(Failure::Unauthorized)];
    prop_oneof![
        6 => (0..TOPICS).prop_map(Step::Subscribe),
        4 => (0..TOPICS).prop_map(Step::DropStream),
        2 => (0..TOPICS).prop_map(Step::SubscribeAndDrop),
        2 => any::<bool>().prop_map(Step::All),
        6 => Just(Step::TakeChanges),
        2 => Just(Step::Call),
        1 => Just(Step::DropCaller),
        2 => Just(Step::Migrate),
        1 => Just(Step::RetryNow),
        12 => Just(Step::Progress),
        4 => Just(Step::Rest),
        8 => any::<u8>().prop_map(Step::Accept),
        1 => (any::<u8>(), failure).prop_map(|(link, failure)| Step::Reject(link, failure)),
        8 => (0..10).prop_map(|chance| Step::Token(chance > 0)),
        8 => any::<u8>().prop_map(Step::Write),
        14 => (any::<u8>(), reply()).prop_map(|(link, reply)| Step::Serve(link, reply)),
        10 => ((0..TOPICS), any::<bool>()).prop_map(|(topic, usual)| Step::Happen(topic, usual)),
        20 => any::<u8>().prop_map(Step::Arrive),
        1 => any::<u8>().prop_map(Step::Garbage),
        2 => (any::<u8>(), loss).prop_map(|(link, loss)| Step::Lose(link, loss)),
        3 => any::<u8>().prop_map(Step::Pong),
        4 => (1_u64..4_000).prop_map(Step::Pass),
        1 => (10_000_u64..90_000).prop_map(Step::Pass),
    ]
}

fn pick(links: &[LinkId], choice: u8) -> Option<LinkId> {
    let index = usize::from(choice).checked_rem(links.len())?;
    links.get(index).copied()
}

fn take(world: &mut World, step: &Step) {
    let open = world.open_links();
    let opening = world.opening_links();
    match *step {
        Step::Subscribe(number) => world.subscribe(topic(number)),
        Step::DropStream(number) => {
            world.drop_stream(&topic(number));
        }
        Step::SubscribeAndDrop(number) => {
            world.subscribe(topic(number));
            world.take_changes();
            world.drop_stream(&topic(number));
            world.take_changes();
        }
        Step::All(true) => (0..TOPICS).for_each(|number| world.subscribe(topic(number))),
        Step::All(false) => {
            for number in (0..TOPICS).step_by(2) {
                while world.drop_stream(&topic(number)) {}
            }
        }
        Step::TakeChanges => world.take_changes(),
        Step::Call => world.call(),
        Step::DropCaller => world.callers.drop_first(),
        Step::Migrate => world.migrate(),
        Step::RetryNow => world.retry_now(),
        Step::Progress => {
            world.take_changes();
            for link in opening {
                world.accept(link);
            }
            world.token();
            for link in world.open_links() {
                world.write(link);
                world.serve(link, Reply::Do);
                world.arrive(link);
            }
        }
        Step::Rest => {
            for _ in 0..20 {
                if world.pool.moves_nothing() {
                    world.settle();
                    world.pass(Duration::from_secs(1));
                }
            }
        }
        Step::Accept(choice) => {
            if let Some(link) = pick(&opening, choice) {
                world.accept(link);
            }
        }
        Step::Reject(choice, failure) => {
            if let Some(link) = pick(&opening, choice) {
                world.reject(link, failure.failure());
            }
        }
        Step::Token(true) => world.token(),
        Step::Token(false) => world.no_token(),
        Step::Happen(number, usual) => world.happen(topic(number), usual),
        Step::Pass(millis) => world.pass(Duration::from_millis(millis)),
        Step::Write(choice)
        | Step::Serve(choice, _)
        | Step::Arrive(choice)
        | Step::Garbage(choice)
        | Step::Lose(choice, _)
        | Step::Pong(choice) => {
            let Some(link) = pick(&open, choice) else {
                return;
            };
            match *step {
                Step::Write(_) => world.write(link),
                Step::Serve(_, reply) => {
                    world.serve(link, reply);
                }
                Step::Arrive(_) => {
                    world.arrive(link);
                }
                Step::Garbage(_) => world.text(link, "{\"garbage\":"),
                Step::Lose(_, loss) => world.lose(link, &loss.lost()),
                _ => world.pong(link),
            }
        }
    }
}

/// Moves time past every timeout, linger, backoff and handover, with a server that performs everything.
fn come_to_rest(world: &mut World) {
    for _ in 0..40 {
        world.settle();
        world.pass(Duration::from_secs(3));
        for link in world.open_links() {
            world.pong(link);
        }
    }
    // Refused topics are requested again.
    let wanted: BTreeSet<_> = world
        .readers
        .iter()
        .map(|reader| reader.topic.clone())
        .collect();
    for topic in &wanted {
        world.want(topic);
    }
    world.settle();
    // Until no handover is in progress, and topics have moved together.
    for _ in 0..40 {
        world.pass(Duration::from_secs(5));
        for link in world.open_links() {
            world.pong(link);
        }
        world.settle();
        if world.pool.condition().state == State::Ready && world.pool.has_no_spare_socket() {
            return;
        }
    }
}

/// Returns whether an event that this reader did not get lies in a gap that it got.
fn is_explained(world: &World, reader: &Reader, number: u64) -> bool {
    let event = &world.happened[usize::try_from(number).unwrap()];
    // A sent event can be received until its link ended.
    let gone = event.sent.iter().map(|link| world.gone.get(link).copied());
    let latest = gone.map(|gone| gone.unwrap_or(event.at)).max();
    let latest = latest.unwrap_or(event.at);
    reader.items.iter().any(|item| match item {
        Item::Gap(since, until) => *since <= latest && *until >= event.at,
        Item::Event(_) => false,
    })
}

fn check_readers(world: &World) -> Result<(), TestCaseError> {
    for reader in &world.readers {
        let Some(first) = reader.confirmed else {
            return Err(TestCaseError::fail(format!(
                "{:?} is not held",
                reader.topic
            )));
        };
        let mut got: BTreeMap<u64, u32> = BTreeMap::new();
        for item in &reader.items {
            if let Item::Event(number) = item {
                *got.entry(*number).or_default() += 1;
            }
        }
        for number in first..world.server.events {
            let event = &world.happened[usize::try_from(number).unwrap()];
            if event.topic != reader.topic || got.contains_key(&number) {
                continue;
            }
            prop_assert!(
                is_explained(world, reader, number),
                "event {} of {:?} is missing outside of all gaps: {:?}",
                number,
                reader.topic,
                reader.items
            );
        }
    }
    Ok(())
}

fn check_rest(world: &World) -> Result<(), TestCaseError> {
    let wanted: BTreeSet<String> = world
        .readers
        .iter()
        .map(|reader| reader.topic.name().to_owned())
        .collect();
    prop_assert_eq!(&world.server.held(), &wanted);
    let held: usize = world
        .server
        .sockets
        .values()
        .map(|socket| socket.subscriptions.len())
        .sum();
    prop_assert_eq!(held, wanted.len(), "each on one socket");
    world.callers.check_all_ended();
    for (number, arrived) in &world.arrived {
        let delivered = world.delivered.get(number).copied().unwrap_or_default();
        prop_assert!(
            (1..=*arrived).contains(&delivered),
            "event {} {} times of {}",
            number,
            delivered,
            arrived
        );
    }
    world.pool.check_rest(wanted.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_sockets_together_keep_their_promises_in_any_course(
        overlap: bool,
        batch: bool,
        limit in 1_usize..5,
        handover in 1_u64..11,
        in_flight in 1_usize..4,
        steps in proptest::collection::vec(step(), 0..250),
        close: bool,
    ) {
        let config = Config::default()
            .migrate_spread(Duration::from_secs(20))
            .migrate_after(Duration::from_secs(300))
            .handover(Duration::from_secs(handover))
            .max_in_flight(in_flight)
            .subscriptions_per_socket(limit)
            .batch(batch);
        let mut world = World::new(config);
        world.server.overlap = overlap;
        for step in &steps {
            if world.pool.ended().is_none() {
                take(&mut world, step);
            }
        }
        if !close && world.pool.ended().is_none() {
            come_to_rest(&mut world);
            prop_assert_eq!(world.pool.condition().state, State::Ready);
            check_readers(&world)?;
            check_rest(&world)?;
        }
        world.close();
        prop_assert!(world.server.sockets.is_empty());
        prop_assert_eq!(world.pool.deadline(), None);
        world.callers.check_all_ended();
    }
}
