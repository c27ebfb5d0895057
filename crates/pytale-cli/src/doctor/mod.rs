//! `tale doctor`: checks each part of the way to a server, and says what to do about each problem.

mod check;
mod console;
mod monitoring;
mod ports;
mod probe;
mod token;

use crate::context::Context;
use crate::failure::Failure;
use crate::render;
use crate::server::Target;
use check::{Check, Level};
use clap::Args;
use std::process::ExitCode;
use std::time::Duration;

#[derive(Debug, Args)]
#[command(
    after_long_help = "Exit status: 0 no problem or only warnings, 1 at least one problem, 2 wrong use or configuration. \
With --check: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, as plugins of Nagios, Icinga and Zabbix have them.

Examples:
  tale doctor
  tale doctor --host town.example --token-file console_token.txt
  tale doctor --check --login-port 0"
)]
pub(crate) struct DoctorOptions {
    /// Print one line for a monitoring system, and end with its exit statuses.
    #[arg(long)]
    check: bool,
    /// The longest time in seconds for each connection and for each reply.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = crate::seconds::seconds)]
    timeout: Duration,
    /// The port of the login of players; 0 leaves it out, for example where only the console is forwarded.
    #[arg(long, value_name = "PORT", default_value_t = 1762)]
    login_port: u16,
    /// The port of the optional admin page; 0 leaves it out.
    #[arg(long, value_name = "PORT", default_value_t = 1764)]
    admin_port: u16,
}

pub(crate) async fn run(options: &DoctorOptions, context: &Context) -> Result<ExitCode, Failure> {
    let target = match context.target() {
        Err(failure) if options.check => {
            context
                .output
                .line(format_args!("{}", monitoring::unknown(&failure)));
            return Ok(ExitCode::from(Level::Unknown.monitoring_status()));
        }
        target => target?,
    };
    let report = examine(options, &target).await;
    if options.check {
        let line = monitoring::line(&target.name, &report);
        context.output.line(format_args!("{line}"));
        return Ok(ExitCode::from(
            check::worst(&report.checks).monitoring_status(),
        ));
    }
    context.output.line(format_args!(
        "tale {} checks {}",
        env!("CARGO_PKG_VERSION"),
        target.url
    ));
    for check in &report.checks {
        let lines = check.lines(render::width());
        context.output.line(format_args!("{lines}"));
    }
    context
        .output
        .line(format_args!("{}", check::summary(&report.checks)));
    Ok(ExitCode::from(u8::from(
        check::worst(&report.checks) == Level::Critical,
    )))
}

/// The results of all checks.
struct Report {
    checks: Vec<Check>,
    /// The time until the reply to a command.
    reply_time: Option<Duration>,
    players: Option<usize>,
}

/// The checks that do not depend on each other run at once.
async fn examine(options: &DoctorOptions, target: &Target) -> Report {
    let limit = options.timeout;
    let Some(server) = target.self_hosted() else {
        // A server of the cloud has neither a token file nor the other ports.
        let console = console::check_in_cloud(target, limit).await;
        return Report::of(Vec::new(), console, Vec::new());
    };
    let (token, console, login, admin) = tokio::join!(
        token::check(server),
        console::check(target, server, limit),
        ports::login(server, options.login_port, limit),
        ports::admin(server, options.admin_port, limit),
    );
    Report::of(token, console, login.into_iter().chain(admin))
}

impl Report {
    fn of(
        mut checks: Vec<Check>,
        console: console::Examined,
        ports: impl IntoIterator<Item = Check>,
    ) -> Self {
        checks.extend(console.checks);
        checks.extend(ports);
        Self {
            checks,
            reply_time: console.reply_time,
            players: console.players,
        }
    }
}
