//! Helpers for the tests of both sockets; `alta-ws` and `att-console` include this file.

use alta_model::Timestamp;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::sleep;

/// Writes a text frame, as a server sends it.
pub(crate) async fn write_frame(stream: &mut TcpStream, text: &str) {
    stream.write_all(&header(text)).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Writes a text frame in pieces of 700 bytes, with a pause before each.
pub(crate) async fn write_slowly(stream: &mut TcpStream, text: &str, pause: Duration) {
    stream.write_all(&header(text)).await.unwrap();
    for piece in text.as_bytes().chunks(700) {
        sleep(pause).await;
        stream.write_all(piece).await.unwrap();
    }
}

fn header(text: &str) -> Vec<u8> {
    let mut bytes = vec![0x81, 127];
    bytes.extend((text.len() as u64).to_be_bytes());
    bytes
}

/// Sends fifteen pings, with a pause before each.
pub(crate) async fn ping(stream: &mut TcpStream, pause: Duration) {
    for _ in 0..15 {
        sleep(pause).await;
        stream.write_all(&[0x89, 1, b'x']).await.unwrap();
    }
}

/// Sends pings without end, and never reads.
pub(crate) async fn ping_without_reading(stream: TcpStream) {
    let (_unread, mut writing) = stream.into_split();
    let pings = [0x89, 3, b'a', b'b', b'c'].repeat(1_000);
    while writing.write_all(&pings).await.is_ok() {}
}

/// Checks the gap of a connection that fell silent at `silenced`. Its last event was received at `last`; pings have this
/// interval.
pub(crate) fn check_gap_of_silence(
    (since, until): (Timestamp, Timestamp),
    last: Timestamp,
    silenced: Timestamp,
    interval: Duration,
) {
    // The loss is noticed after a whole interval. A pong can be the last frame, after the event.
    let earliest = last.checked_sub(interval / 100).unwrap();
    let latest = silenced.checked_add(interval / 2).unwrap();
    assert!(
        since >= earliest && since <= latest,
        "{last} {since} {silenced}"
    );
    assert!(until >= latest && until <= Timestamp::now());
}

/// Checks that a line of an error or a log contains none of the secrets, also without its escapes, and no character that
/// controls a terminal.
pub(crate) fn check_line<'a>(line: &str, secrets: impl IntoIterator<Item = &'a str>) {
    let plain = line
        .replace("\\\"", "\"")
        .replace("\\\\", "\\")
        .replace("\\/", "/");
    for secret in secrets {
        assert!(
            !line.contains(secret) && !plain.contains(secret),
            "{secret} in {line}"
        );
    }
    let is_control = |c: char| c.is_control() || "\u{202e}\u{2028}".contains(c);
    assert!(!line.contains(is_control), "{line:?}");
}
