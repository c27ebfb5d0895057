use super::change::{ListChange, ListChangeKind};
use super::entry::ListEntry;
use super::machine::{Effect, Listed, Machine};
use crate::view::Known;
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

const SECOND: Duration = Duration::from_secs(1);

/// Longer than the pause before a reading after a gap.
const SOON: Duration = Duration::from_millis(600);

/// An entry with an id and data.
#[derive(Clone, Debug, PartialEq)]
struct Item(u8, u8);

impl ListEntry for Item {
    type Key = u8;

    fn key(&self) -> u8 {
        self.0
    }

    fn differs(&self, other: &Self) -> bool {
        self.1 != other.1
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

fn list(entries: &[Item]) -> Listed<Item> {
    Listed {
        entries: entries.to_vec(),
        is_partial: false,
        is_absent: false,
    }
}

struct Harness {
    machine: Machine<Item>,
    now: Instant,
}

impl Harness {
    fn with(entries: &[Item]) -> Self {
        let now = Instant::now();
        let machine = Machine::new(list(entries), 7, now);
        Self { machine, now }
    }

    fn added(&mut self, item: Item) {
        self.machine.event(item, true, self.now);
    }

    fn removed(&mut self, key: u8) {
        self.machine.event(Item(key, 0), false, self.now);
    }

    /// Returns whether a reading begins after this time.
    fn begins_after(&mut self, pause: Duration) -> bool {
        self.now += pause;
        self.machine.begin(self.now)
    }

    fn listed(&mut self, listed: Listed<Item>) -> bool {
        self.machine.listed(listed, self.now)
    }

    /// A gap, and the list that is read after it.
    fn gap(&mut self, entries: &[Item]) {
        self.machine.missed(self.now);
        assert!(self.begins_after(SOON));
        assert!(self.listed(list(entries)));
    }

    fn keys(&self) -> Vec<u8> {
        self.machine.entries().keys().copied().collect()
    }

    /// The changes since the last call: id, kind, whether it is an own change, and the source.
    fn changes(&mut self) -> Vec<(u8, &'static str, bool, Known)> {
        let changes = self.machine.take_changes().into_iter();
        changes
            .map(|change| (change.entry.0, kind(&change), change.is_own, change.known))
            .collect()
    }
}

fn kind(change: &ListChange<Item>) -> &'static str {
    match change.kind {
        ListChangeKind::Found => "found",
        ListChangeKind::Added => "added",
        ListChangeKind::Changed { .. } => "changed",
        ListChangeKind::Removed => "removed",
    }
}

#[test]
fn events_change_the_list_and_each_change_is_told_once() {
    let mut harness = Harness::with(&[Item(1, 0)]);
    assert_eq!(harness.changes(), []);
    harness.added(Item(2, 0));
    harness.added(Item(2, 0));
    harness.added(Item(2, 5));
    harness.removed(1);
    harness.removed(1);
    let expected = [(2, "added"), (2, "changed"), (1, "removed")];
    let expected = expected.map(|(id, kind)| (id, kind, false, Known::Now));
    assert_eq!(harness.changes(), expected);
    assert_eq!(harness.keys(), [2]);
}

#[test]
fn after_a_gap_the_differences_are_told_as_found_later() {
    let mut harness = Harness::with(&[Item(1, 0), Item(2, 0)]);
    harness.gap(&[Item(2, 3), Item(4, 0)]);
    let expected = [(1, "removed"), (2, "changed"), (4, "added")];
    let expected = expected.map(|(id, kind)| (id, kind, false, Known::AfterGap));
    assert_eq!(harness.changes(), expected);
    assert!(harness.machine.is_current());
}

#[test]
fn several_gaps_cause_one_reading_and_a_gap_during_it_another() {
    let mut harness = Harness::with(&[]);
    harness.machine.missed(harness.now);
    harness.machine.missed(harness.now);
    assert!(harness.begins_after(SOON));
    assert!(!harness.begins_after(SECOND));
    harness.machine.missed(harness.now);
    assert!(harness.listed(list(&[])));
    assert!(!harness.machine.is_current());
    assert!(harness.begins_after(SOON));
    assert!(harness.listed(list(&[])));
    assert!(harness.machine.is_current());
    assert!(!harness.begins_after(14 * 60 * SECOND));
    // The next refresh.
    assert!(harness.begins_after(60 * SECOND));
}

#[test]
fn an_event_during_a_reading_is_newer_than_its_list() {
    let mut harness = Harness::with(&[Item(1, 0)]);
    harness.machine.missed(harness.now);
    assert!(harness.begins_after(SOON));
    harness.added(Item(2, 0));
    harness.removed(1);
    assert!(harness.listed(list(&[Item(1, 0), Item(3, 0)])));
    assert_eq!(harness.keys(), [2, 3]);
}

#[test]
fn a_failed_and_an_absent_list_change_nothing_and_are_read_again() {
    let mut harness = Harness::with(&[Item(1, 0)]);
    harness.machine.missed(harness.now);
    assert!(harness.begins_after(SOON));
    harness.machine.failed(harness.now);
    assert!(harness.begins_after(SECOND));
    let absent = || Listed {
        is_absent: true,
        ..list(&[])
    };
    assert!(!harness.listed(absent()));
    assert_eq!(harness.keys(), [1]);
    assert!(!harness.machine.is_current());
    assert!(harness.begins_after(2 * SECOND));
    assert!(harness.listed(list(&[])));
    assert_eq!(harness.changes(), [(1, "removed", false, Known::AfterGap)]);
    // An empty list may be absent.
    harness.machine.missed(harness.now);
    assert!(harness.begins_after(SOON));
    assert!(harness.listed(absent()));
}

#[test]
fn an_entry_that_is_absent_from_a_partial_list_stays() {
    let mut harness = Harness::with(&[Item(1, 0)]);
    harness.machine.missed(harness.now);
    assert!(harness.begins_after(SOON));
    let partial = Listed {
        is_partial: true,
        ..list(&[Item(2, 0)])
    };
    assert!(harness.listed(partial));
    assert_eq!(harness.keys(), [1, 2]);
    assert!(!harness.machine.is_current());
}

#[test]
fn own_changes_are_told_apart_before_and_after_their_replies() {
    let mut harness = Harness::with(&[]);
    let early = harness.machine.begin_own(1, true);
    harness.added(Item(1, 0));
    harness.machine.end_own(early, Effect::Certain, harness.now);
    let late = harness.machine.begin_own(2, true);
    harness.machine.end_own(late, Effect::Certain, harness.now);
    harness.added(Item(2, 0));
    let lift = harness.machine.begin_own(1, false);
    harness.machine.end_own(lift, Effect::Unclear, harness.now);
    harness.removed(1);
    // Others ban and unban the same users later.
    harness.removed(2);
    harness.added(Item(1, 0));
    harness.added(Item(2, 0));
    let expected = [
        (1, "added", true),
        (2, "added", true),
        (1, "removed", true),
        (2, "removed", false),
        (1, "added", false),
        (2, "added", false),
    ];
    let expected = expected.map(|(id, kind, is_own)| (id, kind, is_own, Known::Now));
    assert_eq!(harness.changes(), expected);
}

#[test]
fn a_request_without_effect_is_no_own_change() {
    let mut harness = Harness::with(&[]);
    let refused = harness.machine.begin_own(1, true);
    harness.machine.end_own(refused, Effect::None, harness.now);
    harness.added(Item(1, 0));
    assert_eq!(harness.changes(), [(1, "added", false, Known::Now)]);
}

#[test]
fn an_own_change_without_an_event_is_found_by_a_reading() {
    let mut harness = Harness::with(&[]);
    let own = harness.machine.begin_own(1, true);
    harness.machine.end_own(own, Effect::Certain, harness.now);
    // The event of this one arrives, so it causes no reading.
    let other = harness.machine.begin_own(2, true);
    harness.machine.end_own(other, Effect::Unclear, harness.now);
    harness.added(Item(2, 0));
    assert_eq!(harness.changes(), [(2, "added", true, Known::Now)]);
    harness.removed(2);
    harness.changes();
    assert!(!harness.begins_after(SECOND));
    assert!(harness.begins_after(SECOND));
    assert!(harness.listed(list(&[Item(1, 0)])));
    assert_eq!(harness.changes(), [(1, "added", true, Known::AfterGap)]);
    // The change was told: the next one is by others.
    harness.removed(1);
    harness.added(Item(1, 0));
    let expected = [
        (1, "removed", false, Known::Now),
        (1, "added", false, Known::Now),
    ];
    assert_eq!(harness.changes(), expected);
}

#[test]
fn a_list_that_does_not_show_an_own_change_ends_its_mark() {
    let mut harness = Harness::with(&[]);
    let own = harness.machine.begin_own(1, true);
    harness.machine.end_own(own, Effect::Unclear, harness.now);
    assert!(harness.begins_after(SOON));
    // A failed reading shows nothing.
    harness.machine.failed(harness.now);
    assert!(harness.begins_after(SECOND));
    assert!(harness.listed(list(&[])));
    harness.added(Item(1, 0));
    assert_eq!(harness.changes(), [(1, "added", false, Known::Now)]);
}

#[test]
fn a_reading_that_began_before_the_reply_does_not_end_the_mark_of_an_own_change() {
    let mut harness = Harness::with(&[]);
    harness.machine.missed(harness.now);
    assert!(harness.begins_after(SOON));
    let own = harness.machine.begin_own(1, true);
    harness.machine.end_own(own, Effect::Certain, harness.now);
    assert!(harness.listed(list(&[])));
    harness.added(Item(1, 0));
    assert_eq!(harness.changes(), [(1, "added", true, Known::Now)]);
}

/// A step of the service, of the network or of the bot.
#[derive(Clone, Debug)]
enum Step {
    /// The service adds or changes an entry, or removes it. Another client has made the change.
    Change(u8, Option<u8>),
    /// The bot makes a change, and its reply arrives now, later or never.
    Own(u8, bool, Reply),
    /// The oldest event on its way arrives.
    Arrive,
    /// The connection is lost with all events on their way, and confirmed again.
    Gap,
    /// The service computes the list of the running reading.
    Compute,
    /// The reply of the reading arrives.
    Reply(List),
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
enum Reply {
    Known,
    Lost,
    Refused,
}

#[derive(Clone, Copy, Debug)]
enum List {
    Whole,
    Partial,
    Absent,
    Failed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let id = 0..4_u8;
    let reply = prop_oneof![Just(Reply::Known), Just(Reply::Lost), Just(Reply::Refused)];
    let lists = prop_oneof![
        4 => Just(List::Whole),
        1 => Just(List::Partial),
        1 => Just(List::Absent),
        1 => Just(List::Failed),
    ];
    let step = prop_oneof![
        4 => (id.clone(), prop::option::of(0..3_u8)).prop_map(|(id, to)| Step::Change(id, to)),
        2 => (id, any::<bool>(), reply).prop_map(|(id, adds, reply)| Step::Own(id, adds, reply)),
        6 => Just(Step::Arrive),
        1 => Just(Step::Gap),
        2 => Just(Step::Compute),
        2 => lists.prop_map(Step::Reply),
        3 => (0..2_000_u64).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 0..150)
}

/// The service, the events on their way, and the state that a reader of the changes would have.
struct World {
    harness: Harness,
    service: BTreeMap<u8, u8>,
    on_their_way: VecDeque<(Item, bool)>,
    is_reading: bool,
    computed: Option<BTreeMap<u8, u8>>,
    reader: BTreeMap<u8, Arc<Item>>,
    /// The number of own requests that may have taken effect.
    own: usize,
    told_as_own: usize,
}

impl World {
    fn new() -> Self {
        Self {
            harness: Harness::with(&[Item(0, 0)]),
            service: BTreeMap::from([(0, 0)]),
            on_their_way: VecDeque::new(),
            is_reading: false,
            computed: None,
            reader: BTreeMap::from([(0, Arc::new(Item(0, 0)))]),
            own: 0,
            told_as_own: 0,
        }
    }

