//! One attempt to open a console: access is asked for, then the websocket is dialled.

use crate::access::{Access, AccessError, ConsoleAccess, host_of};
use crate::config::Config;
use crate::error::with_sources;
use crate::machine::Failure;
use crate::status::Trouble;
use alta_socket::{DialError, Limits, WebSocket};
use std::sync::Arc;

/// An open websocket comes with the access it was opened by.
pub(crate) async fn open(
    access: Arc<dyn Access>,
    config: Arc<Config>,
) -> Result<(WebSocket, ConsoleAccess), Failure> {
    let granted = access.access().await.map_err(no_access)?;
    tracing::debug!(address = %host_of(&granted.url), "dialling");
    let limits = Limits::new(config.frame_limit).connect(config.connect_timeout);
    let headers = http::HeaderMap::new();
    let socket = WebSocket::connect(&*config.dialer, &granted.url, headers, limits)
        .await
        .map_err(|error| unreachable(&error))?;
    Ok((socket, granted))
}

fn unreachable(error: &DialError) -> Failure {
    match error {
        // It is the program's, and will be the same the next time.
        DialError::Address { .. } => Failure::Address(error.to_string()),
        _ => Failure::Trouble {
            trouble: Trouble::Unreachable(with_sources(error)),
            retry_after: None,
        },
    }
}

fn no_access(error: AccessError) -> Failure {
    match error {
        AccessError::Refused(message) => Failure::Refused(message),
        AccessError::NotYet {
            message,
            retry_after,
        } => Failure::Trouble {
            trouble: Trouble::NotUp(message),
            retry_after,
        },
        AccessError::Failed { message, source } => {
            let why = match &source {
                Some(source) => format!("{message}: {}", with_sources(&**source)),
                None => message,
            };
            Failure::Trouble {
                trouble: Trouble::NoAccess(why),
                retry_after: None,
            }
        }
    }
}
