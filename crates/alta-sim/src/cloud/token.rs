//! The token endpoint: OAuth 2, client credentials and the password grant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

use super::http::{Call, form};
use super::reply::Reply;
use super::sessions;
use crate::accounts::SCOPES;
use crate::builder::Config;
use crate::journal::HttpRequest;
use crate::json::Node;
use crate::recordings;
use crate::shared::State;
use crate::tokens::Purpose;

/// `POST /connect/token`.
pub(crate) fn token(
    state: &mut State,
    config: &Config,
    now: Timestamp,
    request: &HttpRequest,
) -> Reply {
    if request.method != "POST" {
        return Reply::wrong_verb();
    }
    let fields = form(&String::from_utf8_lossy(&request.body));
    let field = |name: &str| {
        fields
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let basic = request.header("authorization").and_then(basic_credentials);
    let (id, secret) = match &basic {
        Some((id, secret)) => (Some(id.as_str()), Some(secret.as_str())),
        None => (field("client_id"), field("client_secret")),
    };
    let bot = state.accounts.bot.clone();
    if id != Some(bot.client_id.as_str()) || secret != Some(bot.client_secret.as_str()) {
        return refusal("invalid_client");
    }
    let scopes: Vec<&str> = field("scope")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    match field("grant_type") {
        Some("client_credentials") => {
            if scopes.iter().any(|scope| !SCOPES.contains(scope)) {
                return refusal("invalid_scope");
            }
            let life = config.token_life;
            let token = state.tokens.bot(
                bot.user_id,
                &bot.username,
                &bot.client_id,
                &scopes,
                now,
                life,
            );
            Reply::ok(granted(&token, life.as_secs(), &scopes.join(" ")))
        }
        Some("password") => {
            let user = state.accounts.user.clone();
            let known = field("username") == Some(user.username.as_str());
            if !known || !field("password").is_some_and(|hash| state.accounts.is_password(hash)) {
                return refusal("invalid_grant");
            }
            user_tokens(state, config, now, &scopes)
        }
        Some("refresh_token") => {
            let refresh =
                field("refresh_token").and_then(|token| state.tokens.check(token, now).ok());
            match refresh {
                Some(grant) if grant.purpose == Purpose::Refresh => {
                    user_tokens(state, config, now, &scopes)
                }
                _ => refusal("invalid_grant"),
            }
        }
        _ => refusal("unsupported_grant_type"),
    }
}

fn user_tokens(state: &mut State, config: &Config, now: Timestamp, scopes: &[&str]) -> Reply {
    let user = state.accounts.user.clone();
    let life = config.user_token_life;
    let mut give = |purpose, life| {
        let tokens = &mut state.tokens;
        tokens.user_by_grant(user.user_id, &user.username, purpose, now, life)
    };
    let access = give(Purpose::Access, life);
    let refresh = give(Purpose::Refresh, sessions::refresh_life(config));
    Reply::ok(granted(&access, life.as_secs(), &scopes.join(" ")).and("refresh_token", refresh))
}

fn granted(token: &str, life: u64, scope: &str) -> Node {
    recordings::rest_body("token-client-credentials")
        .with("access_token", token)
        .with("expires_in", life)
        .with("scope", scope)
}

/// An OAuth error, in the shape of the fixture of a wrong secret.
fn refusal(error: &str) -> Reply {
    Reply {
        body: Some(recordings::rest_body("token-invalid-client").with("error", error)),
        ..Reply::status(400)
    }
}

/// Id and secret of a `Basic` header. OAuth libraries form-encode both first; others do not.
fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, value) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some((decode(id), decode(secret)))
}

/// The discovery document, by which the official clients find the token endpoint.
pub(crate) fn discovery(call: &Call<'_>) -> Reply {
    let host = call.request.header("host").unwrap_or("127.0.0.1");
    Reply::ok(Node::object([
        ("issuer", format!("http://{host}").into()),
        (
            "token_endpoint",
            format!("http://{host}/connect/token").into(),
        ),
        (
            "authorization_endpoint",
            format!("http://{host}/connect/authorize").into(),
        ),
    ]))
}
