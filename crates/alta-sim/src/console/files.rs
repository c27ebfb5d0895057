use alta_cloud::rest::{Call, Reply};
use alta_cloud::state::{Grant, Purpose};

use super::token::self_hosted_token;
use crate::shared::Shared;

/// `GET /output/{user}/{file}` of a console's file server. The request carries the token of the console.
pub(crate) fn download(shared: &Shared, call: &Call<'_>, user: &str, file: &str) -> Reply {
    let header = call.request.header("authorization");
    let Some(owner) = owner(shared, header) else {
        return Reply::gateway(401, "Unauthorized");
    };
    if user != owner.to_string() {
        return Reply::gateway(403, "Forbidden");
    }
    if call.request.method != "GET" {
        return Reply::wrong_method();
    }
    Reply::file(format!("{file}\nChunk 12-20 Meadow\nCave Layer 1\n"))
}

/// The user whose console token the header holds; 0 for the token of a self-hosted server.
fn owner(shared: &Shared, header: Option<&str>) -> Option<u64> {
    let seed = shared.config.seed;
    let token = header.and_then(|header| header.split_once(' '));
    shared.with(|state, now| {
        let cloud = &state.world.cloud;
        match cloud.tokens.check_header(header, now) {
            Ok(Grant {
                identity,
                purpose: Purpose::Console(_),
                ..
            }) => Some(identity.id()),
            _ => {
                let (_, token) = token?;
                let servers = cloud.servers.values();
                let mut self_hosted = servers.filter(|server| server.is_self_hosted());
                let is_known = |id| self_hosted_token(id, seed) == token;
                self_hosted.any(|server| is_known(server.id)).then_some(0)
            }
        }
    })
}
