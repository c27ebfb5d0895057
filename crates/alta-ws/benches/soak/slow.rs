//! Readers that are too slow for their events: their losses are counted exactly.

use alta_ws::{Client, Missed, Overflow, Topic};
use std::time::Duration;
use tokio::task::JoinHandle;

/// The number of topics that have a slow reader besides the other one, and more events than it reads.
pub(crate) const SLOW: usize = 4;

/// The pause of a slow reader after each item: it reads less than is sent.
const REST: Duration = Duration::from_millis(400);
const CAPACITY: usize = 2;

/// The number of events that reached a stream, and of those that it reported as lost.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    pub(crate) read: u64,
    pub(crate) lagged: u64,
}

/// Starts slow readers of the first topics.
pub(crate) fn read(client: &Client, topics: &[Topic]) -> Vec<JoinHandle<Count>> {
    let overflows = [Overflow::DropOldest, Overflow::DropNewest];
    let overflows = overflows.into_iter().cycle();
    let topics = topics.iter().take(SLOW).zip(overflows);
    topics
        .map(|(topic, overflow)| {
            let stream = client.subscribe(topic.clone());
            let mut stream = stream.capacity(CAPACITY).overflow(overflow).start();
            tokio::spawn(async move {
                let mut count = Count { read: 0, lagged: 0 };
                while let Some(item) = stream.next().await {
                    match item {
                        Ok(_) => count.read += 1,
                        Err(Missed::Lagged(events)) => count.lagged += events,
                        Err(Missed::Gap { .. }) => {}
                        Err(other) => panic!("{other}"),
                    }
                    tokio::time::sleep(REST).await;
                }
                count
            })
        })
        .collect()
}