    fn change(&mut self, id: u8, to: Option<u8>) {
        let before = self.service.get(&id).copied();
        if before == to {
            return;
        }
        match to {
            Some(data) => self.service.insert(id, data),
            None => self.service.remove(&id),
        };
        let event = (Item(id, to.unwrap_or_default()), to.is_some());
        self.on_their_way.push_back(event);
    }

    fn step(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match *step {
            Step::Change(id, to) => self.change(id, to),
            Step::Own(id, adds, reply) => {
                let now = self.harness.now;
                let own = self.harness.machine.begin_own(id, adds);
                let effect = match reply {
                    Reply::Known => Effect::Certain,
                    Reply::Lost => Effect::Unclear,
                    Reply::Refused => Effect::None,
                };
                if effect != Effect::None {
                    self.own += 1;
                    self.change(id, adds.then_some(0));
                }
                self.harness.machine.end_own(own, effect, now);
            }
            Step::Arrive => {
                if let Some((item, is_present)) = self.on_their_way.pop_front() {
                    let now = self.harness.now;
                    self.harness.machine.event(item, is_present, now);
                }
            }
            Step::Gap => {
                self.on_their_way.clear();
                self.harness.machine.missed(self.harness.now);
            }
            Step::Compute => {
                if self.is_reading {
                    self.computed = Some(self.service.clone());
                }
            }
            Step::Reply(kind) => self.reply(kind),
            Step::Pass(milliseconds) => {
                self.harness.now += Duration::from_millis(milliseconds);
            }
        }
        let begins = self.harness.machine.begin(self.harness.now);
        prop_assert!(
            !(begins && self.is_reading),
            "two readings at the same time"
        );
        self.is_reading |= begins;
        self.follow()
    }

