//! The token endpoint: OAuth 2 with client credentials, the password grant and refresh tokens.

use super::call::{Call, form};
use super::reply::Reply;
use super::sessions;
use crate::net::HttpRequest;
use crate::state::{Cloud, Purpose, SCOPES};
use crate::wire::json::Node;
use crate::wire::rest_body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

/// `POST /connect/token`.
pub(super) fn token(cloud: &mut Cloud, now: Timestamp, request: &HttpRequest) -> Reply {
    if request.method != "POST" {
        return Reply::wrong_method();
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
    let bot = cloud.accounts.bot.clone();
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
            let life = cloud.config.token_life;
            let token = cloud.tokens.bot(
                bot.user_id,
                &bot.username,
                &bot.client_id,
                &scopes,
                now,
                life,
            );
            Reply::ok(issued(&token, life.as_secs(), &scopes.join(" ")))
        }
        Some("password") => {
            let user = cloud.accounts.user.clone();
            let known = field("username") == Some(user.username.as_str());
            if !known || !field("password").is_some_and(|hash| cloud.accounts.is_password(hash)) {
                return refusal("invalid_grant");
            }
            user_tokens(cloud, now, &scopes)
        }
        Some("refresh_token") => {
            let refresh =
                field("refresh_token").and_then(|token| cloud.tokens.check(token, now).ok());
            match refresh {
                Some(grant) if grant.purpose == Purpose::Refresh => {
                    user_tokens(cloud, now, &scopes)
                }
                _ => refusal("invalid_grant"),
            }
        }
        _ => refusal("unsupported_grant_type"),
    }
}

fn user_tokens(cloud: &mut Cloud, now: Timestamp, scopes: &[&str]) -> Reply {
    let user = cloud.accounts.user.clone();
    let life = cloud.config.user_token_life;
    let refresh_life = sessions::refresh_life(&cloud.config);
    let mut issue = |purpose, life| {
        let tokens = &mut cloud.tokens;
        tokens.user_by_grant(user.user_id, &user.username, purpose, now, life)
    };
    let access = issue(Purpose::Access, life);
    let refresh = issue(Purpose::Refresh, refresh_life);
    Reply::ok(issued(&access, life.as_secs(), &scopes.join(" ")).and("refresh_token", refresh))
}

fn issued(token: &str, life: u64, scope: &str) -> Node {
    rest_body("token-client-credentials")
        .with("access_token", token)
        .with("expires_in", life)
        .with("scope", scope)
}

/// An OAuth error, in the form of the sample for a wrong secret.
fn refusal(error: &str) -> Reply {
    Reply {
        body: Some(rest_body("token-invalid-client").with("error", error)),
        ..Reply::status(400)
    }
}

/// The id and the secret in a `Basic` header. OAuth libraries form-encode both first; others do not.
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

/// The discovery document, where the official clients find the address of the token endpoint.
pub(super) fn discovery(call: &Call<'_>) -> Reply {
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
