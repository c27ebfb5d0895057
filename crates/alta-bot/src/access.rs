use alta_model::{JoinFailReason, JoinResult, Redactor, ServerId};
use alta_rest::ConsoleOptions;
use att_console::{Access, AccessError, ConsoleAccess};
use futures_core::future::BoxFuture;
use std::net::IpAddr;
use std::time::Duration;
use url::Url;

/// The pause between requests while a server starts, which takes a minute or more.
const COLD_START: Duration = Duration::from_secs(5);

/// Access to a console through the cloud: requested from the REST API at every attempt, since address, port and token change
/// with every start of a server.
#[derive(Clone, Debug)]
pub struct CloudAccess {
    rest: alta_rest::Client,
    server: ServerId,
    options: ConsoleOptions,
}

impl CloudAccess {
    /// Access to the console of `server`.
    pub fn new(rest: alta_rest::Client, server: ServerId, options: ConsoleOptions) -> Self {
        Self {
            rest,
            server,
            options,
        }
    }

    async fn request(&self) -> Result<ConsoleAccess, AccessError> {
        let servers = self.rest.servers();
        match servers.console(self.server, self.options).await {
            Ok(reply) => read(reply, self.rest.redactor()),
            // The account, its scopes or the id is wrong: the same request would fail again.
            Err(error) if is_refusal(&error) => Err(AccessError::Refused(format!("{error:?}"))),
            Err(error) => Err(AccessError::Failed {
                message: "requesting access from the cloud".to_owned(),
                retry_after: error.retry_after(),
                source: Some(Box::new(error)),
            }),
        }
    }
}

impl Access for CloudAccess {
    fn access(&self) -> BoxFuture<'_, Result<ConsoleAccess, AccessError>> {
        Box::pin(self.request())
    }

    fn timeout(&self) -> Option<Duration> {
        // The call has a timeout of its own, which includes the wait for a free place.
        let call = self.rest.http().call_timeout();
        Some(call.saturating_add(Duration::from_secs(1)))
    }
}

/// Returns whether a retry of the same call would be refused again.
pub(crate) fn is_refusal(error: &alta_rest::Error) -> bool {
    use alta_rest::ErrorKind::{Forbidden, Login, MissingScope, NoAccount, NotFound, Unauthorized};
    match error.kind() {
        Forbidden | Unauthorized | NotFound | MissingScope | NoAccount => true,
        Login => !error.is_transient(),
        _ => false,
    }
}

/// The connection and the token mean that access is granted, not `allowed` (att-client, Townsharp).
fn read(reply: JoinResult, redactor: &Redactor) -> Result<ConsoleAccess, AccessError> {
    let reason = reply.fail_reason;
    let message = || match (&reply.message, &reason) {
        (Some(message), _) => redactor.redact(message).into_owned(),
        (None, Some(reason)) => reason.as_str().to_owned(),
        (None, None) => "the cloud gave no reason".to_owned(),
    };
    if let (Some(connection), Some(token)) = (&reply.connection, &reply.token) {
        let host = match connection.address.parse() {
            Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => connection.address.clone(),
        };
        let address = |scheme: &str, port: Option<u16>| {
            let url = format!("{scheme}://{host}:{}/", port?);
            Url::parse(&url).ok()
        };
        let Some(url) = address("ws", connection.websocket_port) else {
            return Err(AccessError::Failed {
                message: "the address from the cloud is not valid for a websocket".to_owned(),
                source: None,
                retry_after: None,
            });
        };
        let mut access = ConsoleAccess::new(url, token.clone()).may_change();
        access.web_server = address("http", connection.webserver_port);
        return Ok(access);
    }
    match &reason {
        Some(refusal) if refusal.is_refusal() => Err(AccessError::Refused(message())),
        _ if reply.cold_start => Err(AccessError::NotYet {
            message: "the server starts".to_owned(),
            retry_after: Some(COLD_START),
        }),
        // Only these mean that the server does not run. The view uses them.
        None
        | Some(JoinFailReason::Nothing | JoinFailReason::NotOnline | JoinFailReason::NotLaunched) => {
            Err(AccessError::NotYet {
                message: message(),
                retry_after: None,
            })
        }
        Some(_) => Err(AccessError::Failed {
            message: message(),
            source: None,
            retry_after: None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<ConsoleAccess, AccessError> {
        read(serde_json::from_str(json).unwrap(), &Redactor::new())
    }

    #[test]
    fn each_reply_of_the_cloud_grants_postpones_refuses_or_fails() {
        let granted = of(
            r#"{"server_id":7,"allowed":true,"connection":{"address":"203.0.113.17","websocket_port":7667,"webserver_port":7780},"token":"t"}"#,
        )
        .unwrap();
        assert_eq!(granted.url.as_str(), "ws://203.0.113.17:7667/");
        assert_eq!(
            granted.web_server.unwrap().as_str(),
            "http://203.0.113.17:7780/"
        );
        assert!(granted.may_change);

        let by_ip_6 = of(
            r#"{"server_id":7,"allowed":true,"connection":{"address":"2001:db8::17","websocket_port":7667},"token":"t"}"#,
        )
        .unwrap();
        assert_eq!(by_ip_6.url.as_str(), "ws://[2001:db8::17]:7667/");

        let offline = of(
            r#"{"server_id":7,"allowed":false,"was_rejection":true,"message":"Server is not online","fail_reason":"NotOnline"}"#,
        );
        assert!(
            matches!(offline, Err(AccessError::NotYet { message, retry_after: None }) if message == "Server is not online")
        );
        let allowed_but_gone = of(r#"{"server_id":7,"allowed":true,"fail_reason":"Nothing"}"#);
        assert!(matches!(allowed_but_gone, Err(AccessError::NotYet { .. })));
        let starting =
            of(r#"{"server_id":7,"allowed":false,"cold_start":true,"fail_reason":"NotLaunched"}"#);
        assert!(matches!(
            starting,
            Err(AccessError::NotYet {
                retry_after: Some(_),
                ..
            })
        ));
        for reason in [
            "NotAllowedToSeeServer",
            "NotAllowedToJoinServer",
            "BannedUser",
            "LockedServer",
        ] {
            let refused = of(&format!(
                r#"{{"server_id":7,"allowed":false,"fail_reason":"{reason}"}}"#
            ));
            assert!(matches!(refused, Err(AccessError::Refused(_))), "{reason}");
        }
        for reason in ["CouldntAccessCluster", "PlayerLimitReached", "OutOfCheese"] {
            let failed = of(&format!(
                r#"{{"server_id":7,"allowed":false,"fail_reason":"{reason}"}}"#
            ));
            // The server may still run.
            assert!(
                matches!(failed, Err(AccessError::Failed { .. })),
                "{reason}"
            );
        }
        let strange = of(
            r#"{"server_id":7,"connection":{"address":"no host!","websocket_port":1},"token":"t"}"#,
        );
        assert!(matches!(strange, Err(AccessError::Failed { .. })));
    }
}
