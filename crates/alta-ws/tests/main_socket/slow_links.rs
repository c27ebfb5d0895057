//! Services that write slowly or do not read.

use crate::support::{event, status, within};
use alta_auth::StaticToken;
use alta_ws::{BackoffPolicy, Client, Config, State};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_tungstenite::accept_async;

/// A client of a service that hands its bare connection to `then`.
async fn client_of<F: Future<Output = ()> + Send>(
    config: impl FnOnce(Config) -> Config,
    then: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let socket = accept_async(stream).await.unwrap();
        then(socket.into_inner()).await;
    });
    let short = Duration::from_millis(20);
    let quick = Config::default()
        .url(url.parse().unwrap())
        .backoff(BackoffPolicy::new(short, short));
    Client::open_with(StaticToken::new("a token"), config(quick)).unwrap()
}

/// The header of a text frame.
fn header(length: usize) -> Vec<u8> {
    let mut bytes = vec![0x81, 127];
    bytes.extend((length as u64).to_be_bytes());
    bytes
}

#[tokio::test]
async fn a_frame_that_takes_many_pings_to_arrive_is_not_cut_off() {
    const PING: Duration = Duration::from_millis(500);
    let frame = format!(
        r#"{{"id":0,"event":"group-update","key":"7","content":"{{\"id\":7,\"name\":\"{}\"}}","responseCode":200}}"#,
        "A".repeat(10_000)
    );
    let client = client_of(
        |config| config.ping_interval(PING),
        async move |mut stream| {
            // It is busy with the frame: it reads no ping and answers none. Then it pings by itself.
            stream.write_all(&header(frame.len())).await.unwrap();
            for piece in frame.as_bytes().chunks(700) {
                sleep(PING / 5).await;
                stream.write_all(piece).await.unwrap();
            }
            for _ in 0..15 {
                sleep(PING / 5).await;
                stream.write_all(&[0x89, 1, b'x']).await.unwrap();
            }
            stream.write_all(&header(frame.len())).await.unwrap();
            stream.write_all(frame.as_bytes()).await.unwrap();
            std::future::pending::<()>().await;
        },
    )
    .await;
    let mut everything = client.subscribe_to_everything().start();
    for _ in 0..2 {
        let event = event(&mut everything).await;
        assert_eq!(event.data["name"].as_str().unwrap().len(), 10_000);
    }
    assert_eq!(client.status().totals.connects, 1);
}

#[tokio::test]
async fn a_service_that_pings_and_never_reads_is_given_up_with_that_cause() {
    let client = client_of(
        |config| config.write_timeout(Duration::from_millis(500)),
        async |stream| {
            let (_unread, mut writing) = stream.into_split();
            let pings = [0x89, 3, b'a', b'b', b'c'].repeat(1_000);
            while writing.write_all(&pings).await.is_ok() {}
        },
    )
    .await;
    within(client.ready()).await.unwrap();
    // More than the system holds for a connection.
    let asking = client.clone();
    let long = "a".repeat(32 * 1024 * 1024);
    let request = tokio::spawn(async move {
        let asked = asking.request(http::Method::POST, "coffee", Some(&long));
        asked.await
    });
    let lost = status(&client, |status| {
        matches!(status.state, State::Recovering { .. })
    })
    .await;
    let because = format!("{:?}", lost.state);
    assert!(because.contains("nothing could be written"), "{because}");
    within(request).await.unwrap().unwrap_err();
}
