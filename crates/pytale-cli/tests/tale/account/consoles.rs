//! Consoles of the servers of an account.

use super::Cloud;
#[cfg(unix)]
use super::terminal;

#[tokio::test(flavor = "multi_thread")]
async fn exec_runs_on_a_server_of_the_cloud_by_id_name_and_profile() {
    let cloud = Cloud::start().await;
    let server = cloud.sim.server();
    cloud.sim.player_joins(server, "Ashwick").unwrap();
    let command = ["exec", "player list"];
    let id = server.to_string();
    for named in [id.as_str(), "thornwood"] {
        let done = cloud
            .tale(&[&["--server", named][..], &command].concat())
            .await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        assert!(done.out.contains("Ashwick"), "{done:?}");
    }
    let done = cloud
        .tale(&[&["--server", "Thronwood"][..], &command].concat())
        .await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("did you mean Thornwood"), "{done:?}");
    let account = format!(
        "client-id = '{}'\nclient-secret-file = 'bot.secret'",
        cloud.sim.bot().client_id
    );
    for named in [id, "'Thornwood'".to_owned()] {
        cloud.configure(&format!("{account}\nserver = {named}"));
        let done = cloud.tale(&command).await;
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.out.contains("Ashwick"), "{done:?}");
    }
    cloud.configure(&format!("{account}\nserver = 7\nhost = 'town.example'"));
    let done = cloud.tale(&command).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("use two profiles"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_failure_of_a_console_of_the_cloud_has_its_status() {
    let cloud = Cloud::start().await;
    cloud.sim.stop_server(cloud.sim.server()).await.unwrap();
    let done = cloud.tale(&["--server", "Thornwood", "exec", "time"]).await;
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.err.contains("tale servers"), "{done:?}");
    // A member may not use consoles.
    let group = cloud.sim.add_group("Hollowmere");
    cloud.sim.admit_bot(group, 1).unwrap();
    let mill = cloud.sim.add_server(group, "Old Mill").unwrap();
    let done = cloud
        .tale(&["--server", &mill.to_string(), "exec", "time"])
        .await;
    assert_eq!(done.code, 4, "{done:?}");
    cloud.write_secret("another-secret");
    let done = cloud.tale(&["--server", "Thornwood", "exec", "time"]).await;
    assert_eq!(done.code, 4, "{done:?}");
    let done = cloud
        .tale(&["--server", "Thornwood", "--port", "1760", "exec", "time"])
        .await;
    assert_eq!(done.code, 2, "{done:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_console_of_a_server_of_the_cloud_continues_after_a_restart() {
    let cloud = Cloud::start().await;
    let server = cloud.sim.server();
    let mut terminal = terminal(&cloud, &["--server", "Thornwood", "console"]);
    terminal.wait_for_text("-- connected");
    terminal.wait_for_line("Thornwood>");
    cloud.sim.stop_server(server).await.unwrap();
    terminal.wait_for_text("-- not connected");
    // It gets another port.
    cloud.sim.start_server(server).unwrap();
    terminal.keys(":reconnect\r");
    terminal.wait_for_text("-- connected again");
    cloud.sim.player_joins(server, "Ashwick").unwrap();
    terminal.keys("player list\r");
    terminal.wait_for_text("USERNAME");
    terminal.wait_for_line("Thornwood>");
    terminal.keys("\x04");
    assert_eq!(terminal.status(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_checks_a_server_of_the_cloud() {
    let cloud = Cloud::start().await;
    let server = cloud.sim.server();
    cloud.sim.player_joins(server, "Ashwick").unwrap();
    let done = cloud.tale(&["--server", "Thornwood", "doctor"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    for text in [
        "accepts the account",
        " ms, 1 online",
        "no problem was found",
    ] {
        assert!(done.out.contains(text), "{text}: {done:?}");
    }
    let done = cloud
        .tale(&["--server", "Thornwood", "doctor", "--check"])
        .await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.starts_with("TALE OK - Thornwood: "), "{done:?}");
    cloud.sim.stop_server(server).await.unwrap();
    let done = cloud.tale(&["--server", "Thornwood", "doctor"]).await;
    assert_eq!(done.code, 1, "{done:?}");
    assert!(
        done.out.contains("critical  console") && done.out.contains("help: "),
        "{done:?}"
    );
    cloud.write_secret("another-secret");
    let done = cloud
        .tale(&["--server", "Thornwood", "doctor", "--check"])
        .await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.out.starts_with("TALE CRITICAL - "), "{done:?}");
}
