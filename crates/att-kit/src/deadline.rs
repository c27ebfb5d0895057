use tokio::sync::watch;
use tokio::time::Instant;

/// A request to stop: `None` until it is made, then the instant by which handlers must have ended. A later request may only
/// shorten the time.
pub type StopBy = Option<Instant>;

/// Requests a stop by this instant, unless an earlier one was requested before.
pub fn request_stop(stop: &watch::Sender<StopBy>, by: Instant) {
    stop.send_if_modified(|before| {
        let is_sooner = before.is_none_or(|before| by < before);
        if is_sooner {
            *before = Some(by);
        }
        is_sooner
    });
}

/// Waits until a stop is requested, or until the sender is dropped, which stops at once.
///
/// # Cancel safety
///
/// Cancel safe.
pub async fn stop_requested(stop: &mut watch::Receiver<StopBy>) -> Instant {
    match stop.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(by)) => *by,
        _ => Instant::now(),
    }
}

/// The instant by which handlers must have ended. It follows further requests, which may only shorten the time.
#[derive(Debug)]
pub struct Deadline {
    by: Instant,
    stop: Option<watch::Receiver<StopBy>>,
}

impl Deadline {
    /// This instant, or an earlier one that is requested.
    pub fn new(by: Instant, stop: &watch::Receiver<StopBy>) -> Self {
        let mut stop = stop.clone();
        let requested = *stop.borrow_and_update();
        Self {
            by: requested.map_or(by, |requested| by.min(requested)),
            stop: Some(stop),
        }
    }

    /// The instant as of now.
    pub fn by(&self) -> Instant {
        self.by
    }

    /// Waits until the deadline becomes an earlier one. If the sender of requests is dropped, it is now.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn shortened(&mut self) {
        loop {
            let Some(stop) = &mut self.stop else {
                return std::future::pending().await;
            };
            let requested = if stop.changed().await.is_ok() {
                *stop.borrow_and_update()
            } else {
                self.stop = None;
                Some(Instant::now())
            };
            if let Some(by) = requested
                && by < self.by
            {
                self.by = by;
                return;
            }
        }
    }

    /// Waits until the deadline has passed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn passed(&mut self) {
        loop {
            let by = self.by;
            tokio::select! {
                () = tokio::time::sleep_until(by) => return,
                () = self.shortened() => {}
            }
        }
    }
}
