//! Websocket frames that break the protocol, and clients that are slow.

use super::support::{TIMEOUT, World, exchange};
use crate::Host as _;
use crate::net::{Limits, Rate};
use crate::state::Scopes;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::time::{Instant, timeout};

/// A main websocket of a member, after the handshake.
async fn upgraded(world: &World) -> DuplexStream {
    let token = world.bot_token(world.bots[1], Scopes::ALL);
    let upgrade = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nauthorization: Bearer {token}\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let mut stream = world.socket();
    stream.write_all(upgrade.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{head:?}");
    stream
}

/// A frame with the mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => bytes.push(0x80 | length),
        _ => {
            // The length has two bytes.
            bytes.push(0xfe);
            bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn frames_against_the_protocol_end_the_connection() {
    let world = World::new(Limits::default());
    let unmasked = vec![0x81, 2, b'h', b'i'];
    let huge = [&[0x81, 0xff][..], &[0xff; 8], &[0; 4]].concat();
    let above_signed = [&[0x81, 0xff, 0x80][..], &[0; 7], &[0; 4]].concat();
    for (name, bytes) in [
        ("without a mask", unmasked),
        ("with a reserved bit", frame(0xc1, b"hi")),
        ("with a reserved kind", frame(0x83, b"hi")),
        ("with a reserved control kind", frame(0x8b, b"hi")),
        ("a continuation of nothing", frame(0x80, b"hi")),
        (
            "a text in a text",
            [frame(0x01, b"a"), frame(0x81, b"b")].concat(),
        ),
        ("a ping in parts", frame(0x09, b"hi")),
        ("a long ping", frame(0x89, &[b'x'; 126])),
        ("no UTF-8", frame(0x81, &[0xc3, 0x28])),
        ("a close of one byte", frame(0x88, &[3])),
        ("the largest length", huge),
        ("a length above the signed ones", above_signed),
    ] {
        let mut stream = upgraded(&world).await;
        stream.write_all(&bytes).await.unwrap();
        // The end of the stream: the service has closed it. Its close frame can come first.
        let rest = exchange(stream, b"").await;
        assert!(rest.len() < 256, "{name}: {rest}");
    }
    assert!(
        world
            .service
            .with_cloud(|cloud, _| cloud.sockets.is_empty())
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_no_events_is_cut() {
    let world = World::new(Limits::default());
    let mut stream = upgraded(&world).await;
    let token = world.bot_token(world.bots[1], Scopes::ALL);
    let path = format!("subscription/group-update/{}", world.group);
    let request =
        format!(r#"{{"id":1,"method":"POST","path":"{path}","authorization":"Bearer {token}"}}"#);
    stream
        .write_all(&frame(0x81, request.as_bytes()))
        .await
        .unwrap();
    let sockets = || world.service.with_cloud(|cloud, _| cloud.sockets.len());
    let cut = async {
        while sockets() > 0 {
            world.service.with_cloud(|cloud, _| {
                let group = cloud.groups.get_mut(&world.group).unwrap();
                group.description = "x".repeat(4_096);
                cloud.group_updated(world.group);
            });
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TIMEOUT, cut).await.expect("the client to be cut");
}

#[tokio::test(start_paused = true)]
async fn pings_are_read_at_the_rate_of_messages() {
    let limits = Limits {
        messages: Rate::new(5, Duration::from_secs(1)),
        ..Limits::default()
    };
    let world = World::new(limits);
    let mut stream = upgraded(&world).await;
    let begin = Instant::now();
    let pings = frame(0x89, b"x").repeat(15);
    stream.write_all(&pings).await.unwrap();
    stream.write_all(&frame(0x81, b"ping")).await.unwrap();
    // The reply to the text follows the pongs, whose kind is 0x8a.
    let reading = async { while stream.read_u8().await.unwrap() != 0x81 {} };
    timeout(TIMEOUT, reading).await.expect("a reply in time");
    assert!(begin.elapsed() >= Duration::from_secs(10));
}
