//! The token endpoint: OAuth 2 with client credentials, the password grant and refresh tokens.

use super::call::form;
use super::reply::Reply;
use super::sessions;
use crate::host::Host;
use crate::net::HttpRequest;
use crate::state::{Cloud, Login, Purpose, Scopes, Verified};
use crate::wire::json::Node;
use crate::wire::rest_body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

/// `POST /connect/token`.
pub(super) async fn token<H: Host>(host: &H, request: &HttpRequest) -> Reply {
    let form = Form::of(request);
    // Without a client id no account is found, so the secret is wrong.
    let (id, secret) = form.credentials();
    let check = host.with_cloud(|cloud, _| cloud.check(cloud.accounts.bot(&id)));
    let Some(bot) = check.verify(secret).await else {
        return refusal("invalid_client");
    };
    match form.field("grant_type") {
        Some("client_credentials") => {
            host.with_cloud(|cloud, now| bot_token(cloud, now, &bot, &form))
        }
        Some("password") => {
            let name = form.field("username").unwrap_or_default();
            let hash = form.field("password").unwrap_or_default();
            let check = host.with_cloud(|cloud, _| cloud.check(cloud.accounts.user(name)));
            match check.verify(hash.to_ascii_lowercase()).await {
                Some(user) => host.with_cloud(|cloud, now| {
                    let user = cloud.verified(&user).map(|account| account.user_id);
                    user_tokens(cloud, now, user, &form)
                }),
                None => refusal("invalid_grant"),
            }
        }
        Some("refresh_token") => host.with_cloud(|cloud, now| {
            let token = form.field("refresh_token").unwrap_or_default();
            let user = sessions::to_refresh(cloud.tokens.check(token, now));
            user_tokens(cloud, now, user, &form)
        }),
        _ => refusal("unsupported_grant_type"),
    }
}

/// The reply with a bot's token, if the account may have the requested scopes. A request without scopes gets all of the account, as
/// from an IdentityServer.
fn bot_token(cloud: &mut Cloud, now: Timestamp, verified: &Verified, form: &Form) -> Reply {
    let Some(account) = cloud.verified(verified).cloned() else {
        return refusal("invalid_client");
    };
    let Login::Bot { client_id, scopes } = &account.login else {
        return refusal("invalid_client");
    };
    let requested: Scopes = match form.field("scope").map(str::trim) {
        None | Some("") => *scopes,
        Some(requested) => match requested.parse() {
            Ok(requested) if scopes.contains(requested) => requested,
            _ => return refusal("invalid_scope"),
        },
    };
    let life = cloud.config.token_life;
    let (id, name) = (account.user_id, &account.name);
    let token = cloud.tokens.bot(id, name, client_id, requested, now, life);
    Reply::ok(issued(&token, life.as_secs(), &requested.to_string()))
}

/// The reply with a user's tokens.
fn user_tokens(cloud: &mut Cloud, now: Timestamp, user: Option<u64>, form: &Form) -> Reply {
    let Some(account) = user.and_then(|user| cloud.accounts.get(user)) else {
        return refusal("invalid_grant");
    };
    let life = cloud.config.user_token_life;
    let refresh_life = sessions::refresh_life(&cloud.config);
    let mut issue = |purpose, life| {
        let tokens = &mut cloud.tokens;
        tokens.user_by_grant(account.user_id, &account.name, purpose, now, life)
    };
    let access = issue(Purpose::Access, life);
    let refresh = issue(Purpose::Refresh, refresh_life);
    let scopes: Vec<&str> = form
        .field("scope")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .collect();
    Reply::ok(issued(&access, life.as_secs(), &scopes.join(" ")).and("refresh_token", refresh))
}

/// The fields of a token request.
struct Form {
    fields: Vec<(String, String)>,
    basic: Option<(String, String)>,
}

impl Form {
    fn of(request: &HttpRequest) -> Self {
        Self {
            fields: form(&String::from_utf8_lossy(&request.body)),
            basic: request.header("authorization").and_then(basic_credentials),
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(key, _)| key == name);
        field.map(|(_, value)| value.as_str())
    }

    /// The client id and the client secret: those of a `Basic` header, or else fields.
    fn credentials(&self) -> (String, String) {
        self.basic.clone().unwrap_or_else(|| {
            let field = |name| self.field(name).unwrap_or_default().to_owned();
            (field("client_id"), field("client_secret"))
        })
    }
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
pub(super) fn basic_credentials(header: &str) -> Option<(String, String)> {
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
pub(super) fn discovery(scheme: &str, host: Option<&str>) -> Reply {
    let base = format!("{scheme}://{}", host.unwrap_or("127.0.0.1"));
    let address = |path: &str| format!("{base}/connect/{path}").into();
    Reply::ok(Node::object([
        ("token_endpoint", address("token")),
        ("authorization_endpoint", address("authorize")),
        ("issuer", base.clone().into()),
    ]))
}
