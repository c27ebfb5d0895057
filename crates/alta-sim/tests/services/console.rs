//! Consoles: login, commands, events, restarts.

use crate::support::{TIMEOUT, authority, console, console_with};
use alta_sim::{ClientAction, Service, Sim};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test]
async fn a_cloud_console_replies_to_a_wrong_token() {
    let sim = Sim::builder().start().await.unwrap();
    // The bot's access token and the console token of another server are wrong, too.
    let other = sim.add_server(sim.group(), "Elsewhere").unwrap();
    for token in [
        sim.bot_token(),
        sim.console_token(other),
        "nonsense".to_owned(),
    ] {
        let mut socket = console_with(&sim, sim.server(), &token).await;
        let refusal = socket.json().await;
        assert_eq!(
            (&refusal["eventType"], &refusal["data"]),
            (&json!("FatalLog"), &json!("Invalid Token"))
        );
    }
    assert_eq!(sim.console_connections(sim.server()), Vec::<u64>::new());
}

#[tokio::test]
async fn a_self_hosted_console_does_not_reply_to_a_wrong_token() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Hollowmere").unwrap();
    let mut socket = console_with(&sim, server, "nonsense").await;
    socket.send(r#"{"id":1,"content":"player list"}"#).await;
    sim.wait_for(|received| received.iter().any(|entry| entry.command().is_some()))
        .await
        .unwrap();
    assert!(socket.is_silent().await);
    assert_eq!(sim.console_connections(server), Vec::<u64>::new());
}

#[tokio::test]
async fn a_self_hosted_server_keeps_its_token_and_its_port_over_a_restart() {
    let folder = std::env::temp_dir().join(format!("alta-sim-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Hollowmere").unwrap();
    sim.write_console_token(server, &folder).unwrap();
    let token = std::fs::read_to_string(folder.join("console_token.txt")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let url = sim.console_url(server).unwrap();
    let mut socket = console_with(&sim, server, &token).await;
    let welcome = socket.json().await;
    assert_eq!(
        welcome["data"],
        "Connection Succeeded, Authenticated as: 0 - Server"
    );
    sim.stop_server(server).await.unwrap();
    assert_eq!(socket.frame().await, None);
    assert!(TcpStream::connect(authority(&url)).await.is_err());
    sim.start_server(server).unwrap();
    assert_eq!(sim.console_url(server).unwrap(), url);
    let mut socket = console_with(&sim, server, &token).await;
    socket.is_accepted().await;
    let player = sim.player_joins(server, "Ashwick").unwrap();
    assert_eq!(player, 1_000_000_001);
}

#[tokio::test]
async fn the_port_of_a_stopped_self_hosted_server_is_closed_until_its_start() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Hollowmere").unwrap();
    let address = authority(&sim.console_url(server).unwrap());
    for _ in 0..3 {
        sim.stop_server(server).await.unwrap();
        let refused = TcpStream::connect(&address).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        sim.start_server(server).unwrap();
        TcpStream::connect(&address).await.unwrap();
    }
}

#[tokio::test]
async fn a_cloud_server_gets_a_new_port_at_every_start() {
    let sim = Sim::builder().start().await.unwrap();
    let url = sim.console_url(sim.server()).unwrap();
    let _blocked = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    let _taken = std::net::TcpListener::bind(authority(&url)).unwrap();
    sim.start_server(sim.server()).unwrap();
    assert_ne!(sim.console_url(sim.server()).unwrap(), url);
    console(&sim, sim.server()).await;
}

#[tokio::test]
async fn a_command_before_the_login_reply_doubles_every_reply() {
    let sim = Sim::builder()
        .login_delay(Duration::from_millis(200))
        .start()
        .await
        .unwrap();
    let mut socket = console_with(&sim, sim.server(), &sim.console_token(sim.server())).await;
    socket.send(r#"{"id":1,"content":"player list"}"#).await;
    socket.is_accepted().await;
    assert_eq!(socket.json().await["eventType"], "ErrorLog");
    let first = socket.command(2, "player count").await;
    assert_eq!(
        (&first, &first["data"]["Result"]),
        (&socket.json().await, &json!(0))
    );
}

#[tokio::test]
async fn a_death_has_the_six_events_of_the_sample() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket
        .command(1, "websocket subscribe PlayerStateChanged")
        .await;
    socket.command(2, "websocket subscribe PlayerKilled").await;
    let player = sim.player_joins(sim.server(), "duskmoor42").unwrap();
    sim.player_dies(sim.server(), player).unwrap();
    let mut events = Vec::new();
    for _ in 0..6 {
        let frame = socket.json().await;
        let data = &frame["data"];
        events.push(format!(
            "{} {} {}",
            frame["eventType"], data["state"], data["isEnter"]
        ));
        if frame["eventType"] == "PlayerKilled" {
            assert_eq!(
                (&data["killedPlayer"]["id"], &data["source"]),
                (&json!(player), &json!("Unknown"))
            );
        }
    }
    let expected = [
        r#""PlayerStateChanged" "Combat" false"#,
        r#""PlayerStateChanged" "Downed" true"#,
        r#""PlayerStateChanged" "Downed" false"#,
        r#""PlayerStateChanged" "Playing" false"#,
        r#""PlayerStateChanged" "Dead" true"#,
        r#""PlayerKilled" null null"#,
    ];
    assert_eq!(events, expected);
}

#[tokio::test]
async fn every_action_of_a_player_is_an_event() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut socket = console(&sim, server).await;
    let events = [
        "PlayerMovedChunk",
        "TradeDeckUsed",
        "ObjectKilled",
        "InventoryChanged",
        "AtmBalanceChanged",
        "PlayerKilled",
        "PlayerLeft",
    ];
    for (id, event) in events.iter().enumerate() {
        assert_eq!(
            socket
                .command(id as u64, &format!("websocket subscribe {event}"))
                .await["data"]["Result"],
            "Success"
        );
    }
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let iris = sim.player_joins(server, "Iris_").unwrap();
    sim.player_moves(server, ashwick, "Cave Layer 3").unwrap();
    sim.player_trades(server, ashwick, iris).unwrap();
    sim.player_kills(server, ashwick, "Spriggull").unwrap();
    sim.player_handles(server, ashwick, "torch", "Pickup")
        .unwrap();
    assert_eq!(sim.change_balance(server, ashwick, 40).unwrap(), 40);
    sim.player_killed_by(server, ashwick, iris).unwrap();
    sim.player_leaves(server, iris).unwrap();
    let mut frames = Vec::new();
    for event in events {
        let frame = socket.json().await;
        assert_eq!(frame["eventType"], event);
        frames.push(frame["data"].clone());
    }
    let user = |id: u64, name: &str| json!({"id": id, "username": name});
    assert_eq!(
        frames[0],
        json!({"player": user(ashwick, "Ashwick"), "oldChunk": "Townhall Building Chunk", "newChunk": "Cave Layer 3"})
    );
    assert_eq!(
        (
            &frames[1]["buyer"],
            &frames[1]["seller"],
            &frames[1]["price"]
        ),
        (&json!(ashwick), &json!(iris), &json!(0.5))
    );
    assert_eq!(
        (&frames[2]["name"], &frames[2]["killerPlayer"]),
        (&json!("Spriggull(Clone)"), &user(ashwick, "Ashwick"))
    );
    assert_eq!(
        (&frames[3]["User"]["id"], &frames[3]["ItemName"]),
        (&json!(ashwick), &json!("Torch"))
    );
    assert_eq!(
        (&frames[4]["Change"], &frames[4]["CurrentBalance"]),
        (&json!(40), &json!(40))
    );
    assert_eq!(
        (&frames[5]["killerPlayer"]["id"], &frames[5]["source"]),
        (&json!(iris), &json!("Impact"))
    );
    assert_eq!(frames[6]["user"], user(iris, "Iris_"));
}

