use super::env::Env;
use super::faults::HttpReply;
use super::handshake::upgrade;
use super::io::BoxIo;
use super::journal::{ClientAction, Service};
use super::link::Link;
use super::pump::{Reader, pump};

/// Serves one websocket connection until it ends.
///
/// `check` sees the headers of the upgrade request and accepts or refuses it; `begin` gets the value that `check` returned.
pub async fn serve<T: Send, R: Reader>(
    env: &Env,
    service: Service,
    io: BoxIo,
    check: impl FnOnce(&[(String, String)]) -> Result<T, HttpReply> + Send + Unpin,
    begin: impl FnOnce(&Link, T) -> R + Send,
) {
    let id = env.connections.next_id();
    let Some((socket, accepted)) = upgrade(env, io, service, id, check).await else {
        return;
    };
    let (link, outgoing) = env.link(id);
    env.connections.opened(service, &link);
    let reader = begin(&link, accepted);
    let code = pump(socket, &link, outgoing, env, reader).await;
    env.record(service, id, ClientAction::Closed(code));
}
