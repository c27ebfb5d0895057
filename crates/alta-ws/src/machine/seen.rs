use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// How many different events are remembered: at the speed of a thousand a second for much longer than a hand-over
/// lasts, and a few megabytes. Beyond it events are passed on unseen, since twice is better than never.
const LIMIT: usize = 100_000;

/// Which of the two sockets of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Old,
    New,
}

/// What the two sockets of a migration have delivered: holds hashes and counts only.
#[derive(Debug, Default)]
pub(super) struct Seen {
    counts: HashMap<u64, [u32; 2]>,
    hasher: RandomState,
}

impl Seen {
    /// Whether to pass on an event that came on this side. Equal ones are passed on as often as the side that had
    /// them more often: what one side had twice is two events, what both had once is one.
    pub(super) fn admit(&mut self, side: Side, topic: &str, content: &str) -> bool {
        let hash = self.hasher.hash_one((topic, content));
        if self.counts.len() >= LIMIT && !self.counts.contains_key(&hash) {
            return true;
        }
        let [old, new] = self.counts.entry(hash).or_default();
        let (this, other) = match side {
            Side::Old => (old, new),
            Side::New => (new, old),
        };
        *this += 1;
        *this > *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_event_is_passed_on_as_often_as_the_socket_that_had_it_more_often(
            frames in proptest::collection::vec((any::<bool>(), 0_u8..4), 0..200),
        ) {
            let mut seen = Seen::default();
            let mut had: HashMap<u8, [u32; 2]> = HashMap::new();
            let mut passed: HashMap<u8, u32> = HashMap::new();
            for (new, event) in frames {
                let side = if new { Side::New } else { Side::Old };
                had.entry(event).or_default()[usize::from(new)] += 1;
                if seen.admit(side, "group-update/1", &event.to_string()) {
                    *passed.entry(event).or_default() += 1;
                }
            }
            for (event, [old, new]) in had {
                prop_assert_eq!(passed[&event], old.max(new));
            }
        }
    }

    #[test]
    fn the_table_is_bounded_and_what_does_not_fit_is_passed_on() {
        let mut seen = Seen::default();
        for number in 0..LIMIT + 10 {
            assert!(seen.admit(Side::Old, "a/1", &number.to_string()));
        }
        assert_eq!(seen.counts.len(), LIMIT);
        assert!(
            !seen.admit(Side::New, "a/1", "0"),
            "what is known still counts"
        );
        assert!(seen.admit(Side::New, "a/1", &(LIMIT + 1).to_string()));
    }
}
