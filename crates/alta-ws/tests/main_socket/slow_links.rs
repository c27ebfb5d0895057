use crate::support::{event, status, within};
use crate::support_of_both::{ping, ping_without_reading, slow_server, write_frame, write_slowly};
use alta_auth::StaticToken;
use alta_ws::{BackoffPolicy, Client, Config, State};
use std::time::Duration;
use tokio::net::TcpStream;

/// A client, and a service that passes its TCP connection to `then`.
fn client_of<F: Future<Output = ()> + Send>(
    config: impl FnOnce(Config) -> Config,
    then: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> Client {
    let url = slow_server(async |socket| then(socket.into_inner()).await);
    let short = Duration::from_millis(20);
    let quick = Config::default()
        .url(url)
        .backoff(BackoffPolicy::new(short, short));
    Client::open_with(StaticToken::new("a token"), config(quick)).unwrap()
}

#[tokio::test]
async fn a_frame_that_takes_many_pings_to_arrive_is_received() {
    const PING: Duration = Duration::from_millis(500);
    let frame = format!(
        r#"{{"id":0,"event":"group-update","key":"7","content":"{{\"id\":7,\"name\":\"{}\"}}","responseCode":200}}"#,
        "A".repeat(10_000)
    );
    let client = client_of(
        |config| config.ping_interval(PING),
        async move |mut stream| {
            // It is busy with the frame: it reads no ping and sends no pong. Then it sends pings itself.
            write_slowly(&mut stream, &frame, PING / 5).await;
            ping(&mut stream, PING / 5).await;
            write_frame(&mut stream, &frame).await;
            std::future::pending::<()>().await;
        },
    );
    let mut everything = client.subscribe_to_everything().start();
    for _ in 0..2 {
        let event = event(&mut everything).await;
        assert_eq!(event.data["name"].as_str().unwrap().len(), 10_000);
    }
    assert_eq!(client.status().totals.connects, 1);
}

#[tokio::test]
async fn a_connection_whose_server_never_reads_is_closed_with_that_cause() {
    let client = client_of(
        |config| config.write_timeout(Duration::from_millis(500)),
        ping_without_reading,
    );
    within(client.ready()).await.unwrap();
    // More than the buffers of the system for a connection.
    let asking = client.clone();
    let long = "a".repeat(8 * 1024 * 1024);
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
