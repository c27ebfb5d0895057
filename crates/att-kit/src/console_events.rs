use crate::feed::{Change, Feed, Follow as _, State};
use crate::key::Key;
use crate::member::{Member, Read};
use alta_model::Timestamp;
use att_console::{Event, EventName, Missed, Subscription};
use futures_core::Stream;
use futures_util::StreamExt;
use futures_util::stream::SelectAll;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// The events of all consoles of a set, including those that are added later, each with the key of its console.
///
/// A console that leaves the set and another that is added under the same key are an outage like any other: the stream yields
/// one gap, from the last frame of the server to the confirmation on the new console. Until then,
/// [`interruptions`](Self::interruptions) contains it.
///
/// Each console's events keep their order; between consoles there is none. Items are `Ok(event)`, or `Err(missed)` where
/// events of one console are missing; the stream continues after both. Each console has a bounded queue of its own, so a busy
/// console causes no other to lose events.
///
/// It ends when the set is closed or its last handle is dropped, when it is
/// [unsubscribed](crate::Consoles::unsubscribe), or, if it has [only](crate::Subscribe::only) one console, with that console.
/// Dropping it unsubscribes after a short linger, if no other stream wants the same events.
#[must_use = "a stream does nothing until it is read"]
pub struct ConsoleEvents<T, K = Arc<str>> {
    feed: Arc<Feed<T, K>>,
    streams: SelectAll<Member<T, K>>,
    /// The keys of these streams.
    reading: BTreeSet<K>,
    /// The open gaps of consoles that have left. The stream yields each together with the gap of the next console of its key, or
    /// at its end.
    open_gaps: BTreeMap<K, Missed>,
}

/// An event or a miss, with the key of its console.
type Item<T, K> = (K, Result<Event<T>, Missed>);

impl<T: 'static, K: Key> ConsoleEvents<T, K> {
    pub(crate) fn new(feed: Arc<Feed<T, K>>) -> Self {
        Self {
            feed,
            streams: SelectAll::new(),
            reading: BTreeSet::new(),
            open_gaps: BTreeMap::new(),
        }
    }

    /// The next item of any console; `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item that was not returned is still in its queue.
    pub async fn next(&mut self) -> Option<Item<T, K>> {
        StreamExt::next(self).await
    }

    /// The next event of any console. Where events are missing, a warning is logged and the stream continues; use
    /// [`next`](Self::next) to handle that. `None` when the stream has ended.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an event that was not returned is still in its queue.
    pub async fn next_event(&mut self) -> Option<(K, Event<T>)> {
        loop {
            match self.next().await? {
                (key, Ok(event)) => return Some((key, event)),
                (key, Err(missed)) => {
                    tracing::warn!(console = %key, %missed, "events were missed");
                }
            }
        }
    }

    /// The names of the events; none for a stream of everything.
    pub fn names(&self) -> &[EventName] {
        self.feed.names()
    }

    pub(crate) fn only(&self) -> Option<&K> {
        self.feed.only()
    }

    /// Returns whether every console is live, and none has left in an outage; see [`Subscription::is_live`].
    pub fn is_live(&self) -> bool {
        if self.interrupted_since().is_some() {
            return false;
        }
        let state = self.feed.lock();
        self.present(&state).all(|(_, stream)| stream.is_live())
    }

    /// The instant since which events of any console may be missing; see [`Subscription::interrupted_since`].
    pub fn interrupted_since(&self) -> Option<Timestamp> {
        let interruptions = self.interruptions().into_iter();
        interruptions.map(|(_, since)| since).min()
    }

    /// The consoles whose events may be missing, by key, each with the begin of its gap.
    pub fn interruptions(&self) -> Vec<(K, Timestamp)> {
        let state = self.feed.lock();
        let present = self.present(&state);
        let present =
            present.filter_map(|(key, stream)| Some((key.clone(), stream.interrupted_since()?)));
        let gone = state.seen.iter().filter(|(_, seen)| !seen.is_member);
        let gone = gone.filter_map(|(key, seen)| Some((key.clone(), seen.since?)));
        present.chain(gone).collect()
    }

    /// The latest stream of each console that is in the set.
    fn present<'a>(
        &'a self,
        state: &'a State<T, K>,
    ) -> impl Iterator<Item = (&'a K, &'a Subscription<T>)> {
        let joined: BTreeMap<&K, &Subscription<T>> = state
            .changes
            .iter()
            .filter_map(|change| match change {
                Change::Joined(key, stream) => Some((key, &**stream)),
                _ => None,
            })
            .collect();
        let is_member = |key: &K| state.seen.get(key).is_some_and(|seen| seen.is_member);
        let read = self.streams.iter();
        let read = read.filter_map(|member| Some((&member.key, member.latest()?)));
        let read: Vec<_> = read.filter(|(key, _)| !joined.contains_key(key)).collect();
        let all = read.into_iter().chain(joined);
        all.filter(move |(key, _)| is_member(key))
    }

    /// Applies the changes of the set since the last poll. Returns whether no further console will be added, or `None` if the
    /// stream was ended.
    fn follow(&mut self) -> Option<bool> {
        let Self {
            feed,
            streams,
            reading,
            open_gaps,
        } = self;
        let mut state = feed.lock();
        if state.is_ended {
            state.changes.clear();
            streams.clear();
            return None;
        }
        for change in state.changes.drain(..) {
            match change {
                Change::Joined(key, stream) => {
                    // The events of the last console of this key are yielded first.
                    if reading.insert(key.clone()) {
                        streams.push(Member::new(key, *stream));
                    } else if let Some(member) = find(streams, &key) {
                        member.push(*stream);
                    }
                }
                Change::Left(key) => {
                    if let Some(member) = find(streams, &key) {
                        member.leave();
                    }
                }
                Change::Excluded(key) => {
                    reading.remove(&key);
                    open_gaps.remove(&key);
                    let kept = std::mem::take(streams).into_iter();
                    streams.extend(kept.filter(|member| member.key != key));
                }
                Change::AllLeft => streams.iter_mut().for_each(Member::leave),
            }
        }
        Some(state.is_complete)
    }
}

