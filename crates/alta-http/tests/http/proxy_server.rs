use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The heads of requests, in lower case.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// Starts a proxy that responds to every request itself and closes the connection of a CONNECT. Returns its address and the
/// requests.
pub(crate) async fn start() -> (String, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let requests = Log::default();
    let log = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = read_head(&mut stream).await;
            log.lock().unwrap().push(head.to_lowercase());
            let response = if head.starts_with("CONNECT ") {
                "HTTP/1.1 200 Connected\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nproxy"
            };
            stream.write_all(response.as_bytes()).await.unwrap();
        }
    });
    (address, requests)
}

pub(crate) async fn read_head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}
