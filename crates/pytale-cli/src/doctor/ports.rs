//! The other ports of a self-hosted server: the login of players and the optional admin page.

use super::check::Check;
use super::probe::{self, Reply, Speaks};
use crate::server::SelfHosted;
use serde_json::{Map, Value};
use std::io;
use std::time::Duration;

/// The request for the description of the server, without a token.
const PING: &[u8] = b"{\"ping\":true}\n";

/// Checks the port of the login by its ping.
pub(super) async fn login(server: &SelfHosted, port: u16, limit: Duration) -> Option<Check> {
    const NAME: &str = "login";
    if port == 0 {
        return None;
    }
    let is_complete = |reply: &[u8]| object(reply).is_some();
    let reply = probe::exchange(&server.host, port, PING, limit, is_complete).await;
    let place = format!("{} port {port}", server.host);
    let left_out =
        "--login-port 0 leaves out this check, for example where only the console is forwarded";
    Some(match reply {
        Err(error) => {
            let (cause, _) = probe::cause(&error);
            Check::warning(
                NAME,
                format!("{place}: {cause}; players cannot log in there"),
                left_out,
            )
        }
        Ok(Reply::Bytes(bytes)) => match object(&bytes) {
            Some(about) => Check::ok(NAME, format!("{place}: {}", description(&about))),
            None => other(NAME, server, port, limit).await,
        },
        Ok(Reply::Silence | Reply::Closed) => other(NAME, server, port, limit).await,
    })
}

/// Tells what speaks on the port of the login.
async fn other(name: &'static str, server: &SelfHosted, port: u16, limit: Duration) -> Check {
    let place = format!("{} port {port}", server.host);
    match probe::speaks(&server.host, port, limit).await {
        Ok(speaks) => Check::warning(
            name,
            format!("{place} does not reply to a ping: {}", speaks.text()),
            match speaks {
                Speaks::Websocket => "it can be a console: try --port with this number",
                _ => "correct --login-port, or update TavernLib",
            },
        ),
        Err(error) => {
            let (cause, advice) = probe::cause(&error);
            Check::warning(name, format!("{place}: {cause}"), advice)
        }
    }
}

/// The reply to a ping, when it is complete.
fn object(reply: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(reply.trim_ascii()).ok()
}

fn description(server: &Map<String, Value>) -> String {
    let text = |key: &str| server.get(key).and_then(Value::as_str);
    let is = |key: &str| server.get(key).and_then(Value::as_bool).unwrap_or(false);
    let mut parts = vec![format!(
        "{:?}",
        text("name").unwrap_or("a server without a name")
    )];
    if let Some(version) = text("version") {
        parts.push(format!("version {version}"));
    }
    if let Some(port) = server.get("game_port").and_then(Value::as_u64) {
        parts.push(format!("game port {port}"));
    }
    if is("password_required") {
        parts.push("with a password".to_owned());
    }
    if is("whitelist_enabled") {
        parts.push("with a whitelist".to_owned());
    }
    parts.join(", ")
}

/// Tells what speaks on the port of the admin page, which many servers do not have.
pub(super) async fn admin(server: &SelfHosted, port: u16, limit: Duration) -> Option<Check> {
    const NAME: &str = "admin";
    if port == 0 {
        return None;
    }
    let place = format!("{} port {port}", server.host);
    Some(match probe::speaks(&server.host, port, limit).await {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            Check::ok(NAME, format!("{place}: not used (optional)"))
        }
        Err(error) => Check::unknown(NAME, format!("{place}: {}", probe::cause(&error).0)),
        Ok(speaks @ Speaks::Http(_)) => Check::ok(NAME, format!("{place}: {}", speaks.text())),
        Ok(speaks @ Speaks::Websocket) => Check::ok(
            NAME,
            format!("{place}: {}; another console may be there", speaks.text()),
        ),
        Ok(speaks) => Check::warning(
            NAME,
            format!("{place} is no admin page: {}", speaks.text()),
            "find out which program uses this port, or name another one with --admin-port",
        ),
    })
}
