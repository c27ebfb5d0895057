use crate::frame::Frame;
use crate::topic::Topic;
use alta_socket::{Delivery, Hub, QueueConfig, Subscriber};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

/// Enough capacity for the events of one test.
const QUEUE: usize = 10_000;

/// The items that a stream yielded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Event(u64),
    Gap(Instant, Instant),
}

pub(super) struct Reader {
    pub(super) topic: Topic,
    subscriber: Subscriber<Topic, Frame>,
    /// The number of events that had happened when the server confirmed the subscription for this reader.
    pub(super) confirmed: Option<u64>,
    pub(super) items: Vec<Item>,
}

impl Reader {
    pub(super) fn new(hub: &Hub<Topic, Frame>, topic: Topic) -> Self {
        Self {
            subscriber: hub.subscribe(vec![topic.clone()], QueueConfig::new(QUEUE)),
            topic,
            confirmed: None,
            items: Vec::new(),
        }
    }

    pub(super) fn read(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(delivery)) = self.subscriber.poll_next(&mut cx) {
            self.items.push(match delivery {
                // It can be any event.
                Delivery::Frame(frame) if frame.content.is_none() => continue,
                Delivery::Frame(frame) => {
                    Item::Event(frame.content().unwrap().text().unwrap().parse().unwrap())
                }
                Delivery::Gap(since, until) => Item::Gap(since, until),
                Delivery::Lagged(count) => panic!("lagged by {count}"),
            });
        }
    }
}
