//! Standard input.

use std::io::{BufRead as _, stdin};
use tokio::sync::mpsc;

/// Reads lines in a thread of its own, which does not delay the end of the program as a read of the runtime would.
pub(crate) fn lines_of_standard_input() -> mpsc::Receiver<std::io::Result<String>> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in stdin().lock().lines() {
            let failed = line.is_err();
            if sender.blocking_send(line).is_err() || failed {
                return;
            }
        }
    });
    lines
}
