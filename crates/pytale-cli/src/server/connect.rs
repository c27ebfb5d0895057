use crate::failure::{Failure, Status};
use crate::output::error_line;
use crate::server::exposure::Watched;
use crate::server::target::Target;
use pytale::Console;
use pytale::console::{Config, Dial, State, TcpDialer, Tls};
use std::sync::Arc;
use std::time::Duration;

/// Opens the console of a server, which connects in the background and reconnects after every loss. `warn` shows a warning.
pub(crate) async fn open(
    target: &Target,
    config: Config,
    warn: impl Fn(String) + Send + Sync + 'static,
) -> Result<Console, Failure> {
    let access = Watched::new(target.access().await?, warn);
    let dialer = match &config.dialer {
        Some(dialer) => Arc::clone(dialer),
        None => dialer()?,
    };
    let config = config.label(target.name.clone()).dialer(dialer);
    Ok(Console::open_with(Arc::new(access), config))
}

/// Opens the console, and shows warnings on standard error.
pub(crate) async fn open_telling(target: &Target, config: Config) -> Result<Console, Failure> {
    open(target, config, |text| error_line(format_args!("{text}"))).await
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
    let console = open_telling(target, config).await?;
    match wait {
        Some(wait) => console.ready_within(wait).await?,
        None => first_attempt(&console, target).await?,
    }
    Ok(console)
}

/// Waits until the first attempt to connect has succeeded. Fails if it has failed.
pub(crate) async fn first_attempt(console: &Console, target: &Target) -> Result<(), Failure> {
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
