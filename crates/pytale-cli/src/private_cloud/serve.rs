//! Runs the service until a signal ends it.

use super::audit::Audit;
use super::config::Config;
use super::host::PrivateCloud;
use super::listen::{Port, Service};
use super::storage;
use super::tls::Tls;
use super::watch::Watch;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::error_line;
use alta_cloud::Host as _;
use alta_cloud::net::{Env, Limits};
use alta_cloud::state::Config as CloudConfig;
use pytale::console::{Access as _, TokenFile};
use pytale::model::escaped;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The kind of the service, in each reply and in the log.
const NAME: &str = "private service, not operated by Alta";

/// The number of frames that may wait for one slow client of the main websocket.
const QUEUE: usize = 8_192;

/// The interval at which changes of another program are looked for.
const RELOAD: Duration = Duration::from_millis(250);

/// The time that connections have to end.
const ENDING: Duration = Duration::from_secs(5);

pub(super) async fn run(
    config: &Config,
    is_behind_proxy: bool,
    context: &Context,
) -> Result<(), Failure> {
    // Before the first line is printed, so that a reader of that line can end the program.
    let mut ended = pin!(pytale::shutdown_signal());
    let tls = Tls::load(config)?;
    check_address(config.listen, &tls, is_behind_proxy)?;
    warn_of_unusable_tokens(config).await;
    let ports = Ports::open(config).await?;
    let file = config.path_in(&config.audit.file);
    let limit = config.audit.max_megabytes.saturating_mul(1024 * 1024);
    let audit = Audit::open(&file, limit, config.audit.keep).map_err(|error| {
        Failure::io(
            format_args!("opening the audit log {}", file.display()),
            &error,
        )
    })?;
    let console_port = config
        .advertised_console_port
        .unwrap_or(ports.consoles.address.port());
    let state = storage::open(config, settings(&ports))?;
    let env = Env::new(Handle::current(), 0, QUEUE)
        .with_limits(limits(config.listen, is_behind_proxy))
        .with_tls(tls.is_on())
        .with_service(NAME);
    tracing::info!("{NAME}");
    let cloud = Arc::new(PrivateCloud::new(env, state, config, audit));
    let tasks = cloud.env().tasks.clone();
    for line in ports.lines(&tls) {
        context.output.line(format_args!("{line}"));
    }
    for server in config.servers() {
        let watch = Watch {
            cloud: Arc::clone(&cloud),
            id: server.id,
            name: server.name.clone(),
            console_port,
            player_list: Duration::from_millis(config.player_list_milliseconds),
        };
        tasks.spawn(watch.follow());
    }
    for port in [ports.rest, ports.main, ports.consoles] {
        tasks.spawn(port.serve(Arc::clone(&cloud), tls.clone()));
    }
    tasks.spawn(follow_storage(Arc::clone(&cloud)));
    tasks.spawn(tls.follow_files());
    ended.as_mut().await;
    if timeout(ENDING, tasks.stop_and_wait()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
    Ok(())
}

/// Only the loopback is private by itself.
fn check_address(listen: IpAddr, tls: &Tls, is_behind_proxy: bool) -> Result<(), Failure> {
    if listen.is_loopback() || tls.is_on() || is_behind_proxy {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "listen is {listen}: without TLS, everyone on the way could read passwords and tokens"
    ))
    .advice("name certificate files in [tls], or use --behind-proxy if a proxy on this machine or network adds TLS"))
}

/// Warns of token files that cannot be used now. They may appear later: a server writes its file at its first start.
async fn warn_of_unusable_tokens(config: &Config) {
    for server in config.servers() {
        let path = config.path_in(&server.token_file);
        if let Ok(url) = server.url()
            && let Err(error) = TokenFile::new(url, &path).access().await
        {
            error_line(format_args!(
                "warning: server {}: token-file {}: {error}",
                escaped(&server.name),
                path.display()
            ));
        }
        #[cfg(unix)]
        warn_if_readable(&path);
    }
}

/// Warns of a token that other users of this machine can read. On Windows, the program cannot check the access list.
#[cfg(unix)]
fn warn_if_readable(path: &std::path::Path) {
    use std::os::unix::fs::MetadataExt as _;

    if std::fs::metadata(path).is_ok_and(|file| file.mode() & 0o077 != 0) {
        error_line(format_args!(
            "warning: other users of this machine may use {}; its token may run every command\n  help: chmod 600 {0}",
            path.display()
        ));
    }
}

/// The ports of the service.
struct Ports {
    rest: Port,
    main: Port,
    consoles: Port,
    host: String,
}

impl Ports {
    async fn open(config: &Config) -> Result<Self, Failure> {
        let number = |offset| match config.port {
            0 => 0,
            first => first.saturating_add(offset),
        };
        let host = match &config.advertised_host {
            Some(host) => host.clone(),
            None if config.listen.is_unspecified() => {
                return Err(Failure::usage(format!(
                    "listen is {}, which is all interfaces, so clients need another address of the consoles",
                    config.listen
                ))
                .advice("add advertised-host, the name or the address of this machine for clients"));
            }
            None => config.listen.to_string(),
        };
        Ok(Self {
            rest: Port::open(config.listen, number(0), Service::Rest).await?,
            main: Port::open(config.listen, number(1), Service::MainSocket).await?,
            consoles: Port::open(config.listen, number(2), Service::Consoles).await?,
            host,
        })
    }

    /// The addresses for the configuration of clients.
    fn lines(&self, tls: &Tls) -> [String; 5] {
        let secure = if tls.is_on() { "s" } else { "" };
        let host = match self.host.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => self.host.clone(),
        };
        let (rest, main) = (self.rest.address.port(), self.main.address.port());
        [
            "This is a private service; it is not operated by Alta.".to_owned(),
            format!("token endpoint  http{secure}://{host}:{rest}/connect/token"),
            format!("REST            http{secure}://{host}:{rest}/api"),
            format!("main websocket  ws{secure}://{host}:{main}/"),
            format!("consoles        {host}:{}", self.consoles.address.port()),
        ]
    }
}

/// The limits for clients. All clients of a proxy have its address, and all clients on the loopback have one, too.
fn limits(listen: IpAddr, is_behind_proxy: bool) -> Limits {
    let mut limits = Limits::default();
    limits.behind_proxy = is_behind_proxy;
    if is_behind_proxy || listen.is_loopback() {
        limits.connections_per_address = limits.connections;
    }
    limits
}

/// The settings of the service.
fn settings(ports: &Ports) -> CloudConfig {
    let mut settings = CloudConfig::default();
    settings.console_host.clone_from(&ports.host);
    settings.starts_servers = false;
    settings
}

/// Takes over the changes of `tale cloud add-bot` and the like, until the service ends.
async fn follow_storage(cloud: Arc<PrivateCloud>) {
    let mut ticks = interval(RELOAD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        cloud.reload();
    }
}
