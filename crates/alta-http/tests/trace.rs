//! The log of a request. A process has one log, so this is a program of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_http::{Config, HttpClient};
use bytes::Bytes;
use http::{Request, Response};
use std::convert::Infallible;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tower::service_fn;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn each_request_has_an_id_and_a_span_over_all_its_attempts_that_shows_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    let count = Arc::new(AtomicUsize::new(0));
    let transport = service_fn(move |_: Request<Bytes>| {
        let status = match count.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => 503,
            _ => 200,
        };
        let response = Response::builder().status(status).body(String::new());
        std::future::ready(Ok::<_, Infallible>(response.unwrap()))
    });
    let client = HttpClient::layered(transport, &Config::default());
    for _ in 0..2 {
        let request = Request::get("http://example.org/api/groups?token=hunter20")
            .header("authorization", "Bearer hunter20")
            .body(Bytes::new());
        client.send(request.unwrap()).await.unwrap();
    }

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("hunter20"), "{text}");
    let span = "http{id=";
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    for line in &lines {
        let request = "request=GET http://example.org/api/groups}";
        assert!(line.contains(span) && line.contains(request), "{line}");
    }
    for (line, what) in lines.iter().zip([
        "retrying attempt=1",
        "retrying attempt=2",
        "response received status=200",
        "response received status=200",
    ]) {
        assert!(line.contains(what), "{line}");
    }
    let ids: Vec<&str> = lines
        .iter()
        .map(|line| line.split_once(span).unwrap().1)
        .map(|rest| rest.split_once(' ').unwrap().0)
        .collect();
    assert!(
        ids[0] == ids[1] && ids[1] == ids[2] && ids[2] != ids[3],
        "{ids:?}"
    );
}
