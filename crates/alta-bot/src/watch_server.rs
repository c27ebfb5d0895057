//! Follows the name and the state of a server for its console, by REST and the main websocket.

use crate::access::is_refusal;
use alta_model::{GroupId, Server, ServerId};
use alta_socket::{Backoff, BackoffPolicy};
use alta_ws::{Event, GroupServerStatus, GroupServerUpdate, Missed};
use att_console::Console;
use tracing::debug;

/// The name and the group of a server.
#[derive(Clone, Debug)]
pub(crate) struct ServerInfo {
    pub(crate) name: String,
    pub(crate) group: Option<GroupId>,
}

impl ServerInfo {
    pub(crate) fn label(&self) -> Option<String> {
        Some(self.name.clone()).filter(|name| !name.is_empty())
    }
}

impl From<Server> for ServerInfo {
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
    /// Runs until the console is closed permanently.
    pub(crate) async fn run(self, info: Option<ServerInfo>) {
        // The stream yields only changes of the state; `wait_for` would also wake for each event.
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
            () = self.follow(info) => {}
        }
    }

    async fn follow(&self, info: Option<ServerInfo>) {
        let info = match info {
            Some(info) => Some(info),
            None => self.read_info_until_replied().await,
        };
        let group = info.and_then(|info| info.group);
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

    async fn read_info_until_replied(&self) -> Option<ServerInfo> {
        let seed = self.server.get().unsigned_abs();
        let mut backoff = Backoff::new(BackoffPolicy::default(), seed);
        loop {
            tokio::time::sleep(backoff.next_delay()).await;
            match self.rest.servers().get(self.server).await {
                Ok(server) => {
                    self.rename(&server);
                    return Some(ServerInfo::from(server));
                }
                Err(error) if is_refusal(&error) => {
                    debug!(server = %self.server, ?error, "the server's name stays unknown");
                    return None;
                }
                Err(_) => {}
            }
        }
    }

    /// The start of the server may have been missed in a gap, so the console also tries to connect after one.
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
