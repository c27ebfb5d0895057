use crate::support::{content, main_socket, try_open};
use alta_sim::{Action, Fault, Hook, Junk, Sim};
use serde_json::json;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Error, Message};

fn status_of(opening: Result<crate::support::Socket, Error>) -> u16 {
    match opening {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(error) => panic!("{error}"),
        Ok(_) => 101,
    }
}

#[tokio::test]
async fn the_handshake_needs_a_valid_token_of_a_bot() {
    let sim = Sim::builder().start().await.unwrap();
    let url = sim.socket_url();
    let old = sim.bot_token();
    sim.expire_tokens();
    assert_eq!(status_of(try_open(&url, None).await), 401);
    assert_eq!(status_of(try_open(&url, Some(&old)).await), 401);
    assert_eq!(
        status_of(try_open(&url, Some(&sim.user_token())).await),
        403
    );
    assert_eq!(status_of(try_open(&url, Some(&sim.bot_token())).await), 101);
    sim.faults()
        .arm(Fault::new(Hook::MainUpgrade, Action::Refuse(503)));
    assert_eq!(status_of(try_open(&url, Some(&sim.bot_token())).await), 503);
}

#[tokio::test]
async fn the_token_of_every_request_is_checked() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    let path = format!("subscription/group-update/{}", sim.group());
    let frame = |token: &str| json!({"id": 3, "method": "POST", "path": path, "authorization": format!("Bearer {token}")});
    let old = sim.bot_token();
    sim.expire_tokens();
    socket.send(&frame(&old).to_string()).await;
    let refused = socket.json().await;
    assert_eq!(
        (
            &refused["responseCode"],
            content(&refused)["error_code"].as_str()
        ),
        (&json!(401), Some("ExpiredToken"))
    );
    socket.send(&frame(&sim.bot_token()).to_string()).await;
    assert_eq!(socket.json().await["responseCode"], 200);
}

#[tokio::test]
async fn replies_have_the_form_of_the_sample_and_unknown_paths_are_404() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    let path = format!("subscription/group-server-heartbeat/{}", sim.group());
    let authorization = format!("Bearer {}", sim.bot_token());
    socket
        .send(
            &json!({"id": 1, "method": "POST", "path": path, "authorization": authorization})
                .to_string(),
        )
        .await;
    let expected = format!(
        r#"{{"id":1,"event":"response","key":"POST /ws/{path}","content":"","responseCode":200}}"#
    );
    assert_eq!(socket.text().await, expected);
    let strangers = sim.add_group("Strangers");
    for path in [
        format!("subscription/group-server-status/{strangers}"),
        "subscription/group-server-status/1".to_owned(),
        format!("subscription/no-such-event/{}", sim.group()),
        format!("subscription/me-group-create/{}", sim.user().user_id),
        "coffee".to_owned(),
    ] {
        let reply = socket.request(&sim, 2, "POST", &path).await;
        assert_eq!(
            (
                &reply["responseCode"],
                content(&reply)["error_code"].as_str()
            ),
            (&json!(404), Some("ObjectNotFound"))
        );
    }
}

#[tokio::test]
async fn the_reply_to_a_text_ping_is_the_400_of_the_sample() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    for ping in ["ping!", "ping"] {
        socket.send(ping).await;
        let reply = socket.json().await;
        assert_eq!(
            (&reply["responseCode"], &reply["id"], &reply["key"]),
            (&json!(400), &json!(0), &json!(""))
        );
    }
}

#[tokio::test]
async fn the_status_of_a_batch_is_200_even_if_some_fail() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    let group = sim.group().to_string();
    let batch = json!([{"event": "group-server-heartbeat", "keys": [group, "5"]}, {"event": "group-update", "keys": [group]}]);
    let reply = socket
        .request_with(&sim, 1, "POST", "subscription/batch", Some(batch))
        .await;
    let expected = json!({"success": false, "failures": ["group-server-heartbeat/5", format!("group-update/{group}")]});
    assert_eq!(
        (&reply["responseCode"], content(&reply)),
        (&json!(200), expected)
    );
    assert_eq!(sim.main_socket_subscriptions().len(), 1);
    sim.heartbeat(sim.server());
    let event = socket.json().await;
    assert_eq!(
        (&event["event"], content(&event)["is_online"].as_bool()),
        (&json!("group-server-heartbeat"), Some(true))
    );
}

#[tokio::test]
async fn events_go_only_to_subscribers_of_their_group() {
    let sim = Sim::builder().start().await.unwrap();
    let other = sim.add_group("Hollowmere Folk");
    sim.admit_bot(other, 2).unwrap();
    let mut socket = main_socket(&sim).await;
    for (id, group) in [(1, sim.group()), (2, other)] {
        socket
            .request(
                &sim,
                id,
                "POST",
                &format!("subscription/group-update/{group}"),
            )
            .await;
    }
    socket
        .request(
            &sim,
            3,
            "DELETE",
            &format!("subscription/group-update/{}", sim.group()),
        )
        .await;
    sim.rename_group(sim.group(), "Elsewhere").unwrap();
    sim.rename_group(other, "Hollow Folk").unwrap();
    let event = socket.json().await;
    assert_eq!(
        (&event["key"], &content(&event)["name"]),
        (&json!(other.to_string()), &json!("Hollow Folk"))
    );
}

