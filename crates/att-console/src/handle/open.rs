//! One attempt to open a console: requests access, then opens the websocket.

use crate::access::{Access, AccessError, ConsoleAccess, host_of};
use crate::config::Config;
use crate::error::with_sources;
use crate::handle::status::NotConnected;
use crate::machine::Failure;
use alta_model::Redactor;
use alta_socket::{DialError, LinkConfig, WebSocket};
use std::sync::Arc;
use url::Url;

/// Returns the websocket with the access that it was opened with.
pub(crate) async fn open(
    access: Arc<dyn Access>,
    config: Arc<Config>,
    redactor: Redactor,
) -> Result<(WebSocket, Box<ConsoleAccess>), Failure> {
    let opened = dial(access, config, &redactor).await;
    opened.map_err(|failure| redacted(failure, &redactor))
}

async fn dial(
    access: Arc<dyn Access>,
    config: Arc<Config>,
    redactor: &Redactor,
) -> Result<(WebSocket, Box<ConsoleAccess>), Failure> {
    let within = access.time_limit().unwrap_or(config.connect_timeout);
    let granted = tokio::time::timeout(within, access.access())
        .await
        .map_err(|_| trouble(NotConnected::NoAccess(format!("none within {within:?}"))))?
        .map_err(|error| no_access(error, &config))?;
    redactor.learn(granted.token.expose());
    redactor.learn_address(granted.url.as_str());
    usable(&granted)?;
    tracing::debug!(address = %host_of(&granted.url), "dialing");
    let observer = config.observer.clone();
    let link = LinkConfig::new(config.max_frame)
        .connect_timeout(config.connect_timeout)
        .write_timeout(config.write_timeout)
        .observer(observer.map(|observer| observer.with_redactor(redactor.clone())));
    let headers = http::HeaderMap::new();
    let dialer = config.the_dialer().map_err(Failure::Address)?;
    let socket = WebSocket::connect(&*dialer, &granted.url, headers, link)
        .await
        .map_err(|error| unreachable(&error, &granted, &config))?;
    Ok((socket, Box::new(granted)))
}

/// The same with the secrets in messages of others redacted.
fn redacted(failure: Failure, redactor: &Redactor) -> Failure {
    let shown = |text: String| redactor.redact(&text).into_owned();
    match failure {
        Failure::Refused(text) => Failure::Refused(shown(text)),
        Failure::Address(text) => Failure::Address(shown(text)),
        Failure::Token(text) => Failure::Token(shown(text)),
        Failure::NotConnected {
            trouble,
            retry_after,
        } => Failure::NotConnected {
            trouble: match trouble {
                NotConnected::NotUp(text) => NotConnected::NotUp(shown(text)),
                NotConnected::NoAccess(text) => NotConnected::NoAccess(shown(text)),
                NotConnected::Unreachable(text) => NotConnected::Unreachable(shown(text)),
                other => other,
            },
            retry_after,
        },
    }
}

fn unreachable(error: &DialError, access: &ConsoleAccess, config: &Config) -> Failure {
    match error {
        // The program gave the address: it stays the same.
        DialError::Address { .. } | DialError::Environment(_) => {
            Failure::Address(error.to_string())
        }
        // A refused user and password stay the same, too, unless the access can change.
        DialError::Rejected {
            status: 401 | 403, ..
        } if !access.may_change && has_credentials(&access.url) => {
            Failure::Refused(error.to_string())
        }
        _ => Failure::NotConnected {
            trouble: NotConnected::Unreachable(with_sources(error)),
            retry_after: error
                .retry_after()
                .map(|asked| asked.min(config.backoff.cap)),
        },
    }
}

fn has_credentials(address: &Url) -> bool {
    !address.username().is_empty() || address.password().is_some()
}

/// Checks that the token can be sent. A fixed token that cannot is final.
fn usable(access: &ConsoleAccess) -> Result<(), Failure> {
    let problem = if access.token.expose().is_empty() {
        "the console's token is empty".to_owned()
    } else {
        match access.token.check("the console's token") {
            Ok(()) => return Ok(()),
            Err(error) => error.to_string(),
        }
    };
    Err(if access.may_change {
        trouble(NotConnected::NoAccess(problem))
    } else {
        Failure::Token(problem)
    })
}

fn trouble(trouble: NotConnected) -> Failure {
    Failure::NotConnected {
        trouble,
        retry_after: None,
    }
}

fn no_access(error: AccessError, config: &Config) -> Failure {
    match error {
        AccessError::Refused(message) => Failure::Refused(message),
        AccessError::NotYet {
            message,
            retry_after,
        } => Failure::NotConnected {
            trouble: NotConnected::NotUp(message),
            retry_after,
        },
        AccessError::Failed {
            message,
            source,
            retry_after,
        } => {
            let why = match &source {
                Some(source) => format!("{message}: {}", with_sources(&**source)),
                None => message,
            };
            Failure::NotConnected {
                trouble: NotConnected::NoAccess(why),
                retry_after: retry_after.map(|asked| asked.min(config.backoff.cap)),
            }
        }
    }
}
