use crate::reserve::reserve_when_free;
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
    let closed = match port {
        Some(listening) => {
            let port = listening.port;
            listening.close().await;
            Some(port)
        }
        None => None,
    };
    let connections = &shared.env.connections;
    connections.push_all(
        |service| service == Service::Console(server),
        &Outgoing::Cut,
    );
    let keeps_port = shared.with(|state, now| {
        state.world.set_online(server, false, now);
        state.world.is_self_hosted(server) || state.fixed_ports.contains(&server)
    });
    if let Some(port) = closed.filter(|_| keeps_port) {
        // Without the reservation, the next start can fail, and then says so.
        if let Some(socket) = reserve_when_free(shared.config.listen, port).await {
            shared.with(|state, _| state.reserved.insert(server, socket));
        }
    }
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
