//! The logins of users: `POST sessions`, `POST sessions/email`, `PUT sessions`.

use super::call::Call;
use super::reply::Reply;
use crate::state::{Cloud, Config, Identity, Purpose};
use crate::wire::{lenient, rest_body};
use jiff::Timestamp;
use std::time::Duration;

/// The life of refresh and identity tokens.
pub(super) fn refresh_life(config: &Config) -> Duration {
    config.user_token_life.saturating_mul(24)
}

/// Logs in with a password hash and a user name or an e-mail address.
pub(super) fn log_in(cloud: &mut Cloud, now: Timestamp, call: &Call<'_>, by_email: bool) -> Reply {
    let Some(body) = lenient::parse(&call.request.body) else {
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
    let user = &cloud.accounts.user;
    let known = if by_email {
        user.email.eq_ignore_ascii_case(name)
    } else {
        user.username.eq_ignore_ascii_case(name)
    };
    if !known || !cloud.accounts.is_password(hash) {
        return Reply {
            body: Some(rest_body("session-login-refused")),
            ..Reply::status(400)
        };
    }
    tokens(cloud, now)
}

/// Renews the three tokens with a refresh token.
pub(super) fn refresh(cloud: &mut Cloud, now: Timestamp, call: &Call<'_>) -> Reply {
    match cloud
        .tokens
        .check_header(call.request.header("authorization"), now)
    {
        Ok(grant) if grant.purpose == Purpose::Refresh => tokens(cloud, now),
        _ => Reply::error(401, "Expired token", "ExpiredToken"),
    }
}

/// The reply with a user's three tokens.
fn tokens(cloud: &mut Cloud, now: Timestamp) -> Reply {
    let user = cloud.accounts.user.clone();
    let life = cloud.config.user_token_life;
    let refresh_life = refresh_life(&cloud.config);
    let identity = Identity::User(user.user_id);
    let tokens = &mut cloud.tokens;
    let mut issue = |purpose, life| tokens.user(identity, &user.username, purpose, now, life);
    let access = issue(Purpose::Access, life);
    let refresh = issue(Purpose::Refresh, refresh_life);
    let identity = issue(Purpose::Identity, refresh_life);
    Reply::ok(
        rest_body("session-login")
            .with("access_token", access)
            .with("refresh_token", refresh)
            .with("identity_token", identity),
    )
}
