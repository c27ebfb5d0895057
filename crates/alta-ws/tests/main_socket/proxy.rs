//! Connections through a proxy: the caller's dialer opens the tunnel, the library does the rest.

use crate::support::{Bank, config, event, group, start, status, within};
use alta_auth::BotTokens;
use alta_sim::Sim;
use alta_ws::{BoxIo, Client, Dial, DialError, GroupUpdate};
use futures_core::future::BoxFuture;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Reads an HTTP head.
async fn head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Requests a tunnel from a proxy.
struct ThroughProxy(SocketAddr);

impl ThroughProxy {
    async fn tunnel(&self, address: &Url) -> io::Result<TcpStream> {
        let host = address.host_str().unwrap_or_default();
        let port = address.port_or_known_default().unwrap_or_default();
        let mut stream = TcpStream::connect(self.0).await?;
        let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
        stream.write_all(ask.as_bytes()).await?;
        let reply = head(&mut stream).await?;
        if reply.starts_with("HTTP/1.1 200") {
            Ok(stream)
        } else {
            let line = reply.lines().next().unwrap_or_default();
            Err(io::Error::other(format!("the proxy replied {line}")))
        }
    }
}

impl Dial for ThroughProxy {
    fn dial<'a>(&'a self, address: &'a Url) -> BoxFuture<'a, Result<BoxIo, DialError>> {
        Box::pin(async move {
            let tunnel = self.tunnel(address).await;
            let tunnel = tunnel.map_err(|source| DialError::Connect {
                address: self.0.to_string(),
                source,
            })?;
            Ok(Box::new(tunnel) as BoxIo)
        })
    }
}

/// A proxy that refuses this number of tunnels first.
async fn proxy(mut refusals: u32) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let refused = refusals > 0;
            refusals = refusals.saturating_sub(1);
            tokio::spawn(async move {
                let ask = head(&mut client).await?;
                if refused {
                    let no = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
                    return client.write_all(no).await;
                }
                let target = ask.split(' ').nth(1).unwrap_or_default();
                let mut server = TcpStream::connect(target).await?;
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
                tokio::io::copy_bidirectional(&mut client, &mut server).await?;
                io::Result::Ok(())
            });
        }
    });
    address
}

#[tokio::test]
async fn a_dialer_can_connect_through_a_proxy() {
    let sim = start(Sim::builder()).await;
    let dialer = ThroughProxy(proxy(0).await);
    let client = Client::open_with(
        BotTokens::new(Bank::new(&sim)),
        config(&sim).dialer(Arc::new(dialer)),
    )
    .unwrap();
    let mut updates = within(client.subscribe(GroupUpdate(group(&sim))))
        .await
        .unwrap();
    sim.emit_main_event("group-update", sim.group(), json!({"id": 7}));
    assert_eq!(event(&mut updates).await.data.id.get(), 7);
    within(client.migrate_now()).await.unwrap();
    sim.emit_main_event("group-update", sim.group(), json!({"id": 8}));
    assert_eq!(event(&mut updates).await.data.id.get(), 8);
}

#[tokio::test]
async fn a_refusal_of_a_proxy_is_shown_and_tried_again() {
    let sim = start(Sim::builder()).await;
    let dialer = ThroughProxy(proxy(2).await);
    let client = Client::open_with(
        BotTokens::new(Bank::new(&sim)),
        config(&sim).dialer(Arc::new(dialer)),
    )
    .unwrap();
    let recovering = status(&client, |status| {
        format!("{:?}", status.state).contains("407")
    })
    .await;
    assert!(!recovering.state.is_connected());
    within(client.ready()).await.unwrap();
}
