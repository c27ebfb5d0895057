//! One attempt to connect: requests access, then opens the websocket.

use crate::access::{Access, AccessError, ConsoleAccess, host_of};
use crate::config::Config;
use crate::error::with_sources;
use crate::machine::Failure;
use crate::status::NotConnected;
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
    let timeout = access.timeout().unwrap_or(config.connect_timeout);
    let granted = tokio::time::timeout(timeout, access.access())
        .await
        .map_err(|_| not_connected(NotConnected::NoAccess(format!("none within {timeout:?}"))))?
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
    let dialer = config.effective_dialer().map_err(Failure::Address)?;
    let socket = WebSocket::connect(&*dialer, &granted.url, headers, link)
        .await
        .map_err(|error| unreachable(&error, &granted, &config))?;
    Ok((socket, Box::new(granted)))
}

/// Redacts the messages, which come from the server or from an [`Access`] of the program.
fn redacted(failure: Failure, redactor: &Redactor) -> Failure {
    let redacted = |message: String| redactor.redact(&message).into_owned();
    match failure {
        Failure::Refused(message) => Failure::Refused(redacted(message)),
        Failure::Address(message) => Failure::Address(redacted(message)),
        Failure::Token(message) => Failure::Token(redacted(message)),
        Failure::NotConnected {
            because,
            retry_after,
        } => Failure::NotConnected {
            because: match because {
                NotConnected::NotUp(message) => NotConnected::NotUp(redacted(message)),
                NotConnected::NoAccess(message) => NotConnected::NoAccess(redacted(message)),
                NotConnected::Unreachable(message) => NotConnected::Unreachable(redacted(message)),
                other => other,
            },
            retry_after,
        },
    }
}

fn unreachable(error: &DialError, access: &ConsoleAccess, config: &Config) -> Failure {
    match error {
        // The address comes from the program, so a retry does not help.
        DialError::Address { .. } | DialError::Environment(_) => {
            Failure::Address(error.to_string())
        }
        // So do the user and the password, unless the access can change.
        DialError::Rejected {
            status: 401 | 403, ..
        } if !access.may_change && has_credentials(&access.url) => {
            Failure::Refused(error.to_string())
        }
        _ => Failure::NotConnected {
            because: NotConnected::Unreachable(with_sources(error)),
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
        not_connected(NotConnected::NoAccess(problem))
    } else {
        Failure::Token(problem)
    })
}

fn not_connected(because: NotConnected) -> Failure {
    Failure::NotConnected {
        because,
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
            because: NotConnected::NotUp(message),
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
                because: NotConnected::NoAccess(why),
                retry_after: retry_after.map(|asked| asked.min(config.backoff.cap)),
            }
        }
    }
}
