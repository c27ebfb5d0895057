use crate::calls::Calls;
use crate::consoles::Consoles;
use crate::counters::Totals;
use crate::key::Key;
use att_console::Status;
use std::sync::Arc;

/// A snapshot of a runner.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health<K = Arc<str>> {
    /// The consoles of the set.
    pub consoles: Vec<ConsoleHealth<K>>,
    /// The counters.
    pub totals: Totals,
}

/// A snapshot of one console of a runner.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConsoleHealth<K = Arc<str>> {
    /// Its key in the set.
    pub key: K,
    /// Its label.
    pub label: Arc<str>,
    /// Its state and its counters.
    pub status: Status,
}

impl<K: Key> Health<K> {
    /// The snapshot of these consoles and calls.
    pub fn of(consoles: &Consoles<K>, calls: &Calls) -> Self {
        let consoles = consoles.all().into_iter();
        let consoles = consoles.map(|(key, console)| ConsoleHealth {
            key,
            label: console.label(),
            status: console.status(),
        });
        Self {
            consoles: consoles.collect(),
            totals: calls.totals(),
        }
    }

    /// Sets the gauges of the consoles.
    #[cfg(feature = "metrics")]
    #[allow(clippy::cast_precision_loss, reason = "no set holds 2^52 consoles")]
    pub fn set_gauges(&self) {
        let connected = self
            .consoles
            .iter()
            .filter(|console| console.is_connected());
        metrics::gauge!("pytale_consoles").set(self.consoles.len() as f64);
        metrics::gauge!("pytale_consoles_connected").set(connected.count() as f64);
    }
}

impl<K> Health<K> {
    /// Returns whether every console is connected.
    pub fn is_connected(&self) -> bool {
        self.consoles.iter().all(ConsoleHealth::is_connected)
    }
}

impl<K> ConsoleHealth<K> {
    /// Returns whether commands run on it now.
    pub fn is_connected(&self) -> bool {
        self.status.state.is_connected()
    }
}
