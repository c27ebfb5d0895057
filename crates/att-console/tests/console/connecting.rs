//! Connecting: refusals, credentials in the address, proxies, name resolution.

use crate::common::{config, self_hosted, within};
use crate::support_of_both::check_requested_pauses;
use crate::support_of_both::servers::{proxy, refusing};
use att_console::{
    Closed, Console, ConsoleAccess, ErrorKind, Proxy, Resolver, State, Status, TcpDialer,
};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpListener;

fn access(address: SocketAddr) -> ConsoleAccess {
    ConsoleAccess::new(format!("ws://{address}").parse().unwrap(), "token")
}

#[tokio::test]
async fn the_delay_of_a_retry_after_header_is_kept_up_to_the_cap() {
    let open = |address, backoff| Console::open_with(access(address), config().backoff(backoff));
    within(check_requested_pauses(open)).await;
}

#[tokio::test]
async fn user_and_password_in_the_address_are_sent_and_their_refusal_is_final() {
    let reply = "HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n";
    let (address, mut requests) = refusing(reply).await;
    let url = format!("ws://Aladdin:open%20sesame@{address}/console");
    let access = || ConsoleAccess::new(url.parse().unwrap(), "token");
    let changing = access().may_change();
    let access = access();
    let debug = format!("{access:?}");
    let console = Console::open_with(access, config());
    let error = within(console.ready()).await.unwrap_err();
    let refused = |error: &att_console::Error| {
        matches!(
            error.kind(),
            ErrorKind::Closed { because: Closed::Refused(why) } if why.contains("401")
        )
    };
    assert!(refused(&error), "{error}");
    let (request, _) = within(requests.recv()).await.unwrap();
    let basic = "\r\nauthorization: basic qwxhzgrpbjpvcgvuihnlc2ftzq==\r\n";
    assert!(request.contains(basic), "{request}");
    for shown in [
        debug,
        format!("{error:?} {error:#?}"),
        format!("{console:?} {:?} {:?}", console.status(), console.access()),
    ] {
        assert!(!shown.contains("sesame"), "{shown}");
    }
    // Credentials that can change are tried again, and so is an address without credentials.
    for access in [changing, self::access(address)] {
        let _console = Console::open_with(access, config());
        within(requests.recv()).await.unwrap();
        within(requests.recv()).await.unwrap();
    }
}

#[tokio::test]
async fn a_console_connects_through_a_proxy_that_resolves_its_name() {
    let (sim, server) = self_hosted().await;
    let url: url::Url = sim.console_url(server).unwrap().parse().unwrap();
    let to = url.socket_addrs(|| None).unwrap()[0];
    let (address, mut requests) = proxy(to).await;
    let proxy = Proxy::all(&format!("http://me:secret@{address}"), "").unwrap();
    let access = ConsoleAccess::new(
        "ws://town.invalid:1760".parse().unwrap(),
        sim.console_token(server),
    );
    let console = Console::open_with(access, config().proxy(proxy));
    within(console.ready()).await.unwrap();
    let request = within(requests.recv()).await.unwrap();
    assert!(
        request.starts_with("connect town.invalid:1760 http/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("proxy-authorization: basic "), "{request}");
    let reply = within(console.command("player count")).await.unwrap();
    assert_eq!(reply.read::<i64>().unwrap(), 0);
}

#[tokio::test]
async fn a_dead_proxy_is_named_and_retried() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let dead = gone.local_addr().unwrap();
    drop(gone);
    let proxy = Proxy::all(&format!("socks5://me:secret@{dead}"), "").unwrap();
    let console = Console::open_with(access(dead), config().proxy(proxy));
    let mut statuses = console.statuses();
    let named = format!("unreachable: the proxy socks5://{dead} cannot be reached");
    within(statuses.wait_for(|status: &Status| {
        matches!(&status.state, State::Recovering { because, .. } if because.to_string().starts_with(&named))
    }))
    .await
    .unwrap();
    assert!(!format!("{:?}", console.status()).contains("secret"));
}

#[tokio::test]
async fn a_proxy_beside_a_dialer_is_an_error_at_once() {
    let dialer = Arc::new(TcpDialer::plain());
    let both = config().dialer(dialer).proxy(Proxy::none());
    let console = Console::open_with(access(([127, 0, 0, 1], 1).into()), both);
    let error = within(console.ready()).await.unwrap_err();
    assert!(
        error.to_string().contains("TcpDialer::with_proxy"),
        "{error}"
    );
}

#[tokio::test]
async fn six_hundred_consoles_with_slow_name_resolution_delay_no_other() {
    let (sim, server) = self_hosted().await;
    let url: url::Url = sim.console_url(server).unwrap().parse().unwrap();
    let (open, door) = std::sync::mpsc::channel::<()>();
    let door = std::sync::Mutex::new(door);
    let resolver = Resolver::new(move |host| {
        if host.starts_with("slow") {
            // Blocks until the test ends.
            let _ended = door.lock().unwrap().recv();
        }
        Ok(vec![[127, 0, 0, 1].into()])
    });
    let dialer = Arc::new(
        TcpDialer::plain()
            .with_proxy(Proxy::none())
            .with_resolver(resolver),
    );
    let config = || config().dialer(Arc::clone(&dialer) as _);
    let slow: Vec<_> = (0..600)
        .map(|number| {
            let url = format!("ws://slow-{number}.invalid:1760").parse().unwrap();
            Console::open_with(ConsoleAccess::new(url, "token"), config())
        })
        .collect();
    tokio::task::yield_now().await;
    let healthy = format!("ws://healthy.invalid:{}", url.port().unwrap());
    let access = ConsoleAccess::new(healthy.parse().unwrap(), sim.console_token(server));
    let console = Console::open_with(access, config());
    within(console.ready()).await.unwrap();
    drop((open, slow));
}