#[tokio::test]
async fn commands_are_logged_to_subscribers() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    socket.command(1, "websocket subscribe InfoLog").await;
    let _ = (socket.json().await, socket.json().await);
    socket.command(2, "player lst").await;
    let log = socket.json().await;
    assert_eq!(
        (&log["eventType"], &log["data"]["logger"]),
        (
            &json!("InfoLog"),
            &json!("Alta.Console.WebSocketCommandHandler")
        )
    );
    let log = socket.json().await;
    let message =
        "[CommandService.Handle] Running command player lst as user (Example_Bot:1100000001)";
    assert_eq!(log["data"]["message"], message);
    let mut audit = console(&sim, sim.server()).await;
    audit
        .command(1, "websocket subscribe CommandExecuted")
        .await;
    let _ = audit.json().await;
    audit.command(2, "player lst").await;
    let executed = audit.json().await;
    assert_eq!(
        (
            &executed["data"]["Command"],
            &executed["data"]["WasSuccessful"]
        ),
        (&json!("player lst"), &json!(false))
    );
}

#[tokio::test]
async fn a_stalled_console_runs_its_commands_later_and_in_order() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    sim.stall_console(sim.server());
    socket.send(r#"{"id":9,"content":"player count"}"#).await;
    socket
        .send(r#"{"id":10,"content":"websocket subscribe PlayerJoined"}"#)
        .await;
    sim.wait_for(|received| {
        received
            .iter()
            .filter(|entry| entry.command().is_some())
            .count()
            == 2
    })
    .await
    .unwrap();
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.resume_console(sim.server());
    let reply = socket.json().await;
    assert_eq!(
        (&reply["commandId"], &reply["data"]["Result"]),
        (&json!(9), &json!(1))
    );
    assert_eq!(socket.json().await["commandId"], 10);
}

#[tokio::test]
async fn a_server_can_forget_its_subscriptions() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let mut socket = console(&sim, server).await;
    for expected in ["Success", "Unchanged"] {
        let reply = socket.command(1, "websocket subscribe PlayerJoined").await;
        assert_eq!(reply["data"]["Result"], expected);
    }
    sim.forget_console_subscriptions(server);
    assert!(sim.console_subscriptions(server).is_empty());
    sim.player_joins(server, "Ashwick").unwrap();
    let reply = socket.command(2, "websocket subscribe PlayerJoined").await;
    assert_eq!(
        reply["data"]["Result"], "Success",
        "and no event came before"
    );
}

