//! The token: its file, its claims, and its readers.

use super::check::Check;
use crate::server::SelfHosted;
use pytale::auth::Claims;
use pytale::console::AccessError;
use pytale::model::Timestamp;
use std::path::Path;

const NAME: &str = "token";

/// The policy that a console requires.
const POLICY: &str = "server_owner";

pub(super) async fn check(server: &SelfHosted) -> Vec<Check> {
    let source = match &server.token_file {
        Some(path) => path.display().to_string(),
        None => "the environment".to_owned(),
    };
    let access = match &server.access {
        Ok(access) => access,
        Err(failure) => {
            let advice = failure.help().unwrap_or("name it with --token-file");
            return vec![Check::critical(NAME, failure.message(), advice)];
        }
    };
    let token = match access.access().await {
        Ok(access) => access.token,
        Err(error) => return vec![missing(&error)],
    };
    let mut checks = vec![claims(&source, Claims::from_jwt(token.expose()).as_ref())];
    if let Some(path) = &server.token_file {
        checks.extend(readers(path));
    }
    checks
}

fn missing(error: &AccessError) -> Check {
    let (text, advice) = match error {
        AccessError::NotYet { message, .. } => (
            message.clone(),
            "start the server once, so that it writes the file, or name the file with --token-file",
        ),
        AccessError::Failed {
            message,
            source: Some(source),
            ..
        } => (
            format!("{message}: {source}"),
            "let the user who runs `tale` read the file",
        ),
        other => (
            other.to_string(),
            "name the console_token.txt of this server with --token-file",
        ),
    };
    Check::critical(NAME, text, advice)
}

/// The content. A server decides alone whether it accepts a token, so nothing here is critical.
fn claims(source: &str, claims: Option<&Claims>) -> Check {
    let wrong_file = "name the console_token.txt of this server with --token-file";
    let Some(claims) = claims else {
        return Check::warning(
            NAME,
            format!("{source} does not contain a token of a console"),
            wrong_file,
        );
    };
    let now = Timestamp::now();
    if claims.expires_at().is_some_and(|end| end < now) {
        return Check::warning(
            NAME,
            format!("the token in {source} has expired"),
            "check the date of this machine; a token of a console does not expire",
        );
    }
    if !claims.policies().contains(&POLICY) {
        return Check::warning(
            NAME,
            format!("the token in {source} lacks the policy {POLICY}"),
            wrong_file,
        );
    }
    Check::ok(NAME, format!("from {source}"))
}

/// Warns if other users of the machine can read the file: the token permits everything.
#[cfg(unix)]
fn readers(path: &Path) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    let readers = match mode {
        mode if mode & 0o004 != 0 => "every user",
        mode if mode & 0o040 != 0 => "a group of users",
        _ => return None,
    };
    let text = format!(
        "{readers} of this machine can read {} (mode {mode:03o})",
        path.display()
    );
    Some(Check::warning(
        NAME,
        text,
        format!("chmod 600 {}", path.display()),
    ))
}

/// Access lists are not read on other platforms.
#[cfg(not(unix))]
fn readers(_: &Path) -> Option<Check> {
    None
}
