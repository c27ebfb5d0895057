//! Commands that are repeated.

use super::printer::Printer;
use crate::render;
use pytale::Console;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

/// The largest number of repeated commands.
const MOST: usize = 16;

#[derive(Default)]
pub(super) struct Watches {
    tasks: JoinSet<()>,
}

impl Watches {
    /// Repeats a command and prints each result that differs from the last one. Returns false if there are too many.
    pub(super) fn start(
        &mut self,
        console: &Console,
        printer: &Printer,
        every: Duration,
        command: String,
    ) -> bool {
        if self.tasks.len() >= MOST {
            return false;
        }
        let (console, printer) = (console.clone(), printer.clone());
        self.tasks.spawn(async move {
            let mut ticks = interval(every);
            // A slow server is not asked twice at once.
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut last = None;
            loop {
                ticks.tick().await;
                let text = match console.command(command.as_str()).await {
                    Ok(reply) => render::screen(&reply),
                    Err(error) => error.to_string(),
                };
                if last.as_ref() != Some(&text) {
                    printer.print(format_args!("-- {command}\n{text}"));
                    last = Some(text);
                }
            }
        });
        true
    }

    /// Ends all repetitions, and returns their number.
    pub(super) fn end(&mut self) -> usize {
        let count = self.tasks.len();
        self.tasks = JoinSet::new();
        count
    }
}
