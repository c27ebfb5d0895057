use crate::failure::{Failure, Status};
use crate::output::error_line;
use crate::server::target::Target;
use pytale::Console;
use pytale::console::{Config, Dial, State, TcpDialer, Tls};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Opens the console of a server, which connects in the background and reconnects after every loss.
pub(crate) async fn open(target: &Target, config: Config) -> Result<Console, Failure> {
    if !target.is_in_cloud() {
        warn_if_exposed(&target.url).await;
    }
    let access = target.access().await?;
    let dialer = match &config.dialer {
        Some(dialer) => Arc::clone(dialer),
        None => dialer()?,
    };
    let config = config.label(target.name.clone()).dialer(dialer);
    Ok(Console::open_with(access, config))
}

/// The dialer of consoles, for `ws` and `wss` addresses.
pub(crate) fn dialer() -> Result<Arc<dyn Dial>, Failure> {
    let tls = Tls::web_roots().map_err(|error| Failure::new(Status::Failed, error.to_string()))?;
    Ok(Arc::new(TcpDialer::with_tls(tls)))
}

/// Opens the console and waits until the server has accepted the token. Fails with the first failed attempt, unless `wait` says
/// for how long further attempts are made.
pub(crate) async fn connect(
    target: &Target,
    config: Config,
    wait: Option<Duration>,
) -> Result<Console, Failure> {
    let console = open(target, config).await?;
    match wait {
        Some(wait) => console.ready_within(wait).await?,
        None => first_attempt(&console, target).await?,
    }
    Ok(console)
}

async fn first_attempt(console: &Console, target: &Target) -> Result<(), Failure> {
    let decided = |state: &State| !matches!(state, State::Connecting { .. });
    let state = console
        .statuses()
        .wait_for(|status| decided(&status.state))
        .await
        .map(|status| status.state);
    match state {
        Some(State::Recovering { because, .. }) => {
            let failure = if target.is_in_cloud() {
                Failure::new(Status::Unreachable, because.to_string())
                    .advice("`tale servers` lists the servers and their states; --wait waits for one that starts")
            } else {
                Failure::not_connected(&because)
            };
            Err(failure.of(&format!("connecting to {}", console.label())))
        }
        _ => Ok(console.ready().await?),
    }
}

/// Warns if the token is sent unencrypted to an address that is neither loopback nor private.
async fn warn_if_exposed(url: &str) {
    let Some(address) = url.strip_prefix("ws://") else {
        return;
    };
    let lookup = timeout(Duration::from_secs(2), tokio::net::lookup_host(address));
    let Ok(Ok(mut addresses)) = lookup.await else {
        return;
    };
    if addresses.any(|address| !is_private(address.ip())) {
        error_line(format_args!(
            "warning: the token is sent unencrypted to {address}; anyone on the way can read it and run any command\n  \
             help: use an SSH tunnel or a wss:// address"
        ));
    }
}

fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        // 100.64.0.0/10 is the range of private overlay networks.
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback()
                || ip.is_private()
                || ip.is_link_local()
                || ip.is_unspecified()
                || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_private_networks_are_private() {
        for (address, private) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("192.168.0.9", true),
            ("172.16.0.1", true),
            ("100.64.0.1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("::ffff:192.168.0.9", true),
            ("203.0.113.7", false),
            ("100.128.0.1", false),
            ("2001:db8::1", false),
            ("::ffff:203.0.113.7", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), private, "{address}");
        }
    }
}
