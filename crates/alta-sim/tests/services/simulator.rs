//! Byte streams in place of ports, the end of the simulator, HTTP faults, the town.

use crate::support::{TIMEOUT, authority, console, handshake, rest, try_http};
use alta_sim::{Action, ErrorKind, Fault, Hook, HttpReply, Scenario, Sim};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(start_paused = true)]
async fn the_services_run_over_streams_in_memory() {
    let sim = Sim::builder().start().await.unwrap();
    let (client, server) = tokio::io::duplex(4_096);
    sim.serve_console(sim.server(), server);
    let mut socket = handshake(client, "ws://console/", None).await.unwrap();
    socket.send(&sim.console_token(sim.server())).await;
    socket.is_accepted().await;
    assert_eq!(socket.command(1, "player count").await["data"]["Result"], 0);

    let (client, server) = tokio::io::duplex(4_096);
    sim.serve_main_socket(server);
    let mut socket = handshake(client, "ws://socket/", Some(&sim.bot_token()))
        .await
        .unwrap();
    socket.subscribe(&sim, "group-update", sim.group()).await;

    let (mut client, server) = tokio::io::duplex(4_096);
    sim.serve_http(server);
    client
        .write_all(b"GET /api/servers/regions HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut reply = String::new();
    client.read_to_string(&mut reply).await.unwrap();
    assert!(reply.starts_with("HTTP/1.1 200 OK"), "{reply}");
}

#[tokio::test(start_paused = true)]
async fn tokens_expire_by_tokios_clock() {
    let sim = Sim::builder()
        .token_life(Duration::from_secs(60))
        .start()
        .await
        .unwrap();
    let token = sim.bot_token();
    for (after, expected) in [(59, "200"), (2, "401")] {
        tokio::time::advance(Duration::from_secs(after)).await;
        let (mut client, server) = tokio::io::duplex(65_536);
        sim.serve_http(server);
        let request = format!(
            "GET /api/groups/joined HTTP/1.1\r\nhost: sim\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        assert!(
            reply.starts_with(&format!("HTTP/1.1 {expected}")),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn dropping_the_last_handle_ends_the_simulator() {
    let sim = Sim::builder().start().await.unwrap();
    let clone = sim.clone();
    let host = authority(&sim.rest_url());
    let mut socket = console(&sim, sim.server()).await;
    drop(sim);
    assert_eq!(socket.command(1, "player count").await["data"]["Result"], 0);
    drop(clone);
    assert_eq!(socket.frame().await, None);
    let closed = async {
        while TcpStream::connect(&host).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TIMEOUT, closed).await.unwrap();
}

#[tokio::test]
async fn shutting_down_waits_until_the_ports_are_closed() {
    let sim = Sim::builder().start().await.unwrap();
    let host = authority(&sim.rest_url());
    sim.shutdown().await;
    assert!(TcpStream::connect(&host).await.is_err());
}

#[tokio::test]
async fn http_can_fail_in_every_way() {
    let sim = Sim::builder().start().await.unwrap();
    let faults = sim.faults();
    let arm = |action| faults.arm(Fault::new(Hook::Http, action).containing("get /api/groups"));
    arm(Action::Reply(HttpReply::html_500()));
    let reply = rest(&sim, "GET", "groups/joined", "").await;
    assert_eq!(
        (reply.status, &reply.headers["content-type"]),
        (500, &"text/html".parse().unwrap())
    );
    assert!(reply.text.starts_with("<html>"));
    arm(Action::Reply(HttpReply::too_many(3)));
    let reply = rest(&sim, "GET", "groups/joined", "").await;
    assert_eq!(
        (reply.status, &reply.headers["retry-after"]),
        (429, &"3".parse().unwrap())
    );
    arm(Action::Refuse(502));
    assert_eq!(rest(&sim, "GET", "groups/joined", "").await.status, 502);
    let bearer = format!("Bearer {}", sim.bot_token());
    let url = format!("{}/groups/joined", sim.rest_url());
    for action in [Action::Cut, Action::Truncate] {
        arm(action);
        assert!(
            try_http("GET", &url, &[("authorization", &bearer)], "")
                .await
                .is_err()
        );
    }
    arm(Action::Drop);
    let headers = [("authorization", bearer.as_str())];
    let silent = try_http("GET", &url, &headers, "");
    assert!(
        tokio::time::timeout(Duration::from_millis(50), silent)
            .await
            .is_err()
    );
    assert_eq!(rest(&sim, "GET", "groups/joined", "").await.status, 200);
    assert_eq!(faults.armed(), 0);
}

#[tokio::test]
async fn the_file_of_a_command_is_downloaded_with_the_console_token() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    let result = socket.command(1, "chunks print-all").await;
    let name = result["data"]["Result"]["downloadUrl"]
        .as_str()
        .unwrap()
        .replace(' ', "%20");
    let bearer = format!("Bearer {}", sim.console_token(sim.server()));
    let url = format!(
        "http://{}/output/{}/{name}",
        authority(&sim.rest_url()),
        sim.bot().user_id
    );
    let file = try_http("GET", &url, &[("authorization", &bearer)], "")
        .await
        .unwrap();
    assert_eq!(
        (file.status, file.text.contains("Cave Layer 1")),
        (200, true)
    );
    assert_eq!(try_http("GET", &url, &[], "").await.unwrap().status, 401);
}

#[tokio::test]
async fn a_town_has_events_by_itself() {
    let sim = Sim::builder()
        .scenario(Scenario::Town)
        .pace(Duration::from_millis(1))
        .seed(3)
        .start()
        .await
        .unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket
        .send(&json!({"id": 1, "content": "websocket subscribe PlayerMovedChunk"}).to_string())
        .await;
    loop {
        let frame = socket.json().await;
        if frame["data"]["newChunk"]
            .as_str()
            .is_some_and(|chunk| chunk.starts_with("Cave Layer"))
        {
            break;
        }
    }
    assert!(!sim.players(sim.server()).is_empty());
}

#[tokio::test]
async fn a_wait_that_times_out_is_an_error() {
    let sim = Sim::builder()
        .timeout(Duration::from_millis(20))
        .start()
        .await
        .unwrap();
    let error = sim
        .wait_for(|received| !received.is_empty())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "waiting 20ms: the wait timed out");
    assert_eq!(
        sim.player_joins(99, "Ashwick").unwrap_err().kind(),
        ErrorKind::NotFound
    );
    sim.stop_server(sim.server()).await.unwrap();
    assert_eq!(
        sim.player_joins(sim.server(), "Ashwick")
            .unwrap_err()
            .kind(),
        ErrorKind::NotPossible
    );
}

#[tokio::test]
async fn a_chosen_port_is_used_and_the_next_ones_for_the_other_services() {
    // Any four free ports in a row.
    for port in (20_000..60_000).step_by(97) {
        let Ok(sim) = Sim::builder().port(port).start().await else {
            continue;
        };
        assert_eq!(sim.rest_url(), format!("http://127.0.0.1:{port}/api"));
        assert_eq!(sim.socket_url(), format!("ws://127.0.0.1:{}/", port + 1));
        assert_eq!(
            sim.console_url(sim.server()).unwrap(),
            format!("ws://127.0.0.1:{}/", port + 2)
        );
        let taken = Sim::builder().port(port).start().await.unwrap_err();
        assert_eq!(taken.kind(), ErrorKind::Listen);
        return;
    }
    panic!("no free ports");
}
