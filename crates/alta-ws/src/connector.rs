use crate::config::Config;
use crate::error::{Error, ErrorKind};
use crate::socket::OpenFailure;
use alta_auth::{API_KEY, Token, TokenSource};
use alta_model::Redactor;
use alta_socket::{Dial, DialError, LinkConfig, WebSocket};
use http::{HeaderMap, HeaderValue, header};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

const DOING: &str = "connecting";

/// The timeout of a token: three attempts of ten seconds, their pauses, and a margin.
const TOKEN_WITHIN: Duration = Duration::from_secs(60);

/// Opens links.
pub(crate) struct Connector {
    dialer: Arc<dyn Dial>,
    headers: HeaderMap,
    url: Url,
    link: LinkConfig,
    redactor: Redactor,
}

impl Connector {
    pub(crate) fn new(
        dialer: Arc<dyn Dial>,
        headers: HeaderMap,
        config: &Config,
        redactor: Redactor,
    ) -> Self {
        let observer = config.observer.clone();
        Self {
            dialer,
            headers,
            url: config.url.clone(),
            link: LinkConfig::new(config.max_frame)
                .connect_timeout(config.connect_timeout)
                .write_timeout(config.write_timeout)
                .observer(observer.map(|observer| observer.with_redactor(redactor.clone()))),
            redactor,
        }
    }

    /// Opens a link with a token other than the refused one.
    pub(crate) fn open(
        &self,
        tokens: Arc<dyn TokenSource>,
        refused: Option<Token>,
    ) -> impl Future<Output = Result<(WebSocket, ()), OpenFailure>> + Send + 'static {
        let dialer = Arc::clone(&self.dialer);
        let mut headers = self.headers.clone();
        let (url, link) = (self.url.clone(), self.link.clone());
        let redactor = self.redactor.clone();
        async move {
            let token = match get_token(tokens, refused).await {
                Ok(token) => token,
                Err(error) => {
                    let error = error.while_doing(DOING);
                    return Err(match error.kind() {
                        ErrorKind::Unauthorized { .. } => OpenFailure::Final(error),
                        _ => OpenFailure::NoToken(error),
                    });
                }
            };
            redactor.learn_address(url.as_str());
            redactor.learn(own_key(&headers));
            redactor.learn(token.expose());
            let bearer = bearer(&token).map_err(OpenFailure::Final)?;
            headers.insert(header::AUTHORIZATION, bearer);
            let opened = WebSocket::connect(&*dialer, &url, headers, link).await;
            let socket = opened.map_err(|error| failure_of(error, token, &redactor))?;
            Ok((socket, ()))
        }
    }
}

/// Gets a valid token, other than the refused one.
pub(crate) async fn get_token(
    source: Arc<dyn TokenSource>,
    refused: Option<Token>,
) -> Result<Token, Error> {
    const DOING: &str = "getting a token";
    let token = async {
        match &refused {
            Some(refused) => source.renew(refused).await,
            None => source.token().await,
        }
    };
    match tokio::time::timeout(TOKEN_WITHIN, token).await {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(error)) if *error.kind() == alta_auth::ErrorKind::Refused => {
            let kind = ErrorKind::Unauthorized { status: None };
            Err(Error::new(kind, DOING).caused_by(error))
        }
        Ok(Err(error)) => Err(Error::new(ErrorKind::NoToken, DOING).caused_by(error)),
        Err(elapsed) => Err(Error::new(ErrorKind::NoToken, DOING).caused_by(elapsed)),
    }
}

/// The `x-api-key`, unless it is the public one.
fn own_key(headers: &HeaderMap) -> &str {
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    key.filter(|key| *key != API_KEY).unwrap_or_default()
}

fn bearer(token: &Token) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
        // Without the cause, which could quote the token.
        let reason = "the token cannot be a header".to_owned();
        Error::new(ErrorKind::Config { reason }, DOING)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn failure_of(error: DialError, token: Token, redactor: &Redactor) -> OpenFailure {
    let status = error.status();
    let cause = redactor.cause(error);
    match status {
        Some(status @ (401 | 403)) => {
            let kind = ErrorKind::Unauthorized {
                status: Some(status),
            };
            OpenFailure::Unauthorized(Error::new(kind, DOING).caused_by(cause), token)
        }
        _ => OpenFailure::Transient(Error::new(ErrorKind::Dial, DOING).caused_by(cause)),
    }
}
