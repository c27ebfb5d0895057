//! The events of the subscriptions, as lines.

use super::printer::Printer;
use super::view::View;
use crate::failure::Failure;
use crate::render::EventItem;
use pytale::Console;
use pytale::console::{EventName, Subscription};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::task::JoinHandle;

/// The subscriptions of the session, each with a task that prints its events.
pub(super) struct Feed {
    console: Console,
    printer: Printer,
    view: Arc<View>,
    tasks: HashMap<EventName, JoinHandle<()>>,
}

/// The key of the subscription to all events.
const ALL: &str = "*";

impl Feed {
    pub(super) fn new(console: Console, printer: Printer, view: Arc<View>) -> Self {
        Self {
            console,
            printer,
            view,
            tasks: HashMap::new(),
        }
    }

    /// Subscribes to an event, or to all with `*`. The line with the server's confirmation or refusal follows later.
    pub(super) fn subscribe(&mut self, name: &str) {
        let key = EventName::from(name);
        if self.tasks.get(&key).is_some_and(|task| !task.is_finished()) {
            self.printer
                .print(format_args!("already subscribed to {name}"));
            return;
        }
        let subscribe = if name == ALL {
            self.console.subscribe_to_everything()
        } else {
            self.console.subscribe_to([name])
        };
        let (printer, view) = (self.printer.clone(), Arc::clone(&self.view));
        let name = name.to_owned();
        let task = tokio::spawn(async move {
            match subscribe.await {
                Ok(stream) => {
                    printer.print(format_args!("-- subscribed to {name}"));
                    print_events(stream, &printer, &view).await;
                }
                Err(error) => printer.print(Failure::from(error)),
            }
        });
        self.tasks.insert(key, task);
    }

    /// Ends the subscriptions to these events, or all of them. Returns the names that were not subscribed.
    pub(super) fn unsubscribe(&mut self, names: &[String]) -> Vec<String> {
        if names.is_empty() {
            self.tasks.drain().for_each(|(_, task)| task.abort());
            return Vec::new();
        }
        let mut unknown = Vec::new();
        for name in names {
            match self.tasks.remove(&EventName::from(name.as_str())) {
                Some(task) => task.abort(),
                None => unknown.push(name.clone()),
            }
        }
        unknown
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &EventName> {
        self.tasks.keys()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.tasks.values().for_each(JoinHandle::abort);
    }
}

async fn print_events(mut stream: Subscription<Value>, printer: &Printer, view: &View) {
    while let Some(item) = stream.next().await {
        if let Some(line) = view.take(&EventItem::from(item)) {
            printer.print(line);
        }
    }
}
