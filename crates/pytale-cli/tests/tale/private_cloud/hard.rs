//! Bad configurations, accounts, many connections, and servers that are down.

use super::support::{BOUND, Own, SERVERS};
use crate::docs::{blocks, page};
use crate::run::finished;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_told_with_its_place() {
    let own = Own::start().await;
    let good = std::fs::read_to_string(own.config()).unwrap();
    for (from, to, code, told) in [
        ("port = 0", "prot = 0", 2, "did you mean port?"),
        ("id = 502", "id = 501", 2, "two servers have the id 501"),
        (
            "'Server 502'",
            "'Server 501'",
            2,
            "have the name \"Server 501\"",
        ),
        (
            "port = 0",
            "port = 0\nlisten = '0.0.0.0'",
            2,
            "--behind-proxy",
        ),
        (
            "port = 0",
            "port = 0\n[tls]\ncertificate = 'no.pem'\nkey = 'no.pem'\n",
            6,
            "no.pem",
        ),
        ("log/audit.jsonl", "missing/audit.jsonl", 6, "audit.jsonl"),
        (
            "[[groups.servers]]",
            "[[groups.server]]",
            2,
            "groups[1].servers?",
        ),
    ] {
        assert!(good.contains(from), "{from}");
        std::fs::write(own.config(), good.replacen(from, to, 1)).unwrap();
        let done = own.tale(&[]).await;
        assert_eq!(done.code, code, "{to}: {done:?}");
        assert!(done.err.contains(told), "{to}: {done:?}");
    }
    std::fs::remove_file(own.config()).unwrap();
    let done = own.tale(&[]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.err.contains("cloud.toml"), "{done:?}");
}

#[tokio::test]
async fn the_configuration_of_the_documentation_is_accepted() {
    let blocks = blocks(&page("../../docs/own-servers.md"));
    let (_, text) = blocks.iter().find(|(kind, _)| kind == "toml").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("cloud.toml");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let add = ["cloud", "--config", config, "add-bot", "Ledger_Bot"];
    let role = ["--role", "Helper"];
    let done = finished(&[], &[&add[..], &role].concat(), "").await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    let labels = [
        "user id  ",
        "client id  ",
        "client secret  ",
        "The secret is",
    ];
    for (line, label) in done.out.lines().zip(labels) {
        assert!(line.starts_with(label), "{done:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_added_listed_rotated_and_removed() {
    let own = Own::start().await;
    let bot = own.add_bot("Ledger_Bot", &["--role", "helper"]).await;
    let user = own.json(&["add-user", "Ashwick", "--role", "Owner"]).await;
    assert_eq!(user["password"].as_str().unwrap().len(), 24);
    let list = own.json(&["list"]).await;
    assert_eq!(list[0]["name"], "Ledger_Bot");
    assert_eq!(list[0]["groups"][0]["role_id"], 3);
    assert_eq!(list[1]["kind"], "user");
    assert!(!list.to_string().contains(&bot.secret), "{list}");
    let shown = own.tale(&["list"]).await;
    assert!(shown.out.contains("Thornwood Folk (Helper)"), "{shown:?}");
    for (arguments, told) in [
        (&["add-bot", "ledger_bot"][..], "already an account named"),
        (
            &["add-bot", "B", "--scopes", "ws.grup"],
            "did you mean ws.group?",
        ),
        (
            &["add-bot", "B", "--role", "Helpr"],
            "did you mean \"Helper\"?",
        ),
        (
            &["add-bot", "B", "--group", "Folk"],
            "there is no group \"Folk\"",
        ),
        (&["remove", "Ledger"], "there is no account \"Ledger\""),
        (
            &["place", "Ledger_Bot", "--role", "Ownr"],
            "did you mean \"Owner\"?",
        ),
        (&["place", "Nobody"], "there is no account \"Nobody\""),
    ] {
        let done = own.tale(arguments).await;
        assert!(done.code != 0 && done.err.contains(told), "{done:?}");
    }
    let placed = own.json(&["place", "ledger_bot", "--role", "Guest"]).await;
    assert_eq!(placed[0]["groups"][0]["role"], "Guest");
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    assert_eq!(service.console(&token, SERVERS[0]).await.0, 403);
    let shown = own.tale(&["place", "Ledger_Bot", "--group", "77"]).await;
    assert!(
        shown.out.contains("Thornwood Folk (Moderator)"),
        "{shown:?}"
    );
    let placed = async {
        while service.console(&token, SERVERS[0]).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BOUND, placed).await.unwrap();
    let new = own.json(&["rotate", &bot.id]).await;
    assert_ne!(new["client_secret"], bot.secret.as_str());
    let ended = async {
        while service.console(&token, SERVERS[0]).await.0 == 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BOUND, ended).await.unwrap();
    service.end().await;
    let done = own.tale(&["remove", "Ashwick"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(own.json(&["list"]).await.as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_down_is_offline_with_a_reason() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    service.access(&token, SERVERS[0]).await;
    own.sim.stop_server(own.servers[0]).await.unwrap();
    let offline = async {
        loop {
            // Nothing starts the server, also on request.
            let path = format!("/servers/{}/console", SERVERS[0]);
            let (status, reply) = service.request("POST", &path, &token, "{}").await;
            assert_eq!(status, 200, "{reply}");
            if reply["allowed"] == false {
                return reply;
            }
        }
    };
    let reply = timeout(BOUND, offline).await.unwrap();
    assert_eq!(reply["fail_reason"], "NotOnline");
    let path = format!("/servers/{}", SERVERS[0]);
    let (_, server) = service.request("GET", &path, &token, "").await;
    assert_eq!(server["is_online"], false, "{server}");
    own.sim.start_server(own.servers[0]).unwrap();
    own.sim.player_joins(own.servers[0], "Ashwick").unwrap();
    let online = async {
        loop {
            let (_, server) = service.request("GET", &path, &token, "").await;
            if server["online_players"]
                .as_array()
                .is_some_and(|it| it.len() == 1)
            {
                return server;
            }
        }
    };
    let server = timeout(BOUND, online).await.unwrap();
    assert_eq!(server["online_players"][0]["username"], "Ashwick");
    assert_eq!(server["is_online"], true);
    service.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_on_the_loopback_leave_room_for_more() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let service = own.serve().await;
    let token = service.log_in(&bot).await;
    let (consoles, _) = service.access(&token, SERVERS[0]).await;
    let mut open = Vec::new();
    for _ in 0..300 {
        open.push(TcpStream::connect(consoles.as_str()).await.unwrap());
    }
    assert_eq!(service.console(&token, SERVERS[0]).await.0, 200);
    drop(open);
    service.end().await;
}
