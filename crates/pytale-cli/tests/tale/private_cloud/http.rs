//! Requests of a plain client.

use super::support::BOUND;
use serde_json::Value;
use std::io::{self, ErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request over a connection of its own. Returns the status and the JSON of the reply; an error if there is no whole reply.
pub(super) async fn http(
    method: &str,
    url: &str,
    headers: &str,
    body: &str,
) -> io::Result<(u16, Value)> {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = async {
        let mut stream = TcpStream::connect(host).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await?;
        Ok::<_, io::Error>(reply)
    };
    let reply = timeout(BOUND, exchange).await.unwrap()?;
    let (head, body) = reply
        .split_once("\r\n\r\n")
        .ok_or(ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    if body.is_empty() {
        return Ok((status, Value::Null));
    }
    Ok((status, serde_json::from_str(body)?))
}
