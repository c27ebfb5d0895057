//! The console: its port, the login, a command, the version, and the clock.

use super::check::Check;
use super::probe::{self, Speaks};
use crate::failure::{Failure, Status};
use crate::server::{SelfHosted, Target, connect};
use pytale::Console;
use pytale::console::{Config, ErrorKind, Reply};
use pytale::model::Timestamp;
use serde_json::Value;
use std::time::{Duration, Instant};

/// The difference of two clocks that is told.
const SKEW: Duration = Duration::from_mins(1);

#[derive(Debug, Default)]
pub(super) struct Examined {
    pub(super) checks: Vec<Check>,
    pub(super) reply_time: Option<Duration>,
    pub(super) players: Option<usize>,
}

impl Examined {
    fn add(&mut self, check: Check) {
        self.checks.push(check);
    }
}

/// Checks the console of a server of the cloud.
pub(super) async fn check_in_cloud(target: &Target, limit: Duration) -> Examined {
    let mut examined = Examined::default();
    match connect(target, config(limit), None).await {
        Ok(console) => {
            examined.add(Check::ok("console", "the server accepts the account"));
            command(&console, &mut examined).await;
            console.close().await;
        }
        Err(failure) => examined.add(Check::critical(
            "console",
            failure.message(),
            "`tale whoami` checks the account, `tale servers` lists the servers that are up",
        )),
    }
    examined
}

fn config(limit: Duration) -> Config {
    Config::default()
        .login_timeout(limit)
        .connect_timeout(limit)
        .request_timeout(limit)
}

pub(super) async fn check(target: &Target, server: &SelfHosted, limit: Duration) -> Examined {
    let mut examined = Examined::default();
    let place = format!("{} port {}", server.host, server.port);
    if let Err(error) = probe::connect(&server.host, server.port, limit).await {
        let (cause, advice) = probe::cause(&error);
        examined.add(Check::critical(
            "console",
            format!("{place}: {cause}"),
            advice,
        ));
        return examined;
    }
    let console = match connect(target, config(limit), None).await {
        Ok(console) => console,
        Err(failure) => {
            examined
                .checks
                .extend(not_connected(target, server, &place, &failure, limit).await);
            return examined;
        }
    };
    examined.add(Check::ok("console", format!("{place} accepts the token")));
    command(&console, &mut examined).await;
    console.close().await;
    examined
}

/// The checks after a failed login: something else can listen on the port.
async fn not_connected(
    target: &Target,
    server: &SelfHosted,
    place: &str,
    failure: &Failure,
    limit: Duration,
) -> Vec<Check> {
    if failure.status() == Status::Refused {
        let text = format!("{place} does not accept the token: {}", failure.message());
        return vec![Check::critical(
            "console",
            text,
            "wait until the server has loaded its world; if it has, use the console_token.txt of this server, and restart \
             the server if the file is newer than its start",
        )];
    }
    let speaks = match probe::speaks(&server.host, server.port, limit).await {
        Ok(speaks) => speaks,
        Err(error) => {
            let (cause, advice) = probe::cause(&error);
            return vec![Check::critical(
                "console",
                format!("{place}: {cause}"),
                advice,
            )];
        }
    };
    let is_encrypted = target.url.starts_with("wss:");
    let (text, advice) = match &speaks {
        // The token could not be read, which another check tells.
        Speaks::Websocket => {
            if server.access.is_err() {
                let text = format!("{place} speaks websocket, as a console does");
                return vec![Check::ok("console", text)];
            }
            let advice = failure.help().unwrap_or("correct the place of the token");
            let text = format!("{place}: {}", failure.message());
            return vec![Check::critical("console", text, advice)];
        }
        Speaks::Tls if is_encrypted => (
            failure.message().to_owned(),
            "check the certificate of the server",
        ),
        Speaks::Tls => (speaks.text(), "use an address that begins with wss://"),
        Speaks::Http(_) => (
            speaks.text(),
            "correct the port: the console has 1760, the web server of the game 1761",
        ),
        Speaks::Silence => (
            speaks.text(),
            "restart the server if it hangs, or correct the port: the console has 1760",
        ),
        _ => (speaks.text(), "correct the port: the console has 1760"),
    };
    let text = format!("{place} is no console: {text}");
    vec![Check::critical("console", text, advice)]
}

/// Runs a command, and reads the version and the clock of the server.
async fn command(console: &Console, examined: &mut Examined) {
    let started = (Instant::now(), Timestamp::now());
    match console.command("player list").await {
        Ok(reply) => {
            let time = started.0.elapsed();
            let players = reply
                .result()
                .as_ref()
                .and_then(Value::as_array)
                .map(Vec::len);
            examined.reply_time = Some(time);
            examined.players = players;
            let online = players.map_or_else(String::new, |count| format!(", {count} online"));
            let text = format!("`player list` in {} ms{online}", time.as_millis());
            examined.add(Check::ok("reply", text));
            examined.add(clock(&reply, started.1, time));
            examined.add(version(console).await);
        }
        Err(error) => examined.add(match error.kind() {
            ErrorKind::TimedOut { after, .. } => Check::critical(
                "reply",
                format!("no reply to `player list` within {after:?}"),
                "wait until the server has loaded its world; if it has, restart it, since it hangs",
            ),
            ErrorKind::CommandNotFound { .. } => Check::warning(
                "reply",
                "the server does not have `player list` yet",
                "wait until the server has loaded its world",
            ),
            // It fails while a player joins.
            ErrorKind::Server { .. } => Check::warning(
                "reply",
                error.to_string(),
                "repeat the check; the command can fail while a player joins",
            ),
            _ => Check::critical(
                "reply",
                error.to_string(),
                "repeat the check; the server may just have stopped",
            ),
        }),
    }
}

/// Compares the server's time of a reply with the time of this machine in the middle of the request.
fn clock(reply: &Reply, sent: Timestamp, took: Duration) -> Check {
    let Some(theirs) = reply.timestamp() else {
        return Check::unknown("clock", "the server's replies have no time");
    };
    let ours = sent.checked_add(took / 2).unwrap_or(sent);
    let ahead = theirs.saturating_duration_since(ours);
    let behind = ours.saturating_duration_since(theirs);
    let difference = ahead.max(behind);
    let seconds = difference.as_secs_f64();
    if difference <= SKEW {
        return Check::ok(
            "clock",
            format!("differs by {seconds:.1} s from the server's"),
        );
    }
    let side = if ahead.is_zero() {
        "ahead of"
    } else {
        "behind"
    };
    let text = format!("the clock of this machine is {seconds:.0} s {side} the server's");
    Check::warning("clock", text, "let both machines set their clocks by NTP")
}

async fn version(console: &Console) -> Check {
    match console.command("info version").await {
        Ok(reply) => {
            let result = reply.result().filter(|result| !result.is_null());
            let text = match result {
                Some(Value::String(text)) => text,
                Some(result) => result.to_string(),
                None => reply.text().unwrap_or_default().to_owned(),
            };
            Check::ok("version", text)
        }
        Err(_) => Check::unknown("version", "the server does not tell its version"),
    }
}
