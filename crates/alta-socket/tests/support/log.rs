//! Captures the log lines of a thread; the tests of `alta-ws` and `att-console` include this file.

use std::io::Write;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::watch;
use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, NoSubscriber};

/// While only one dispatcher exists, `tracing` asks the subscriber of the present thread whether to enable an event, and
/// remembers the reply for all threads. Another thread has no subscriber, so the lines of this one could be lost.
static SECOND_DISPATCHER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(NoSubscriber::new()));

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<watch::Sender<String>>);

impl Log {
    /// Captures the lines of this thread that pass the filter, until the guard is dropped.
    pub(crate) fn capture(filter: &str) -> (Self, DefaultGuard) {
        LazyLock::force(&SECOND_DISPATCHER);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        self.0.borrow().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    /// Waits until the captured text matches.
    pub(crate) async fn wait_for(&self, is_found: impl Fn(&str) -> bool) {
        let mut text = self.0.subscribe();
        let found = text.wait_for(|text| is_found(text));
        tokio::time::timeout(Duration::from_secs(60), found)
            .await
            .expect("the line was not logged in time")
            .unwrap();
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let more = str::from_utf8(bytes).map_err(std::io::Error::other)?;
        self.0.send_modify(|text| text.push_str(more));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