    fn reply(&mut self, kind: List) {
        let Some(computed) = self.computed.take() else {
            return;
        };
        self.is_reading = false;
        let items: Vec<_> = computed.iter().map(|(id, data)| Item(*id, *data)).collect();
        let listed = match kind {
            List::Whole => list(&items),
            List::Partial => Listed {
                is_partial: true,
                ..list(&items[items.len().min(1)..])
            },
            List::Absent => Listed {
                is_absent: true,
                ..list(&[])
            },
            List::Failed => return self.harness.machine.failed(self.harness.now),
        };
        self.harness.machine.listed(listed, self.harness.now);
    }

    /// Applies the changes as a reader would, who finds each of them new.
    fn follow(&mut self) -> Result<(), TestCaseError> {
        for change in self.harness.machine.take_changes() {
            let id = change.entry.0;
            let before = self.reader.insert(id, Arc::clone(&change.entry));
            match &change.kind {
                ListChangeKind::Added => prop_assert_eq!(before, None, "told twice"),
                ListChangeKind::Changed { from } => {
                    prop_assert_eq!(before.as_ref(), Some(from));
                    prop_assert_ne!(from, &change.entry, "told twice");
                }
                ListChangeKind::Removed => {
                    prop_assert_eq!(before, self.reader.remove(&id), "told twice");
                }
                ListChangeKind::Found => prop_assert!(false, "not a change"),
            }
            self.told_as_own += usize::from(change.is_own);
        }
        prop_assert_eq!(&self.reader, &**self.harness.machine.entries());
        // No request is the cause of two changes.
        prop_assert!(self.told_as_own <= self.own);
        Ok(())
    }
}

proptest! {
    #[test]
    fn in_any_order_each_change_is_told_once_and_the_list_is_true_once_all_is_quiet(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.step(step)?;
        }
        // From now on nothing is lost. A gap of an unknown length ends now.
        for step in [Step::Gap, Step::Compute, Step::Reply(List::Whole)] {
            world.step(&step)?;
        }
        for _ in 0..10 {
            for step in [Step::Pass(61_000), Step::Compute, Step::Reply(List::Whole)] {
                world.step(&step)?;
            }
        }
        let shown: BTreeMap<_, _> =
            world.harness.machine.entries().values().map(|item| (item.0, item.1)).collect();
        prop_assert_eq!(&shown, &world.service);
        prop_assert!(world.harness.machine.is_current());
    }

    #[test]
    fn without_gaps_the_list_is_true_when_all_events_have_arrived(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            if !matches!(step, Step::Gap) {
                world.step(step)?;
            }
        }
        // The list of a reading that runs or failed is not needed.
        while !world.on_their_way.is_empty() {
            world.step(&Step::Arrive)?;
        }
        let shown: BTreeMap<_, _> =
            world.harness.machine.entries().values().map(|item| (item.0, item.1)).collect();
        prop_assert_eq!(&shown, &world.service);
    }
}
