use super::token::self_hosted_token;
use crate::shared::Shared;
use alta_cloud::NoFile;
use alta_cloud::state::Purpose;

/// The text of a file that a console has written for a user.
pub(crate) fn file(
    shared: &Shared,
    authorization: Option<&str>,
    user: &str,
    file: &str,
) -> Result<String, NoFile> {
    let owner = owner(shared, authorization).ok_or(NoFile::Unauthorized)?;
    if user != owner.to_string() {
        return Err(NoFile::Forbidden);
    }
    Ok(format!("{file}\nChunk 12-20 Meadow\nCave Layer 1\n"))
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
        let is_known = self_hosted.any(|server| self_hosted_token(state, server.id, seed) == token);
        is_known.then_some(0)
    })
}
