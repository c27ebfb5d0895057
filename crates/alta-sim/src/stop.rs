use crate::reserve::reserve;
use crate::shared::Shared;
use alta_cloud::net::{Outgoing, Service};
use std::sync::Arc;

/// Closes the console port of a server, ends its connections, and marks the server as offline.
pub(crate) async fn stop_server(shared: &Shared, server: u64) {
    let port = shared.with(|state, _| {
        if let Some(found) = state.world.cloud.servers.get_mut(&server) {
            found.console_port = None;
        }
        state.listening.remove(&server)
    });
    if let Some(listening) = port {
        let port = listening.port;
        listening.close().await;
        shared.with(|state, _| {
            let found = state.world.cloud.servers.get(&server);
            // Without the reservation, the restart can fail, and then says so.
            let reserved = found.filter(|found| found.is_self_hosted());
            if let Some(socket) = reserved.and_then(|_| reserve(port).ok()) {
                state.reserved.insert(server, socket);
            }
        });
    }
    let connections = &shared.env.connections;
    connections.push_all(
        |service| service == Service::Console(server),
        &Outgoing::Cut,
    );
    shared.with(|state, now| state.world.set_online(server, false, now));
}

/// Stops a server whose command `quit` has run.
pub(crate) fn stop_if_quitting(shared: &Arc<Shared>, server: u64) {
    let quits = shared.with(|state, _| state.world.quitting.remove(&server));
    if quits {
        let stopping = Arc::clone(shared);
        shared
            .env
            .tasks
            .spawn(async move { stop_server(&stopping, server).await });
    }
}
