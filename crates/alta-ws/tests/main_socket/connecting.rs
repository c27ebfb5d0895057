//! Connections to the main websocket: refusals, credentials in the address, proxies of the configuration.

use crate::support::{Bank, config, start, within};
use crate::support_of_both::check_requested_pauses;
use crate::support_of_both::servers::{proxy, refusing};
use alta_auth::{BotTokens, StaticToken};
use alta_sim::Sim;
use alta_ws::{BackoffPolicy, Client, Config, ErrorKind, Proxy, TcpDialer};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

fn at(address: SocketAddr, user: &str) -> Config {
    let short = Duration::from_millis(1);
    Config::default()
        .url(format!("ws://{user}{address}").parse().unwrap())
        .backoff(BackoffPolicy::new(short, short))
}

fn connect(config: Config) -> Client {
    Client::open_with(StaticToken::new("abc"), config).unwrap()
}

#[tokio::test]
async fn the_delay_of_a_retry_after_header_is_kept_up_to_the_cap() {
    let open = |address, backoff| connect(at(address, "").backoff(backoff));
    within(check_requested_pauses(open)).await;
}

#[tokio::test]
async fn user_and_password_in_the_address_become_a_header_and_are_not_shown() {
    let reply = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
    let (address, mut asks) = refusing(reply).await;
    let config = at(address, "Aladdin:open%20sesame@");
    let debug = format!("{config:?}");
    let client = connect(config);
    let error = within(client.ready()).await.unwrap_err();
    let (ask, _) = within(asks.recv()).await.unwrap();
    let basic = "\r\nauthorization: basic qwxhzgrpbjpvcgvuihnlc2ftzq==\r\n";
    assert!(ask.contains(basic), "{ask}");
    assert_eq!(ask.matches("authorization").count(), 1, "{ask}");
    for shown in [debug, format!("{error:?} {:?} {client:?}", client.status())] {
        assert!(!shown.contains("sesame"), "{shown}");
    }
}

#[tokio::test]
async fn the_main_socket_is_reached_through_a_proxy_that_resolves_its_name() {
    let sim = start(Sim::builder()).await;
    let url: url::Url = sim.socket_url().parse().unwrap();
    let to = url.socket_addrs(|| None).unwrap()[0];
    let (address, mut asks) = proxy(to).await;
    let mut elsewhere = url.clone();
    elsewhere.set_host(Some("socket.invalid")).unwrap();
    let proxy = Proxy::all(&format!("http://me:secret@{address}"), "").unwrap();
    let config = config(&sim).url(elsewhere).proxy(proxy);
    let client = Client::open_with(BotTokens::new(Bank::new(&sim)), config).unwrap();
    within(client.ready()).await.unwrap();
    let ask = within(asks.recv()).await.unwrap();
    assert!(ask.starts_with("connect socket.invalid:"), "{ask}");
    assert!(ask.contains("proxy-authorization: basic "), "{ask}");
}

#[tokio::test]
async fn a_proxy_beside_a_dialer_is_an_error_at_once() {
    let config = Config::default()
        .dialer(Arc::new(TcpDialer::plain()))
        .proxy(Proxy::none());
    let error = Client::open_with(StaticToken::new("abc"), config).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Config { .. }), "{error}");
    assert!(
        error.to_string().contains("TcpDialer::with_proxy"),
        "{error}"
    );
}
