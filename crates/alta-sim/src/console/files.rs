use super::token::self_hosted_token;
use crate::shared::Shared;
use alta_cloud::rest::{Call, Reply};
use alta_cloud::state::Purpose;

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
    shared.with(|state, now| {
        let cloud = &state.world.cloud;
        if let Ok(grant) = cloud.tokens.check_header(header, now)
            && matches!(grant.purpose, Purpose::Console(_))
        {
            return Some(grant.identity.id());
        }
        let (_, token) = header?.split_once(' ')?;
        let servers = cloud.servers.values();
        let mut self_hosted = servers.filter(|server| server.is_self_hosted());
        let is_known = self_hosted.any(|server| self_hosted_token(server.id, seed) == token);
        is_known.then_some(0)
    })
}
