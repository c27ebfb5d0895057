//! A full disk, and a database that is locked or damaged.

use super::support::{BOUND, GROUP, Own};

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_changes_and_commands_and_loses_nothing() {
    use super::consoles::Client;
    use super::support::{SERVERS, Service};
    use crate::run::Running;

    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &["--role", "Owner"]).await;
    let user = own.json(&["add-user", "Larch", "--no-group"]).await;
    let user = user["user_id"].as_str().unwrap();
    let config = own.config();
    let arguments = ["cloud", "--config", config.to_str().unwrap()];
    let mut service = Service::of(Running::start_with_small_files(500, &arguments)).await;
    let token = service.log_in(&bot).await;
    let bans = format!("/groups/{GROUP}/bans");
    let ban = format!("{bans}/{user}");
    let mut is_banned = false;
    let refused = loop {
        let method = if is_banned { "DELETE" } else { "POST" };
        let (status, reply) = service.request(method, &ban, &token, "").await;
        if status != 200 {
            assert_eq!(status, 503, "{reply}");
            break reply;
        }
        is_banned = !is_banned;
    };
    assert!(
        refused["message"].as_str().unwrap().contains("not stored"),
        "{refused}"
    );
    let line = service.program.log_line_with("the database fails").await;
    assert!(line.contains("cloud.db"), "{line}");
    // The change that was refused is undone.
    let list = |service: Service, token: String| async move {
        let bans = format!("/groups/{GROUP}/bans");
        let (status, listed) = service.request("GET", &bans, &token, "").await;
        assert_eq!(status, 200, "{listed}");
        (service, listed.as_array().unwrap().len())
    };
    let (mut service, count) = list(service, token.clone()).await;
    assert_eq!(count, usize::from(is_banned));
    let mut client = Client::logged_in(&service, &token, SERVERS[0]).await;
    let mut replied = 0;
    for id in 1.. {
        assert!(id < 1_000, "the audit log grows without a limit");
        let long = "x".repeat(4_000);
        let frame = format!(r#"{{"id":{id},"content":"player list {long}"}}"#);
        client.try_send(&frame).await.unwrap();
        let reply = client.try_reply(id).await.expect("the connection is open");
        if reply
            .to_string()
            .contains("the audit log of this service fails")
        {
            break;
        }
        replied += 1;
    }
    let line = service.program.log_line_with("the audit log cannot").await;
    assert!(line.contains("audit.jsonl"), "{line}");
    assert!(service.console(&token, SERVERS[1]).await.0 == 200);
    service.kill().await;
    // The disk has room again.
    let service = own.launch().await;
    let (service, count) = list(service, token).await;
    assert_eq!(count, usize::from(is_banned));
    service.end().await;
    let audit = own.audit();
    let commands = audit.iter().filter(|line| line["event"] == "command");
    assert_eq!(commands.count(), replied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_database_refuses_changes_until_it_is_free() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &["--role", "Owner"]).await;
    let user = own.json(&["add-user", "Larch", "--no-group"]).await;
    let path = format!("/groups/{GROUP}/bans/{}", user["user_id"].as_str().unwrap());
    let mut service = own.serve().await;
    let token = service.log_in(&bot).await;
    let other = rusqlite::Connection::open(own.path("cloud.db")).unwrap();
    other.busy_timeout(BOUND).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (status, reply) = service.request("POST", &path, &token, "").await;
    assert_eq!(status, 503, "{reply}");
    assert!(reply.to_string().contains("another program"), "{reply}");
    let line = service.program.log_line_with("the database fails").await;
    assert!(line.contains("cloud.db"), "{line}");
    let (status, listed) = service.request("GET", "/groups/joined", &token, "").await;
    assert_eq!(status, 200, "{listed}");
    let done = own.tale(&["add-bot", "Other_Bot"]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.err.contains("cloud.db"), "{done:?}");
    assert!(done.err.contains("another program holds"), "{done:?}");
    other.execute_batch("ROLLBACK").unwrap();
    let (status, reply) = service.request("POST", &path, &token, "").await;
    assert_eq!(status, 200, "{reply}");
    service.end().await;
    let list = own.json(&["list"]).await;
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_named_and_kept() {
    let own = Own::start().await;
    for number in 0..20 {
        own.add_bot(&format!("Example_Bot_{number}"), &[]).await;
    }
    let path = own.path("cloud.db");
    let good = std::fs::read(&path).unwrap();
    let mut overwritten = good.clone();
    overwritten[4_096..].fill(0x5a);
    for damaged in [
        b"garbage".repeat(1_000),
        good[..good.len() / 2].to_vec(),
        overwritten,
    ] {
        std::fs::write(&path, &damaged).unwrap();
        for arguments in [&[][..], &["list"], &["add-bot", "Other_Bot"]] {
            let done = own.tale(arguments).await;
            assert_eq!(done.code, 6, "{arguments:?}: {done:?}");
            assert!(done.err.contains("cloud.db"), "{arguments:?}: {done:?}");
            assert!(
                done.err.contains("restore a copy"),
                "{arguments:?}: {done:?}"
            );
        }
        assert_eq!(std::fs::read(&path).unwrap(), damaged);
    }
    std::fs::write(&path, good).unwrap();
    let list = own.json(&["list"]).await;
    assert_eq!(list.as_array().unwrap().len(), 20);
}