#[tokio::test]
async fn migration_moves_the_subscriptions_to_the_new_socket() {
    let sim = Sim::builder().start().await.unwrap();
    let path = format!("subscription/group-update/{}", sim.group());
    let mut old = main_socket(&sim).await;
    old.request(&sim, 1, "POST", &path).await;
    let token = content(&old.request(&sim, 2, "GET", "migrate").await);
    let mut new = main_socket(&sim).await;
    // As a string, as att-client sends it.
    let reply = new
        .request_with(&sim, 1, "POST", "migrate", Some(json!(token.to_string())))
        .await;
    assert_eq!(
        (&reply["responseCode"], &reply["key"]),
        (&json!(200), &json!("POST /ws/migrate"))
    );
    sim.rename_group(sim.group(), "Elsewhere").unwrap();
    assert_eq!(new.json().await["event"], "group-update");
    sim.flush().await.unwrap();
    assert_eq!(sim.sent_main_events().total, 1);
    // The token is valid once.
    let again = new
        .request_with(&sim, 2, "POST", "migrate", Some(token))
        .await;
    assert_eq!(
        (&again["responseCode"], &content(&again)["error_code"]),
        (&json!(400), &json!("ExpiredToken"))
    );
}

#[tokio::test]
async fn with_overlap_both_sockets_get_the_event_after_a_migration() {
    let sim = Sim::builder()
        .migration_overlap(true)
        .start()
        .await
        .unwrap();
    let mut old = main_socket(&sim).await;
    old.request(
        &sim,
        1,
        "POST",
        &format!("subscription/group-update/{}", sim.group()),
    )
    .await;
    let token = content(&old.request(&sim, 2, "GET", "migrate").await);
    let mut new = main_socket(&sim).await;
    // As an object, as Townsharp sends it.
    assert_eq!(
        new.request_with(&sim, 1, "POST", "migrate", Some(token))
            .await["responseCode"],
        200
    );
    sim.rename_group(sim.group(), "Elsewhere").unwrap();
    assert_eq!(new.text().await, old.text().await);
}

#[tokio::test]
async fn migration_can_fail_at_either_step() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    sim.faults().fail_migration_token(503);
    assert_eq!(
        socket.request(&sim, 1, "GET", "migrate").await["responseCode"],
        503
    );
    sim.faults().fail_migration(500);
    let token = content(&socket.request(&sim, 2, "GET", "migrate").await);
    let mut new = main_socket(&sim).await;
    assert_eq!(
        new.request_with(&sim, 1, "POST", "migrate", Some(token))
            .await["responseCode"],
        500
    );
    sim.faults()
        .arm(Fault::new(Hook::MainRequest, Action::NoId).containing("migrate"));
    assert_eq!(
        socket.request(&sim, 3, "GET", "migrate").await.get("id"),
        None
    );
    assert_eq!(sim.faults().armed(), 0);
}

#[tokio::test]
async fn a_socket_closes_with_1001_after_its_life_or_when_idle() {
    for builder in [
        Sim::builder().socket_life(Duration::from_millis(50)),
        Sim::builder().socket_idle(Duration::from_millis(50)),
    ] {
        let sim = builder.start().await.unwrap();
        let mut socket = main_socket(&sim).await;
        let Some(Message::Close(Some(frame))) = socket.frame().await else {
            panic!("no close frame")
        };
        assert_eq!(u16::from(frame.code), 1001);
        assert_eq!(sim.main_sockets(), Vec::<u64>::new());
    }
}

#[tokio::test]
async fn a_gateway_error_can_replace_a_reply() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    let error = r#"{"message":"Internal server error","connectionId":"AAA=","requestId":"BBB="}"#;
    sim.faults().arm(Fault::new(
        Hook::MainRequest,
        Action::Instead(Junk::Text(error.to_owned())),
    ));
    let path = format!("subscription/group-update/{}", sim.group());
    assert_eq!(
        socket.request(&sim, 1, "POST", &path).await["message"],
        "Internal server error"
    );
    // The request was still performed.
    assert_eq!(sim.main_socket_subscriptions().len(), 1);
}

#[tokio::test]
async fn sockets_can_be_cut_or_closed_by_the_test() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    sim.drop_main_sockets();
    assert_eq!(socket.frame().await, None);
    let mut socket = main_socket(&sim).await;
    sim.close_main_sockets(1012, "restart");
    let Some(Message::Close(Some(frame))) = socket.frame().await else {
        panic!("no close frame")
    };
    assert_eq!(
        (u16::from(frame.code), frame.reason.as_str()),
        (1012, "restart")
    );
}
