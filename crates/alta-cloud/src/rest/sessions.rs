//! The logins of users: `POST sessions`, `POST sessions/email`, `PUT sessions`.

use super::reply::Reply;
use crate::host::Host;
use crate::net::HttpRequest;
use crate::state::{Cloud, Config, Grant, Identity, Purpose, Refusal};
use crate::wire::{lenient, rest_body};
use jiff::Timestamp;
use std::time::Duration;

/// The life of refresh and identity tokens.
pub(super) fn refresh_life(config: &Config) -> Duration {
    config.user_token_life.saturating_mul(24)
}

/// Logs in with a password hash and a user name or an e-mail address.
pub(super) async fn log_in<H: Host>(host: &H, request: &HttpRequest, by_email: bool) -> Reply {
    let Some(body) = lenient::parse(&request.body) else {
        return Reply::bad_request(None, "Malformed body.");
    };
    let field = if by_email { "email" } else { "username" };
    let Some(name) = lenient::text(&body, field) else {
        return Reply::bad_request(Some(field), &format!("The {field} field is required."));
    };
    let Some(hash) = lenient::text(&body, "password_hash") else {
        return Reply::bad_request(
            Some("password_hash"),
            "The password_hash field is required.",
        );
    };
    let check = host.with_cloud(|cloud, _| {
        let accounts = &cloud.accounts;
        cloud.check(if by_email {
            accounts.user_by_email(name)
        } else {
            accounts.user(name)
        })
    });
    let verified = check.verify(hash.to_ascii_lowercase()).await;
    let reply = verified.and_then(|verified| {
        host.with_cloud(|cloud, now| {
            let user = cloud.verified(&verified)?.user_id;
            tokens(cloud, now, user)
        })
    });
    reply.unwrap_or_else(|| Reply {
        body: Some(rest_body("session-login-refused")),
        ..Reply::status(400)
    })
}

/// The user of a refresh token.
pub(super) fn to_refresh(grant: Result<Grant, Refusal>) -> Option<u64> {
    match grant.ok()? {
        Grant {
            identity: Identity::User(id),
            purpose: Purpose::Refresh,
            ..
        } => Some(id),
        _ => None,
    }
}

/// Renews the three tokens with a refresh token.
pub(super) fn refresh(cloud: &mut Cloud, now: Timestamp, request: &HttpRequest) -> Reply {
    let grant = cloud
        .tokens
        .check_header(request.header("authorization"), now);
    to_refresh(grant)
        .and_then(|user| tokens(cloud, now, user))
        .unwrap_or_else(|| Reply::error(401, "Expired token", "ExpiredToken"))
}

/// The reply with a user's three tokens, if there is such an account.
fn tokens(cloud: &mut Cloud, now: Timestamp, user: u64) -> Option<Reply> {
    let account = cloud.accounts.get(user)?;
    let life = cloud.config.user_token_life;
    let refresh_life = refresh_life(&cloud.config);
    let identity = Identity::User(account.user_id);
    let tokens = &mut cloud.tokens;
    let mut issue = |purpose, life| tokens.user(identity, &account.name, purpose, now, life);
    let access = issue(Purpose::Access, life);
    let refresh = issue(Purpose::Refresh, refresh_life);
    let identity = issue(Purpose::Identity, refresh_life);
    Some(Reply::ok(
        rest_body("session-login")
            .with("access_token", access)
            .with("refresh_token", refresh)
            .with("identity_token", identity),
    ))
}
