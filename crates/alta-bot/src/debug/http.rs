//! Looking at requests and their answers, from outside of the repetitions.

use super::{Channel, Direction, Traffic, Watcher, shown};
use alta_http::HttpClient;
use alta_model::Redactor;
use bytes::Bytes;
use http::{Request, header};

/// The same client, looked at. Of an address only its path is shown, and no header: queries and headers hold tokens.
pub(crate) fn tap(http: HttpClient, watcher: Watcher) -> HttpClient {
    let call_timeout = http.call_timeout();
    let redactor = Redactor::new();
    let tapped = HttpClient::whole(tower::service_fn(move |request: Request<Bytes>| {
        let (http, watcher, redactor) = (http.clone(), watcher.clone(), redactor.clone());
        async move {
            let what = format!("{} {}", request.method(), request.uri().path());
            learn(&redactor, &request);
            let tell = |direction, what: &str, body: &[u8]| {
                tell(&watcher, &redactor, direction, what, body);
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

fn tell(watcher: &Watcher, redactor: &Redactor, direction: Direction, what: &str, body: &[u8]) {
    let body = shown(&String::from_utf8_lossy(body), redactor);
    let text = if body.is_empty() {
        what.to_owned()
    } else {
        format!("{what} {body}")
    };
    watcher(&Traffic {
        direction,
        channel: Channel::Http,
        text,
    });
}
