//! Follows the name and the state of a server for its console, by REST and the main websocket.

use crate::access::is_refusal;
use alta_model::{GroupId, Server, ServerId};
use alta_socket::{Backoff, BackoffPolicy};
use alta_ws::{Event, GroupServerStatus, GroupServerUpdate, Missed};
use att_console::Console;
use tracing::debug;

/// The name and the group of a server.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) group: Option<GroupId>,
}

impl About {
    pub(crate) fn label(&self) -> Option<String> {
        Some(self.name.clone()).filter(|name| !name.is_empty())
    }
}

impl From<Server> for About {
    fn from(server: Server) -> Self {
        Self {
            name: server.name,
            group: server.group_id,
        }
    }
}

/// Keeps the label of a console equal to its server's name, and makes the console connect at once when the server is up.
pub(crate) struct WatchServer {
    pub(crate) server: ServerId,
    pub(crate) console: Console,
    pub(crate) rest: alta_rest::Client,
    pub(crate) socket: Option<alta_ws::Client>,
    /// False if the program has chosen the label.
    pub(crate) follow_name: bool,
}

impl WatchServer {
    /// Runs until the console is closed for good.
    pub(crate) async fn run(self, about: Option<About>) {
        // As a stream, which yields when the state changes; waiting for a condition would look at each event, too.
        let mut states = self.console.statuses();
        let closed = async {
            while states
                .next()
                .await
                .is_some_and(|now| !now.state.is_closed())
            {}
        };
        tokio::select! {
            () = closed => {}
            () = self.follow(about) => {}
        }
    }

    async fn follow(&self, about: Option<About>) {
        let about = match about {
            Some(about) => Some(about),
            None => self.ask_until_answered().await,
        };
        let group = about.and_then(|about| about.group);
        let (Some(group), Some(socket)) = (group, &self.socket) else {
            return;
        };
        let mut statuses = socket.subscribe(GroupServerStatus(group)).start();
        let mut updates = socket.subscribe(GroupServerUpdate(group)).start();
        loop {
            tokio::select! {
                status = statuses.next() => match status {
                    Some(status) => self.status(status).await,
                    None => return,
                },
                update = updates.next() => match update {
                    Some(Ok(update)) => self.rename(&update.data),
                    Some(Err(_)) => {}
                    None => return,
                },
            }
        }
    }

    async fn ask_until_answered(&self) -> Option<About> {
        let seed = self.server.get().unsigned_abs();
        let mut backoff = Backoff::new(BackoffPolicy::default(), seed);
        loop {
            tokio::time::sleep(backoff.next_delay()).await;
            match self.rest.servers().get(self.server).await {
                Ok(server) => {
                    self.rename(&server);
                    return Some(About::from(server));
                }
                Err(error) if is_refusal(&error) => {
                    debug!(server = %self.server, ?error, "the server's name stays unknown");
                    return None;
                }
                Err(_) => {}
            }
        }
    }

    /// After a gap the server's start may have been missed: then the console tries.
    async fn status(&self, status: Result<Event<Server>, Missed>) {
        let may_be_up = match status {
            Ok(event) => {
                self.rename(&event.data);
                event.data.id == self.server && event.data.is_up()
            }
            Err(missed) => matches!(missed, Missed::Gap { .. } | Missed::Lagged(_)),
        };
        if may_be_up && !self.console.status().state.is_connected() {
            self.console.retry_now().await;
        }
    }

    fn rename(&self, server: &Server) {
        if self.follow_name && server.id == self.server && !server.name.is_empty() {
            self.console.set_label(server.name.as_str());
        }
    }
}
