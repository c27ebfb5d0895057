//! Until when something may go on that was told to stop.

use tokio::sync::watch;
use tokio::time::Instant;

/// What somebody is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    GoOn,
    /// Begin nothing more; handlers that run may go on until then.
    StopBy(Instant),
}

impl Order {
    /// Gives the order to stop, unless an earlier time was given before. Tells whether this changes anything.
    pub(crate) fn stop_by(&mut self, by: Instant) -> bool {
        let sooner = !matches!(self, Self::StopBy(before) if *before <= by);
        if sooner {
            *self = Self::StopBy(by);
        }
        sooner
    }
}

/// Waits until told to stop, or until whoever could tell is gone.
pub(crate) async fn stop(orders: &mut watch::Receiver<Order>) -> Instant {
    let order = orders.wait_for(|order| *order != Order::GoOn).await;
    match order.as_deref() {
        Ok(Order::StopBy(by)) => *by,
        _ => Instant::now(),
    }
}

/// A time that may become an earlier one while it is waited for.
pub(crate) struct Deadline {
    by: Instant,
    orders: Option<watch::Receiver<Order>>,
}

impl Deadline {
    pub(crate) fn new(by: Instant, orders: &watch::Receiver<Order>) -> Self {
        let mut orders = orders.clone();
        let by = match *orders.borrow_and_update() {
            Order::StopBy(told) => by.min(told),
            Order::GoOn => by,
        };
        Self {
            by,
            orders: Some(orders),
        }
    }

    pub(crate) fn by(&self) -> Instant {
        self.by
    }

    /// Waits until it is an earlier one. It is now, when whoever could tell is gone. Cancel safe.
    pub(crate) async fn shortened(&mut self) {
        loop {
            let Some(orders) = &mut self.orders else {
                return std::future::pending().await;
            };
            let told = if orders.changed().await.is_ok() {
                *orders.borrow_and_update()
            } else {
                self.orders = None;
                Order::StopBy(Instant::now())
            };
            if let Order::StopBy(by) = told
                && by < self.by
            {
                self.by = by;
                return;
            }
        }
    }

    /// Waits until it is over. Cancel safe.
    pub(crate) async fn over(&mut self) {
        loop {
            let by = self.by;
            tokio::select! {
                () = tokio::time::sleep_until(by) => return,
                () = self.shortened() => {}
            }
        }
    }
}
