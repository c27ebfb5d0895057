//! Observes HTTP requests and their responses, outside of the layer that repeats them.

use super::{Direction, Observer};
use alta_http::HttpClient;
use alta_model::Redactor;
use bytes::Bytes;
use http::{Request, header};

/// Adds an observer to a client. It sees the path and the body, but no query and no header: these contain tokens.
pub(crate) fn observe(http: HttpClient, observer: Observer) -> HttpClient {
    let call_timeout = http.call_timeout();
    let redactor = Redactor::new();
    let observer = observer.with_redactor(redactor.clone());
    let observed = HttpClient::without_layers(tower::service_fn(move |request: Request<Bytes>| {
        let (http, observer, redactor) = (http.clone(), observer.clone(), redactor.clone());
        async move {
            let head = format!("{} {}", request.method(), request.uri().path());
            learn(&redactor, &request);
            show(&observer, Direction::Sent, &head, request.body());
            let result = http.send(request).await;
            match &result {
                Ok(response) => {
                    let head = format!("{} to {head}", response.status().as_u16());
                    show(&observer, Direction::Received, &head, response.body());
                }
                Err(error) => {
                    let head = format!("no response to {head}: {error}");
                    show(&observer, Direction::Received, &head, b"");
                }
            }
            result
        }
    }));
    observed.with_call_timeout(call_timeout)
}

/// A server may repeat the secrets that it was sent.
fn learn(redactor: &Redactor, request: &Request<Bytes>) {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let credentials = authorization.and_then(|value| value.to_str().ok()?.split(' ').next_back());
    redactor.learn(credentials.unwrap_or_default());
    redactor.learn_fields(&String::from_utf8_lossy(request.body()));
}

fn show(observer: &Observer, direction: Direction, head: &str, body: &[u8]) {
    if body.is_empty() {
        observer.see(direction, head);
    } else {
        observer.see(
            direction,
            &format!("{head} {}", String::from_utf8_lossy(body)),
        );
    }
}
