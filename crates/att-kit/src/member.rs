use alta_model::Timestamp;
use att_console::{Event, Missed, Subscription};
use futures_core::Stream;
use futures_util::StreamExt as _;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// The streams of the consoles of one key, one after another.
pub(crate) struct Member<T, K> {
    pub(crate) key: K,
    streams: VecDeque<Part<T>>,
    /// The item that followed a gap, if it was read already.
    ahead: Option<Result<Event<T>, Missed>>,
    waker: Option<Waker>,
    has_ended: bool,
}

/// The stream of one console.
struct Part<T> {
    stream: Subscription<T>,
    /// For a console that has left: the number of its unread items.
    leaving: Option<usize>,
}

/// An item of a member.
pub(crate) enum Read<T> {
    Item(Result<Event<T>, Missed>),
    /// The console has left in this gap, which continues.
    LastGap(Missed),
    /// The set has no console of this key any more.
    End,
}

/// Nothing in it is pinned.
impl<T, K> Unpin for Member<T, K> {}

impl<T, K> Member<T, K> {
    pub(crate) fn new(key: K, stream: Subscription<T>) -> Self {
        let mut member = Self {
            key,
            streams: VecDeque::new(),
            ahead: None,
            waker: None,
            has_ended: false,
        };
        member.push(stream);
        member
    }

    /// Adds the stream of the next console.
    pub(crate) fn push(&mut self, stream: Subscription<T>) {
        self.streams.push_back(Part {
            stream,
            leaving: None,
        });
    }

    /// The console has left: the items that were received before are still read.
    pub(crate) fn leave(&mut self) {
        if let Some(part) = self.streams.back_mut() {
            let queued = part.stream.queued();
            part.leaving.get_or_insert(queued);
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The stream of the latest console.
    pub(crate) fn latest(&self) -> Option<&Subscription<T>> {
        self.streams.back().map(|part| &part.stream)
    }

    /// The next item of the first stream; `None` if all of its items are read.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<Option<Read<T>>> {
        let Some(part) = self.streams.front_mut() else {
            return Poll::Ready(None);
        };
        let item = match self.ahead.take() {
            Some(item) => Poll::Ready(Some(item)),
            None => part.stream.poll_next_unpin(cx),
        };
        match item {
            Poll::Ready(Some(Err(gap @ Missed::Gap { .. }))) => {
                if part.leaving == Some(0) {
                    return Poll::Ready(Some(Read::LastGap(gap)));
                }
                match part.stream.poll_next_unpin(cx) {
                    Poll::Ready(None) => Poll::Ready(Some(Read::LastGap(gap))),
                    Poll::Ready(ahead) => {
                        self.ahead = ahead;
                        Poll::Ready(Some(Read::Item(Err(gap))))
                    }
                    Poll::Pending => Poll::Ready(Some(Read::Item(Err(gap)))),
                }
            }
            Poll::Ready(Some(item)) => match &mut part.leaving {
                // The item was received after the console had left.
                Some(0) => Poll::Ready(None),
                Some(left) => {
                    *left -= 1;
                    Poll::Ready(Some(Read::Item(item)))
                }
                None => Poll::Ready(Some(Read::Item(item))),
            },
            // The console is closed.
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending if part.leaving.is_some() => {
                let gap = part.stream.interrupted_since().map(|since| Missed::Gap {
                    since,
                    until: Timestamp::now(),
                });
                self.streams.pop_front();
                Poll::Ready(gap.map(Read::LastGap))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<T, K: Clone> Stream for Member<T, K> {
    type Item = (K, Read<T>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        while !this.streams.is_empty() {
            let streams = this.streams.len();
            match this.poll_first(cx) {
                Poll::Ready(Some(read)) => return Poll::Ready(Some((this.key.clone(), read))),
                Poll::Ready(None) => {
                    if this.streams.len() == streams {
                        this.streams.pop_front();
                    }
                }
                Poll::Pending => {
                    this.waker = Some(cx.waker().clone());
                    return Poll::Pending;
                }
            }
        }
        if std::mem::replace(&mut this.has_ended, true) {
            return Poll::Ready(None);
        }
        Poll::Ready(Some((this.key.clone(), Read::End)))
    }
}
