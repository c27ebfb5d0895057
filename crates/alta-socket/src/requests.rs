use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Instant;

/// Ids wrap here, since servers read them as signed 32-bit integers.
const LAST_ID: u32 = 2_147_483_647;

/// The maximum number of remembered ids of timed-out requests. A wrapped counter skips them.
const OWED_LIMIT: usize = 1_000;

/// Tables for more requests than this are freed when they are empty.
const KEPT: usize = 64;

/// The open requests of one connection: assigns ids, matches replies, finds overdue requests.
///
/// Ids begin at 1, since 0 means "no id" to some servers. An id is not used again on a connection while a reply to its
/// first use can arrive. Each connection has its own `Requests`.
#[derive(Debug)]
pub struct Requests<T> {
    next: u32,
    wrapped: bool,
    open: HashMap<u32, Open<T>, BuildHasherDefault<IdHasher>>,
    /// The earliest first. Deadlines of ended requests are removed when they are more than half: most requests end long
    /// before their deadline, in any order.
    deadlines: BinaryHeap<Reverse<(Instant, u32)>>,
    owed: VecDeque<u32>,
}

#[derive(Debug)]
struct Open<T> {
    since: Instant,
    deadline: Instant,
    request: T,
}

/// The request that a reply belongs to.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply<T> {
    /// This request, which has ended now.
    To(T),
    /// A request of this connection that had ended before: the reply is late, or a duplicate.
    Late,
    /// An id that was never sent on this connection.
    Unknown,
}

impl<T> Default for Requests<T> {
    fn default() -> Self {
        Self {
            next: 1,
            wrapped: false,
            open: HashMap::default(),
            deadlines: BinaryHeap::new(),
            owed: VecDeque::new(),
        }
    }
}

impl<T> Requests<T> {
    /// Opens a request and returns the id to send it under.
    pub fn begin(&mut self, request: T, now: Instant, deadline: Instant) -> u32 {
        let id = self.free_id();
        self.deadlines.push(Reverse((deadline, id)));
        self.open.insert(
            id,
            Open {
                since: now,
                deadline,
                request,
            },
        );
        id
    }

    /// Ends the request with the id of a reply.
    pub fn reply(&mut self, id: u32) -> Reply<T> {
        match self.end(id) {
            Some(request) => Reply::To(request),
            None if self.was_issued(id) => {
                self.owed.retain(|owed| *owed != id);
                Reply::Late
            }
            None => Reply::Unknown,
        }
    }

    /// Ends a request whose deadline has passed, the most overdue first. Its id stays reserved.
    pub fn expire(&mut self, now: Instant) -> Option<(u32, T)> {
        let (id, request) = loop {
            let Reverse((deadline, id)) = *self.deadlines.peek()?;
            if deadline > now {
                return None;
            }
            self.deadlines.pop();
            if self
                .open
                .get(&id)
                .is_some_and(|open| open.deadline == deadline)
                && let Some(request) = self.end(id)
            {
                break (id, request);
            }
        };
        if self.owed.len() == OWED_LIMIT {
            self.owed.pop_front();
        }
        self.owed.push_back(id);
        Some((id, request))
    }

    /// Ends a request without a reply, before its deadline.
    pub fn end(&mut self, id: u32) -> Option<T> {
        let ended = self.open.remove(&id)?;
        if self.open.is_empty() {
            self.deadlines.clear();
            if self.open.capacity() > KEPT {
                self.open.shrink_to_fit();
                self.deadlines.shrink_to_fit();
            }
        } else if self.deadlines.len() > 2 * self.open.len() + KEPT {
            let open = &self.open;
            self.deadlines.retain(|Reverse((deadline, id))| {
                let open = open.get(id);
                open.is_some_and(|open| open.deadline == *deadline)
            });
        }
        Some(ended.request)
    }

    /// The open request with this id.
    pub fn get_mut(&mut self, id: u32) -> Option<&mut T> {
        self.open.get_mut(&id).map(|open| &mut open.request)
    }

