use crate::common::server::{WELCOME, joined};
use crate::common::{config, next, not_connected, within};
use crate::support_of_both::{ping, ping_without_reading, slow_server, write_frame, write_slowly};
use att_console::{Console, ConsoleAccess, NotConnected, Sent};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

/// Accepts one console and its token, and passes the TCP connection to `then`.
fn server<F: Future<Output = ()> + Send>(
    then: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> ConsoleAccess {
    let url = slow_server(async |mut socket| {
        socket.next().await.unwrap().unwrap();
        socket.send(Message::text(WELCOME)).await.unwrap();
        then(socket.into_inner()).await;
    });
    ConsoleAccess::new(url, "a token")
}

#[tokio::test]
async fn a_frame_that_arrives_over_many_ping_intervals_is_received() {
    const PING: Duration = Duration::from_millis(500);
    let access = server(async |mut stream| {
        // The server only writes: it reads no ping and sends no pong.
        let frame = joined(&"A".repeat(10_000));
        write_slowly(&mut stream, &frame, PING / 5).await;
        std::future::pending::<()>().await;
    });
    let console = Console::open_with(access, config().ping_interval(PING));
    let mut everything = console.subscribe_to_everything().start();
    let event = next(&mut everything).await.unwrap();
    assert_eq!(
        event.data["user"]["username"].as_str().unwrap().len(),
        10_000
    );
    assert_eq!(console.status().totals.connects, 1);
}

#[tokio::test]
async fn pings_of_the_server_keep_the_connection_and_get_pongs() {
    const PING: Duration = Duration::from_millis(500);
    let (sender, has_pong) = tokio::sync::oneshot::channel();
    let access = server(async |mut stream| {
        // The server sends pings, but no pong.
        ping(&mut stream, PING / 5).await;
        let mut got = vec![0; 64 * 1024];
        let count = stream.read(&mut got).await.unwrap();
        let _ = sender.send(got[..count].contains(&0x8a));
        let last = joined("Ashwick");
        write_frame(&mut stream, &last).await;
        std::future::pending::<()>().await;
    });
    let console = Console::open_with(access, config().ping_interval(PING));
    let mut everything = console.subscribe_to_everything().start();
    next(&mut everything).await.unwrap();
    assert!(has_pong.await.unwrap(), "a pong");
    assert_eq!(console.status().totals.connects, 1);
}

#[tokio::test]
async fn a_connection_to_a_server_that_never_reads_ends_with_that_cause() {
    let access = server(ping_without_reading);
    let quick = config().write_timeout(Duration::from_millis(500));
    let console = Console::open_with(access, quick);
    within(console.ready()).await.unwrap();
    // Larger than the buffers of the operating system.
    let sender = console.clone();
    let long = format!("wait {}", "a".repeat(8 * 1024 * 1024));
    let command = tokio::spawn(async move { sender.command(long).await });
    not_connected(
        &console,
        |cause| matches!(cause, NotConnected::Lost(why) if why.contains("nothing could be written")),
    )
    .await;
    let error = within(command).await.unwrap().unwrap_err();
    assert_eq!(error.sent(), Some(Sent::MayHaveRun));
}
