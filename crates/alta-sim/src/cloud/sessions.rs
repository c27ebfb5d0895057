//! Logging in as a user: `POST sessions`, `POST sessions/email`, `PUT sessions`.

use std::time::Duration;

use jiff::Timestamp;

use super::http::Call;
use super::reply::Reply;
use crate::builder::Config;
use crate::lenient;
use crate::recordings;
use crate::shared::State;
use crate::tokens::{Identity, Purpose};

/// How long refresh tokens live.
pub(crate) fn refresh_life(config: &Config) -> Duration {
    config.user_token_life.saturating_mul(24)
}

/// Logs in by user name or by e-mail address and password hash.
pub(crate) fn log_in(
    state: &mut State,
    config: &Config,
    now: Timestamp,
    call: &Call<'_>,
    by_email: bool,
) -> Reply {
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
    let user = &state.accounts.user;
    let known = if by_email {
        user.email.eq_ignore_ascii_case(name)
    } else {
        user.username.eq_ignore_ascii_case(name)
    };
    if !known || !state.accounts.is_password(hash) {
        return Reply {
            body: Some(recordings::rest_body("session-login-refused")),
            ..Reply::status(400)
        };
    }
    triple(state, config, now)
}

/// Renews the three tokens with a refresh token.
pub(crate) fn refresh(
    state: &mut State,
    config: &Config,
    now: Timestamp,
    call: &Call<'_>,
) -> Reply {
    match state
        .tokens
        .check_header(call.request.header("authorization"), now)
    {
        Ok(grant) if grant.purpose == Purpose::Refresh => triple(state, config, now),
        _ => Reply::error(401, "Expired token", "ExpiredToken"),
    }
}

fn triple(state: &mut State, config: &Config, now: Timestamp) -> Reply {
    let user = state.accounts.user.clone();
    let identity = Identity::User(user.user_id);
    let mut give = |purpose, life| {
        state
            .tokens
            .user(identity, &user.username, purpose, now, life)
    };
    let access = give(Purpose::Access, config.user_token_life);
    let refresh = give(Purpose::Refresh, refresh_life(config));
    let identity = give(Purpose::Identity, refresh_life(config));
    Reply::ok(
        recordings::rest_body("session-login")
            .with("access_token", access)
            .with("refresh_token", refresh)
            .with("identity_token", identity),
    )
}