#[tokio::test]
async fn a_booting_server_knows_only_the_websocket_commands() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    sim.set_booting(sim.server(), true);
    let reply = socket.command(1, "player list").await;
    let message = "[CommandService.Handle] Command not found. Did you mean: \n";
    assert_eq!(reply["data"]["Exception"]["Message"], message);
    assert_eq!(
        socket.command(2, "websocket subscribe PlayerJoined").await["data"]["Result"],
        "Success"
    );
}

#[tokio::test]
async fn enums_can_be_numbers() {
    let sim = Sim::builder().start().await.unwrap();
    sim.set_numeric_enums(sim.server(), true);
    let mut socket = console_with(&sim, sim.server(), &sim.console_token(sim.server())).await;
    assert_eq!(socket.json().await["type"], 0);
    let reply = socket.command(1, "websocket subscribe PlayerJoined").await;
    assert_eq!(
        (&reply["type"], &reply["data"]["Result"]),
        (&json!(2), &json!(0))
    );
    sim.player_joins(sim.server(), "Ashwick").unwrap();
    assert_eq!(socket.json().await["type"], 1);
}

#[tokio::test]
async fn undocumented_events_can_be_added_and_sent() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = console(&sim, sim.server()).await;
    sim.offer_console_event(sim.server(), "ModThing");
    assert_eq!(
        socket.command(1, "websocket subscribe modthing").await["data"]["Result"],
        "Success"
    );
    sim.emit_console_event(
        sim.server(),
        "ModThing",
        json!({"Anything": [1, 2.5, {"x": null}]}),
    );
    assert_eq!(
        socket.json().await["data"],
        json!({"Anything": [1, 2.5, {"x": null}]})
    );
    assert_eq!(
        socket.command(2, "websocket unsubscribe ModThing").await["data"]["Result"],
        "Success"
    );
    sim.emit_console_event(sim.server(), "ModThing", json!(1));
    assert_eq!(
        socket.command(3, "websocket unsubscribe ModThing").await["data"]["Result"],
        "Unchanged"
    );
}

#[tokio::test]
async fn the_journal_has_the_connection_of_each_entry() {
    let sim = Sim::builder().start().await.unwrap();
    let token = sim.console_token(sim.server());
    let mut socket = console_with(&sim, sim.server(), &token).await;
    socket.text().await;
    socket.command(1, "player count").await;
    socket.0.close(None).await.unwrap();
    timeout(TIMEOUT, async {
        sim.wait_for(|received| {
            received
                .iter()
                .any(|entry| matches!(entry.action, ClientAction::Closed(_)))
        })
        .await
        .unwrap();
    })
    .await
    .unwrap();
    let seen: Vec<String> = sim
        .received()
        .iter()
        .map(|entry| {
            assert_eq!(
                (entry.service, entry.connection),
                (Service::Console(sim.server()), 1)
            );
            match &entry.action {
                ClientAction::Opened(_) => "opened".to_owned(),
                ClientAction::Token(text) => format!("token {}", *text == token),
                ClientAction::Closed(code) => format!("closed {code:?}"),
                _ => entry.command().unwrap(),
            }
        })
        .collect();
    assert_eq!(
        seen,
        ["opened", "token true", "player count", "closed None"]
    );
}

#[tokio::test]
async fn a_server_that_quits_replies_and_stops() {
    let sim = Sim::builder().bare().start().await.unwrap();
    let server = sim.add_self_hosted("Thornwood").unwrap();
    let mut socket = console(&sim, server).await;
    let reply = socket.command(1, "quit").await;
    assert_eq!(reply["data"]["ResultString"], "Success");
    assert_eq!(socket.frame().await, None);
    sim.wait_until(|sim| !sim.is_online(server)).await.unwrap();
    sim.start_server(server).unwrap();
    console(&sim, server).await;
}