    /// All open requests, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        let mut open: Vec<_> = self.open.iter().collect();
        open.sort_unstable_by_key(|(id, _)| **id);
        open.into_iter().map(|(id, open)| (*id, &open.request))
    }

    /// Ends all open requests, in the order of their ids: the connection is gone.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        self.deadlines = BinaryHeap::new();
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_unstable_by_key(|(id, _)| *id);
        open.into_iter().map(|(_, open)| open.request)
    }

    /// The time of the next call of [`expire`](Self::expire). It can be earlier than the next request's deadline.
    pub fn deadline(&self) -> Option<Instant> {
        let Reverse((deadline, _)) = self.deadlines.peek()?;
        Some(*deadline)
    }

    /// The time at which the oldest open request began.
    pub fn oldest(&self) -> Option<Instant> {
        self.open.values().map(|open| open.since).min()
    }

    /// The number of open requests.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Returns whether no request is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn free_id(&mut self) -> u32 {
        loop {
            let id = self.next;
            self.next = if id == LAST_ID { 1 } else { id + 1 };
            self.wrapped |= id == LAST_ID;
            let taken = self.open.contains_key(&id) || (self.wrapped && self.owed.contains(&id));
            if !taken {
                return id;
            }
        }
    }

    fn was_issued(&self, id: u32) -> bool {
        id != 0 && id <= LAST_ID && (self.wrapped || id < self.next)
    }
}

/// 2^64 divided by the golden ratio: its multiples are far from each other.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Hashes ids, which are consecutive.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write_u32(&mut self, id: u32) {
        self.0 = u64::from(id).wrapping_mul(SPREAD);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(SPREAD);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;
    use std::time::Duration;

    #[derive(Clone, Debug)]
    enum Step {
        Begin(u64),
        Reply(u32),
        Pass(u64),
        Lose,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1_u64..50).prop_map(Step::Begin),
            4 => (0_u32..60).prop_map(Step::Reply),
            3 => (0_u64..30).prop_map(Step::Pass),
            1 => Just(Step::Lose),
        ]
    }

    proptest! {
        #[test]
        fn every_request_ends_exactly_once(steps in proptest::collection::vec(step(), 0..200)) {
            let mut now = Instant::now();
            let mut requests = Requests::default();
            let mut begun = 0_u32;
            let mut ended: HashMap<u32, u32> = HashMap::new();
            for step in steps {
                match step {
                    Step::Begin(after) => {
                        begun += 1;
                        let id = requests.begin(begun, now, now + Duration::from_secs(after));
                        prop_assert_eq!(id, begun, "ids are assigned in order and never twice");
                    }
                    Step::Reply(id) => match requests.reply(id) {
                        Reply::To(request) => {
                            prop_assert_eq!(request, id);
                            *ended.entry(request).or_default() += 1;
                        }
                        Reply::Late => prop_assert!(ended.contains_key(&id)),
                        Reply::Unknown => prop_assert!(id == 0 || id > begun),
                    },
                    Step::Pass(seconds) => {
                        now += Duration::from_secs(seconds);
                        while let Some((id, request)) = requests.expire(now) {
                            prop_assert_eq!(request, id);
                            *ended.entry(request).or_default() += 1;
                        }
                        prop_assert!(requests.deadline().is_none_or(|deadline| deadline > now));
                    }
                    Step::Lose => {
                        for request in requests.drain() {
                            *ended.entry(request).or_default() += 1;
                        }
                        prop_assert_eq!(requests.deadline(), None);
                    }
                }
                prop_assert!(requests.owed.len() <= OWED_LIMIT);
            }
            for request in requests.drain() {
                *ended.entry(request).or_default() += 1;
            }
            prop_assert_eq!(ended.len(), begun as usize);
            prop_assert!(ended.values().all(|times| *times == 1));
        }
    }

    #[test]
    fn wrapped_ids_skip_open_and_timed_out_requests() {
        let now = Instant::now();
        let mut requests = Requests::default();
        let open = requests.begin("open", now, now + Duration::from_secs(99));
        let owed = requests.begin("owed", now, now);
        assert_eq!((open, owed), (1, 2));
        assert_eq!(requests.expire(now), Some((2, "owed")));

        requests.next = LAST_ID;
        assert_eq!(requests.begin("last", now, now), LAST_ID);
        assert_eq!(requests.begin("wrapped", now, now), 3);
        assert_eq!(requests.reply(2), Reply::Late);
    }
}
