use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};

use futures_core::future::BoxFuture;
use http::Uri;
use tower_service::Service;

use crate::BoxError;

/// Gives a connector limited time: for the name, TCP and TLS together.
#[derive(Clone, Debug)]
pub(crate) struct ConnectTimeout<C> {
    connector: C,
    after: Duration,
}

impl<C> ConnectTimeout<C> {
    pub(crate) fn new(connector: C, after: Duration) -> Self {
        Self { connector, after }
    }
}

impl<C> Service<Uri> for ConnectTimeout<C>
where
    C: Service<Uri, Error = BoxError>,
    C::Future: Send + 'static,
    C::Response: Send + 'static,
{
    type Response = C::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<C::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, after) = (self.connector.call(uri), self.after);
        Box::pin(async move {
            tokio::time::timeout(after, connecting)
                .await
                .unwrap_or_else(|_| {
                    let waited = format!("no connection within {after:?}");
                    Err(io::Error::new(io::ErrorKind::TimedOut, waited).into())
                })
        })
    }
}
