//! Servers that write slowly or do not read, over loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use att_console::{Console, ConsoleAccess, NotConnected, Sent, State, Status};
use common::server::{WELCOME, joined};
use common::{config, next, within};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

/// Accepts one console and its token, and hands the bare connection to `then`.
async fn server<F: Future<Output = ()> + Send>(
    then: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> ConsoleAccess {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(stream).await.unwrap();
        socket.next().await.unwrap().unwrap();
        socket.send(Message::text(WELCOME)).await.unwrap();
        then(socket.into_inner()).await;
    });
    ConsoleAccess::new(url.parse().unwrap(), "a token")
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
    let access = server(async |mut stream| {
        // It is busy with the frame: it reads no ping and answers none.
        let frame = joined(&"A".repeat(10_000));
        stream.write_all(&header(frame.len())).await.unwrap();
        for piece in frame.as_bytes().chunks(700) {
            sleep(PING / 5).await;
            stream.write_all(piece).await.unwrap();
        }
        std::future::pending::<()>().await;
    })
    .await;
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
async fn pings_of_the_server_count_as_heard_and_are_answered() {
    const PING: Duration = Duration::from_millis(500);
    let (tell, told) = tokio::sync::oneshot::channel();
    let access = server(async |mut stream| {
        // It answers no ping of ours, but pings by itself.
        for _ in 0..15 {
            sleep(PING / 5).await;
            stream.write_all(&[0x89, 1, b'x']).await.unwrap();
        }
        let mut got = vec![0; 64 * 1024];
        let count = stream.read(&mut got).await.unwrap();
        let _ = tell.send(got[..count].contains(&0x8a));
        let last = joined("Ashwick");
        stream.write_all(&header(last.len())).await.unwrap();
        stream.write_all(last.as_bytes()).await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    let console = Console::open_with(access, config().ping_interval(PING));
    let mut everything = console.subscribe_to_everything().start();
    next(&mut everything).await.unwrap();
    assert!(told.await.unwrap(), "a pong");
    assert_eq!(console.status().totals.connects, 1);
}

#[tokio::test]
async fn a_server_that_pings_and_never_reads_is_given_up_with_that_cause() {
    let access = server(async |stream| {
        let (_unread, mut writing) = stream.into_split();
        let pings = [0x89, 3, b'a', b'b', b'c'].repeat(1_000);
        while writing.write_all(&pings).await.is_ok() {}
    })
    .await;
    let quick = config().write_timeout(Duration::from_millis(500));
    let console = Console::open_with(access, quick);
    within(console.ready()).await.unwrap();
    // More than the system holds for a connection.
    let sender = console.clone();
    let long = format!("wait {}", "a".repeat(32 * 1024 * 1024));
    let command = tokio::spawn(async move { sender.command(long).await });
    let mut statuses = console.statuses();
    let is_lost = |status: &Status| matches!(status.state, State::Recovering { .. });
    let lost = within(statuses.wait_for(is_lost)).await.unwrap();
    let State::Recovering { because, .. } = lost.state else {
        panic!("{lost:?}")
    };
    assert!(
        matches!(&because, NotConnected::Lost(why) if why.contains("nothing could be written")),
        "{because}"
    );
    let error = within(command).await.unwrap().unwrap_err();
    assert_eq!(error.sent(), Some(Sent::MayHaveRun));
}
