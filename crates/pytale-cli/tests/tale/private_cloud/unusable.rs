//! Consoles and token files that cannot be used.

use super::support::{Own, SERVERS, Service};

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_cannot_be_used_is_told_and_is_used_when_it_can_be() {
    let own = Own::start().await;
    let bot = own.add_bot("Example_Bot", &[]).await;
    let file = own.path(&format!("{}/console_token.txt", SERVERS[0]));
    let [right, other] = own.tokens();
    // The contents of the token file, and the line that names the server.
    let missing = None;
    for (text, told) in [
        (missing, "console_token.txt does not exist"),
        (Some(""), "console_token.txt is empty"),
        (Some("a\nb\nc"), "console_token.txt"),
        (
            Some(other.as_str()),
            "Server 501 is offline: the server did not reply to the token",
        ),
    ] {
        match text {
            None => std::fs::remove_file(&file).unwrap(),
            Some(text) => std::fs::write(&file, text).unwrap(),
        }
        let mut service = own.launch().await;
        let line = service.program.log_line_with(told).await;
        assert!(
            line.contains("Server 501") && line.contains("console_token.txt"),
            "{line}"
        );
        own.assert_no_token(&line);
        others_work_until_it_is_back(&own, service, &bot, || {
            std::fs::write(&file, &right).unwrap();
        })
        .await;
    }
    own.sim.stop_server(own.servers[0]).await.unwrap();
    let mut service = own.launch().await;
    let line = service.program.log_line_with("Server 501 is offline").await;
    assert!(line.contains("127.0.0.1"), "{line}");
    others_work_until_it_is_back(&own, service, &bot, || {
        own.sim.start_server(own.servers[0]).unwrap();
    })
    .await;
}

/// Uses the other server, then makes the first one usable, and uses it without a restart of the service.
async fn others_work_until_it_is_back(
    own: &Own,
    service: Service,
    bot: &super::support::Credentials,
    mend: impl FnOnce(),
) {
    let token = service.log_in(bot).await;
    service.access(&token, SERVERS[1]).await;
    let (status, reply) = service.console(&token, SERVERS[0]).await;
    assert_eq!(status, 200, "{reply}");
    assert_eq!(reply["fail_reason"], "NotOnline", "{reply}");
    mend();
    service.access(&token, SERVERS[0]).await;
    let done = service.end().await;
    assert_eq!(done.code, 0, "{done:?}");
    own.assert_no_token(&done.err);
}
