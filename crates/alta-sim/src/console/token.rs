use crate::state::State;
use alta_cloud::state::{SigningKey, encode_token};
use serde_json::json;

/// The token that a self-hosted server writes to `console_token.txt`: the chosen one, or else one of the seed and the id. It never
/// changes and never expires.
pub(crate) fn self_hosted_token(state: &State, server: u64, seed: u64) -> String {
    let chosen = state.tokens.get(&server).cloned();
    chosen.unwrap_or_else(|| made(server, seed))
}

fn made(server: u64, seed: u64) -> String {
    let claims = json!({
        "UserId": "0",
        "Username": "Server",
        "role": "Access",
        "is_verified": "True",
        "is_member": "True",
        "server_id": "-1",
        "Policy": [
            "offline", "play_offline", "server_access_pre_alpha", "game_access_public", "server_owner",
            "debug_features", "database_admin", "reuse_refresh_tokens",
        ],
        "exp": 9_999_999_999_u64,
        "iss": "AltaWebAPI",
        "aud": "AltaClient",
    });
    encode_token(&claims, &SigningKey::from_seed(seed.wrapping_add(server)))
}
