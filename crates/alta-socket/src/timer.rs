use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::time::Sleep;

/// One timer for a machine's next deadline. It is reset only to fire earlier: a deadline moves with every frame, and setting a
/// timer costs more than checking one.
#[derive(Debug, Default)]
pub(crate) struct Timer {
    armed: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Timer {
    /// Returns whether it must be polled to fire in time for `deadline`.
    pub(crate) fn is_late_for(&self, deadline: Option<Instant>) -> bool {
        deadline.is_some_and(|deadline| match &self.armed {
            Some((at, _)) => deadline < *at,
            None => true,
        })
    }

    /// Ready when `deadline` may have passed. It can fire early; the machine checks the clock.
    pub(crate) fn poll(&mut self, deadline: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = deadline else {
            // It can have fired just now, and would not fire again for a later deadline.
            self.armed = None;
            return Poll::Pending;
        };
        match &mut self.armed {
            Some((at, sleep)) => {
                if deadline < *at {
                    *at = deadline;
                    sleep.as_mut().reset(deadline.into());
                }
            }
            None => {
                self.armed = Some((
                    deadline,
                    Box::pin(tokio::time::sleep_until(deadline.into())),
                ));
            }
        }
        let Some((_, sleep)) = &mut self.armed else {
            return Poll::Pending;
        };
        let fired = sleep.as_mut().poll(cx);
        if fired.is_ready() {
            self.armed = None;
        }
        fired
    }
}
