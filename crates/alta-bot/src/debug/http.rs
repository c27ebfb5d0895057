//! Looking at requests and their answers, from outside of the repetitions.

use super::mask::shown;
use super::{Channel, Direction, Traffic, Watcher};
use alta_http::HttpClient;
use bytes::Bytes;
use http::Request;

/// The same client, looked at. Of an address only its path is shown, and no header: queries and headers hold tokens.
pub(crate) fn tap(http: HttpClient, watcher: Watcher) -> HttpClient {
    let call_timeout = http.call_timeout();
    let tapped = HttpClient::whole(tower::service_fn(move |request: Request<Bytes>| {
        let (http, watcher) = (http.clone(), watcher.clone());
        async move {
            let what = format!("{} {}", request.method(), request.uri().path());
            tell(&watcher, Direction::Sent, &what, request.body());
            let outcome = http.send(request).await;
            match &outcome {
                Ok(answer) => {
                    let what = format!("{} to {what}", answer.status().as_u16());
                    tell(&watcher, Direction::Received, &what, answer.body());
                }
                Err(error) => {
                    let what = format!("nothing to {what}: {error}");
                    tell(&watcher, Direction::Received, &what, b"");
                }
            }
            outcome
        }
    }));
    tapped.with_call_timeout(call_timeout)
}

fn tell(watcher: &Watcher, direction: Direction, what: &str, body: &[u8]) {
    let body = shown(&String::from_utf8_lossy(body));
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
