//! Measures the memory of links and queues: one test, so that nothing else allocates meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_socket::{LinkConfig, LinkEvent, Lost, QueueConfig, RawFrame};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::time::Duration;
use support::{Frame, PING, Rig, TEXT, frame, header};
use tokio::io::AsyncWriteExt as _;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The memory of the connection's other end: little compared with the measured side.
const ROOM: usize = 2 * KIB;

/// The number of bytes that are allocated now.
fn held() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}

#[tokio::test(start_paused = true)]
async fn promise_11_kept_data_holds_its_own_size_and_buffers_shrink_again() {
    small_frames_between_large_ones().await;
    a_link_that_has_read_a_large_frame().await;
    a_server_that_pings_and_never_reads().await;
    an_unread_stream();
}

async fn small_frames_between_large_ones() {
    const ROUNDS: usize = 200;
    let (mut rig, mut server) = Rig::open(LinkConfig::new(MIB), ROOM).await;
    let before = held();
    let mut kept = Vec::with_capacity(ROUNDS * 2);
    let large = frame(TEXT, &vec![b'a'; 300 * KIB]);
    let small = frame(TEXT, &[b'b'; 120]);
    let sending = tokio::spawn(async move {
        for _ in 0..ROUNDS {
            server.write_all(&large).await.unwrap();
            server.write_all(&small).await.unwrap();
            server.write_all(&small).await.unwrap();
        }
        server
    });
    while kept.len() < ROUNDS * 2 {
        if let LinkEvent::Text(text, _) = rig.next_but_heard().await
            && text.as_str().len() == 120
        {
            kept.push(text);
        }
    }
    let server = sending.await.unwrap();
    let each = held().saturating_sub(before) / kept.len();
    assert!(each < 2 * 120 + 64, "{each} bytes for each of 120");
    drop((rig, server, kept));
}

async fn a_link_that_has_read_a_large_frame() {
    let (mut rig, mut server) = Rig::open(LinkConfig::new(64 * MIB), ROOM).await;
    let before = held();
    let sending = tokio::spawn(async move {
        let piece = vec![b'a'; MIB];
        server.write_all(&header(TEXT, 50 * MIB)).await.unwrap();
        for _ in 0..50 {
            server.write_all(&piece).await.unwrap();
        }
        server
    });
    let LinkEvent::Text(text, _) = rig.next_but_heard().await else {
        panic!("no text");
    };
    assert_eq!(text.as_str().len(), 50 * MIB);
    let server = sending.await.unwrap();
    let with_it = held().saturating_sub(before);
    assert!(with_it < 50 * MIB + 100 * KIB, "{with_it} bytes with it");
    drop(text);
    let nothing = tokio::time::timeout(Duration::from_secs(1), rig.next()).await;
    assert!(nothing.is_err());
    let after = held().saturating_sub(before);
    assert!(after < 10 * KIB, "{after} bytes after it");
    drop((rig, server));
}

async fn a_server_that_pings_and_never_reads() {
    let (mut rig, mut server) = Rig::open(LinkConfig::new(MIB), ROOM).await;
    let before = held();
    let flood = tokio::spawn(async move {
        let pings = frame(PING, &[7; 125]).repeat(100);
        for _ in 0..1_000 {
            server.write_all(&pings).await.unwrap();
        }
        server.write_all(&frame(TEXT, b"an event")).await.unwrap();
        server
    });
    assert!(matches!(rig.next_but_heard().await, LinkEvent::Text(..)));
    let grown = held().saturating_sub(before);
    assert!(grown < 64 * KIB, "{grown} bytes");
    let server = flood.await.unwrap();
    assert!(matches!(
        rig.next_but_heard().await,
        LinkEvent::Lost(Lost::Unwritable(_))
    ));
    drop((rig, server));
}

fn an_unread_stream() {
    let hub = alta_socket::Hub::<&str, Frame>::default();
    let large = hub.subscribe(vec!["a"], QueueConfig::default());
    let before = held();
    for _ in 0..300 {
        let frame = Frame(RawFrame::from("a".repeat(MIB)));
        hub.publish("a", frame);
    }
    let grown = held().saturating_sub(before);
    assert!((7 * MIB..9 * MIB).contains(&grown), "{grown} bytes");
    drop(large);
    let small = hub.subscribe(vec!["a"], QueueConfig::default());
    let before = held();
    for _ in 0..200_000 {
        let frame = Frame(RawFrame::from("a".repeat(120).as_str()));
        hub.publish("a", frame);
    }
    let grown = held().saturating_sub(before);
    assert!(grown < 16 * MIB, "{grown} bytes");
    drop(small);
}
