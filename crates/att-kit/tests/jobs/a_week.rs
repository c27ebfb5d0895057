//! A bot that stays up.

use crate::support::{self, within};
use crate::town::{ODD_NAMES, Town};
use alta_sim::Sim;
use att_console::{Closed, Console, ErrorKind, TokenFile};
use tokio::sync::mpsc;

#[path = "../../examples/job04_a_week.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod example;

#[tokio::test]
async fn job_04_a_bot_stays_up_and_its_gap_has_a_length() {
    let town = Town::start().await;
    let folder = std::env::temp_dir().join(format!("a-week-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = town.sim.write_console_token(town.server, &folder).unwrap();
    let url = town.sim.console_url(town.server).unwrap().parse().unwrap();
    let console = Console::open_with(TokenFile::new(url, &path), support::config());
    let (sender, mut lines) = mpsc::channel(1);
    let job = tokio::spawn(example::run(console.clone(), sender));
    town.subscribed("PlayerJoined").await;
    for (number, name) in ODD_NAMES.into_iter().enumerate() {
        if number == 3 {
            town.sim.stop_server(town.server).await.unwrap();
            town.sim.wait_for_consoles(town.server, 0).await.unwrap();
            // The server is up before its token file.
            std::fs::remove_file(&path).unwrap();
            town.sim.start_server(town.server).unwrap();
            let mut statuses = console.statuses();
            let failed = statuses.wait_for(|status| {
                let state = format!("{:?}", status.state);
                state.contains("console_token.txt")
            });
            within(failed).await.unwrap();
            town.sim.write_console_token(town.server, &folder).unwrap();
            town.subscribed("PlayerJoined").await;
            let line = within(lines.recv()).await.unwrap();
            assert!(line.starts_with("not seen for "), "{line}");
        }
        town.join(name);
        let line = within(lines.recv()).await.unwrap();
        assert_eq!(line, format!("{name} has joined"));
    }
    std::fs::remove_dir_all(folder).unwrap();
    console.close().await;
    let ended = within(job).await.unwrap().unwrap_err();
    assert!(ended.to_string().contains("closed"), "{ended}");
}

#[tokio::test]
async fn job_04_a_refused_token_ends_the_bot_at_once() {
    let sim = Sim::builder().start().await.unwrap();
    sim.set_timeout(support::TEST_TIMEOUT);
    let server = sim.server();
    let (sender, _lines) = mpsc::channel(1);
    let job = tokio::spawn(example::run(support::open(&sim, server), sender));
    support::subscribed(&sim, server).await;
    sim.expire_tokens();
    sim.drop_consoles(server);
    let ended = within(job).await.unwrap().unwrap_err();
    let ended = ended.downcast::<att_console::Error>().unwrap();
    assert!(
        matches!(
            ended.kind(),
            ErrorKind::Closed {
                because: Closed::Refused(_)
            }
        ),
        "{ended}"
    );
}