fn find<'a, T: 'static, K: Key>(
    streams: &'a mut SelectAll<Member<T, K>>,
    key: &K,
) -> Option<&'a mut Member<T, K>> {
    streams.iter_mut().find(|member| member.key == *key)
}

impl<T: 'static, K: Key> Stream for ConsoleEvents<T, K> {
    type Item = Item<T, K>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item<T, K>>> {
        let this = &mut *self;
        this.feed.waker.register(cx.waker());
        let Some(is_complete) = this.follow() else {
            return Poll::Ready(None);
        };
        loop {
            match ready!(this.streams.poll_next_unpin(cx)) {
                Some((key, Read::Item(item))) => {
                    let item = item.map_err(|missed| one_gap(this.open_gaps.remove(&key), missed));
                    return Poll::Ready(Some((key, item)));
                }
                Some((key, Read::LastGap(missed))) => {
                    let missed = one_gap(this.open_gaps.remove(&key), missed);
                    this.open_gaps.insert(key, missed);
                }
                Some((key, Read::End)) => {
                    this.reading.remove(&key);
                }
                None if is_complete => {
                    let last = this.open_gaps.pop_first();
                    return Poll::Ready(last.map(|(key, missed)| (key, Err(missed))));
                }
                // More consoles may be added.
                None => return Poll::Pending,
            }
        }
    }
}

/// A gap, joined with the one in which the last console of its key has left.
fn one_gap(open: Option<Missed>, missed: Missed) -> Missed {
    match (open, missed) {
        (Some(Missed::Gap { since: before, .. }), Missed::Gap { since, until }) => Missed::Gap {
            since: since.min(before),
            until,
        },
        (_, missed) => missed,
    }
}

impl<T, K> fmt::Debug for ConsoleEvents<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleEvents").finish_non_exhaustive()
    }
}
