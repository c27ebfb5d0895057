use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::{Duration, Instant};

/// The maximum number of remembered events. At a thousand events a second they cover much more than a handover, in a
/// few megabytes. Further events are passed on without a check: a duplicate is better than a loss.
const LIMIT: usize = 100_000;

/// One of the two sockets that can deliver the same event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Old,
    New,
}

/// Equal events that are further apart are two events, even with a shorter configured handover. This is the default
/// handover (att-client, js-tale), and less than the time between two heartbeats.
const APART: Duration = Duration::from_secs(10);

/// The events that the two sockets of a migration, or of a moving topic, have delivered. It keeps hashes, counts and times.
#[derive(Debug)]
pub(crate) struct Seen {
    copies: HashMap<u64, Copies>,
    apart: Duration,
    /// The time of the last removal of old entries.
    tidied: Option<Instant>,
    hasher: RandomState,
}

/// The number of times that each side delivered an event, and the time of the last delivery.
#[derive(Debug)]
struct Copies {
    old: u32,
    new: u32,
    last: Instant,
}

impl Seen {
    pub(crate) fn new(handover: Duration) -> Self {
        Self {
            copies: HashMap::new(),
            apart: handover.max(APART),
            tidied: None,
            hasher: RandomState::new(),
        }
    }

    /// Removes the events whose last delivery was before this time.
    pub(crate) fn forget_before(&mut self, moment: Option<Instant>) {
        self.copies
            .retain(|_, copies| moment.is_none_or(|moment| copies.last >= moment));
    }

    /// Returns whether to pass on an event of this side. Equal events are passed on as many times as the side with more
    /// of them delivered: two equal events of one side are two events, one of each side is one.
    pub(crate) fn admit(&mut self, side: Side, topic: &str, content: &str, now: Instant) -> bool {
        self.tidy(now);
        let hash = self.hasher.hash_one((topic, content));
        if self.copies.len() >= LIMIT && !self.copies.contains_key(&hash) {
            return true;
        }
        let copies = self.copies.entry(hash).or_insert(Copies {
            old: 0,
            new: 0,
            last: now,
        });
        if now.saturating_duration_since(copies.last) > self.apart {
            (copies.old, copies.new) = (0, 0);
        }
        copies.last = now;
        let (this, other) = match side {
            Side::Old => (&mut copies.old, copies.new),
            Side::New => (&mut copies.new, copies.old),
        };
        *this += 1;
        *this > other
    }

    /// Removes, at intervals, the events whose duplicates can no longer arrive: a wait for a service that does not
    /// reply can be long.
    fn tidy(&mut self, now: Instant) {
        let over = |since: Instant| now.saturating_duration_since(since) > self.apart;
        if self.tidied.is_none_or(over) {
            self.copies.retain(|_, copies| !over(copies.last));
            self.tidied = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_event_is_passed_on_as_many_times_as_the_side_with_more_of_it_delivered(
            frames in proptest::collection::vec((any::<bool>(), 0_u8..4), 0..200),
        ) {
            let now = Instant::now();
            let mut seen = Seen::new(APART);
            let mut had: HashMap<u8, [u32; 2]> = HashMap::new();
            let mut passed: HashMap<u8, u32> = HashMap::new();
            for (new, event) in frames {
                let side = if new { Side::New } else { Side::Old };
                had.entry(event).or_default()[usize::from(new)] += 1;
                if seen.admit(side, "group-update/1", &event.to_string(), now) {
                    *passed.entry(event).or_default() += 1;
                }
            }
            for (event, [old, new]) in had {
                prop_assert_eq!(passed[&event], old.max(new));
            }
        }
    }

    #[test]
    fn the_table_is_bounded_and_further_events_are_passed_on() {
        let now = Instant::now();
        let mut seen = Seen::new(APART);
        for number in 0..LIMIT + 10 {
            assert!(seen.admit(Side::Old, "a/1", &number.to_string(), now));
        }
        assert_eq!(seen.copies.len(), LIMIT);
        assert!(
            !seen.admit(Side::New, "a/1", "0", now),
            "a known event is still recognized"
        );
        assert!(seen.admit(Side::New, "a/1", &(LIMIT + 1).to_string(), now));
    }

    #[test]
    fn old_events_are_removed() {
        let mut now = Instant::now();
        let mut seen = Seen::new(APART);
        for number in 0..LIMIT {
            assert!(seen.admit(Side::Old, "a/1", &number.to_string(), now));
        }
        now += APART + Duration::from_millis(1);
        assert!(seen.admit(Side::Old, "a/1", "new", now));
        assert!(!seen.admit(Side::New, "a/1", "new", now), "there is room");
        assert_eq!(seen.copies.len(), 1);
    }

    #[test]
    fn equal_events_that_are_further_apart_than_a_handover_are_two() {
        let now = Instant::now();
        let mut seen = Seen::new(Duration::ZERO);
        assert!(seen.admit(Side::Old, "a/1", "x", now));
        assert!(!seen.admit(Side::New, "a/1", "x", now + APART));
        let later = now + APART * 2 + Duration::from_millis(1);
        assert!(seen.admit(Side::New, "a/1", "x", later));
        assert!(!seen.admit(Side::Old, "a/1", "x", later + APART));

        let mut patient = Seen::new(APART * 3);
        assert!(patient.admit(Side::Old, "a/1", "x", now));
        assert!(!patient.admit(Side::New, "a/1", "x", now + APART * 2));
    }
}
