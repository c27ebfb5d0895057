//! Looking at requests and their answers, from outside of the repetitions.

use super::Direction;
use alta_http::HttpClient;
use alta_model::Redactor;
use alta_socket::Observer;
use bytes::Bytes;
use http::{Request, header};

/// The same client, looked at. Of an address only its path is shown, and no header: queries and headers hold tokens.
pub(crate) fn tap(http: HttpClient, observer: Observer) -> HttpClient {
    let call_timeout = http.call_timeout();
    let redactor = Redactor::new();
    let observer = observer.with_redactor(redactor.clone());
    let tapped = HttpClient::whole(tower::service_fn(move |request: Request<Bytes>| {
        let (http, observer, redactor) = (http.clone(), observer.clone(), redactor.clone());
        async move {
            let what = format!("{} {}", request.method(), request.uri().path());
            learn(&redactor, &request);
            let tell = |direction, what: &str, body: &[u8]| {
                tell(&observer, direction, what, body);
            };
            tell(Direction::Sent, &what, request.body());
            let outcome = http.send(request).await;
            match &outcome {
                Ok(answer) => {
                    let what = format!("{} to {what}", answer.status().as_u16());
                    tell(Direction::Received, &what, answer.body());
                }
                Err(error) => {
                    let what = format!("nothing to {what}: {error}");
                    tell(Direction::Received, &what, b"");
                }
            }
            outcome
        }
    }));
    tapped.with_call_timeout(call_timeout)
}

/// A server may repeat what it was sent.
fn learn(redactor: &Redactor, request: &Request<Bytes>) {
    let authorization = request.headers().get(header::AUTHORIZATION);
    let credentials = authorization.and_then(|value| value.to_str().ok()?.split(' ').next_back());
    redactor.learn(credentials.unwrap_or_default());
    redactor.learn_fields(&String::from_utf8_lossy(request.body()));
}

fn tell(observer: &Observer, direction: Direction, what: &str, body: &[u8]) {
    if body.is_empty() {
        observer.see(direction, what);
    } else {
        observer.see(
            direction,
            &format!("{what} {}", String::from_utf8_lossy(body)),
        );
    }
}
