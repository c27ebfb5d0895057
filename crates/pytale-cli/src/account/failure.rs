//! The failures of logins and of calls.

use crate::failure::{Failure, Status};
use pytale::auth::ErrorKind as LoginErrorKind;
use pytale::rest::{Error as RestError, ErrorKind as RestErrorKind};
use pytale::{Error as BotError, ErrorKind as BotErrorKind, auth};
use std::error::Error as _;

const UNREACHABLE: &str =
    "Alta's own cloud is switched off; a private cloud needs token-url and rest-url";

/// A failed login. `check` names the place of the configuration.
pub(super) fn of_login(error: &BotError, check: &str) -> Failure {
    let status = match error.kind() {
        BotErrorKind::Config { .. } => Status::Usage,
        _ => login_status(error.source()),
    };
    advised(Failure::new(status, format!("{error:?}")), status, check)
}

/// A login that was not renewed.
pub(crate) fn of_token(error: &auth::Error) -> Failure {
    Failure::new(login_status(Some(error)), format!("{error:?}"))
}

/// A failed call. `doing` is the operation in the words of the user.
pub(crate) fn of_rest(doing: &str, error: &RestError) -> Failure {
    let status = match error.kind() {
        RestErrorKind::Unauthorized => Status::Refused,
        RestErrorKind::NotSent | RestErrorKind::Transport => Status::Unreachable,
        RestErrorKind::TimedOut => Status::TimedOut,
        RestErrorKind::NoAccount | RestErrorKind::InvalidRequest => Status::Usage,
        RestErrorKind::Login => login_status(error.source()),
        _ => Status::Failed,
    };
    let failure = Failure::new(status, format!("{doing}: {error:?}"));
    match error.kind() {
        RestErrorKind::Forbidden | RestErrorKind::MissingScope => {
            failure.advice("an owner of the group can give this account a role with the permission")
        }
        RestErrorKind::RateLimited | RestErrorKind::Server => failure.advice("try again later"),
        RestErrorKind::TimedOut if error.may_have_run() => {
            failure.advice("check its effect before you repeat it")
        }
        _ => advised(failure, status, "check the account"),
    }
}

fn advised(failure: Failure, status: Status, check: &str) -> Failure {
    match status {
        Status::Refused => failure.advice(format!(
            "{check}; `tale login --store` stores another secret for a profile"
        )),
        Status::Unreachable => failure.advice(format!("{check}; {UNREACHABLE}")),
        Status::Usage => failure.advice(check),
        _ => failure,
    }
}

fn login_status(source: Option<&(dyn std::error::Error + 'static)>) -> Status {
    let kind = source
        .and_then(|source| source.downcast_ref::<auth::Error>())
        .map(auth::Error::kind);
    match kind {
        Some(LoginErrorKind::Refused) => Status::Refused,
        Some(LoginErrorKind::Transport) => Status::Unreachable,
        Some(LoginErrorKind::TimedOut) => Status::TimedOut,
        Some(LoginErrorKind::InvalidInput) => Status::Usage,
        _ => Status::Failed,
    }
}
