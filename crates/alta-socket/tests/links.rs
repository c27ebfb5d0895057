//! Reading from and writing to a link, in paused time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_socket::{LinkConfig, LinkEvent, LinkId, Lost};
use std::time::Duration;
use support::{PING, Rig, TEXT, frame, header};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, sleep};

const ROOM: usize = 1024;

#[tokio::test(start_paused = true)]
async fn each_part_of_a_slow_frame_and_each_ping_is_reported_as_heard() {
    let (mut rig, mut server) = Rig::open(LinkConfig::new(100_000), ROOM).await;
    let sending = tokio::spawn(async move {
        server.write_all(&header(TEXT, 5_000)).await.unwrap();
        for _ in 0..50 {
            sleep(Duration::from_secs(10)).await;
            server.write_all(&[b'a'; 100]).await.unwrap();
        }
        for _ in 0..5 {
            sleep(Duration::from_secs(10)).await;
            server
                .write_all(&frame(PING, b"are you there?"))
                .await
                .unwrap();
        }
        server
    });
    let mut last = Instant::now();
    let mut heard = 0;
    let text = loop {
        match rig.next().await {
            LinkEvent::Heard => heard += 1,
            LinkEvent::Text(text, _) => break text,
            other => panic!("{other:?}"),
        }
        assert!(last.elapsed() <= Duration::from_secs(10));
        last = Instant::now();
    };
    assert_eq!(text.as_str().len(), 5_000);
    assert!(heard >= 49, "{heard}");
    for _ in 0..5 {
        assert!(matches!(rig.next().await, LinkEvent::Heard));
    }
    let mut server = sending.await.unwrap();
    let mut pong = [0; 2 + 4 + 14];
    tokio::select! {
        read = server.read_exact(&mut pong) => { read.unwrap(); }
        event = rig.next() => panic!("{event:?}"),
    }
    assert_eq!(pong[0], 0x8a);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_cannot_be_written_to_is_lost_after_the_timeout() {
    for pings in [false, true] {
        let within = Duration::from_secs(7);
        let (mut rig, mut server) =
            Rig::open(LinkConfig::new(1_000).write_timeout(within), ROOM).await;
        let begin = Instant::now();
        if pings {
            // It pings without end and never reads.
            tokio::spawn(async move {
                let pings = frame(PING, &[7; 125]).repeat(10);
                while server.write_all(&pings).await.is_ok() {
                    sleep(Duration::from_millis(10)).await;
                }
            });
        } else {
            rig.inbox
                .links
                .send(LinkId::FIRST, "a".repeat(10_000), Some(1));
            assert!(matches!(rig.next().await, LinkEvent::Written(1)));
        }
        let lost = tokio::time::timeout(Duration::from_secs(60), rig.next_but_heard()).await;
        let lost = lost.expect("the link is never lost");
        assert!(
            matches!(lost, LinkEvent::Lost(Lost::Unwritable(after)) if after == within),
            "{lost:?}"
        );
        assert!(begin.elapsed() >= within);
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_whose_other_end_reads_slowly_stays_open() {
    let within = Duration::from_secs(7);
    let (mut rig, mut server) = Rig::open(LinkConfig::new(1_000).write_timeout(within), ROOM).await;
    rig.inbox
        .links
        .send(LinkId::FIRST, "a".repeat(20_000), Some(1));
    let reading = tokio::spawn(async move {
        let mut piece = [0; 500];
        for _ in 0..40 {
            sleep(Duration::from_secs(5)).await;
            server.read_exact(&mut piece).await.unwrap();
        }
        server.write_all(&frame(TEXT, b"all of it")).await.unwrap();
        server
    });
    assert!(matches!(rig.next().await, LinkEvent::Written(1)));
    assert!(matches!(rig.next().await, LinkEvent::Text(text, _) if text.as_str() == "all of it"));
    reading.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_last_of_many_fast_pings_gets_a_pong() {
    const PINGS: u32 = 20_000;
    let (mut rig, mut server) = Rig::open(LinkConfig::new(1_000), ROOM).await;
    let server = tokio::spawn(async move {
        for number in 0..PINGS {
            server
                .write_all(&frame(PING, &number.to_be_bytes()))
                .await
                .unwrap();
        }
        server.write_all(&frame(TEXT, b"no more")).await.unwrap();
        server
    });
    assert!(matches!(rig.next_but_heard().await, LinkEvent::Text(..)));
    let mut server = server.await.unwrap();
    let mut last = None;
    let mut pongs = 0;
    while last != Some(PINGS - 1) {
        let mut pong = [0; 2 + 4 + 4];
        tokio::select! {
            read = server.read_exact(&mut pong) => { read.unwrap(); }
            event = rig.next() => panic!("{event:?}"),
        }
        let unmasked: [u8; 4] = std::array::from_fn(|index| pong[6 + index] ^ pong[2 + index]);
        last = Some(u32::from_be_bytes(unmasked));
        pongs += 1;
    }
    // As many as the connection and the buffer hold.
    assert!(pongs < 1_000, "{pongs}");
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_is_queued_after_the_close_frame_was_read_is_not_written() {
    let (mut rig, mut server) = Rig::open(LinkConfig::new(1_000), ROOM).await;
    let close = [0x88, 0x00].as_slice();
    let bytes = [frame(TEXT, b"last words").as_slice(), close].concat();
    server.write_all(&bytes).await.unwrap();
    assert!(matches!(rig.next_but_heard().await, LinkEvent::Text(..)));
    let late = "too late".to_owned();
    rig.inbox.links.send(LinkId::FIRST, late, Some(7));
    let end = rig.next_but_heard().await;
    assert!(
        matches!(end, LinkEvent::Lost(Lost::Closed { .. })),
        "{end:?}"
    );
}
