//! Self-hosted servers: the token file, and dialling by another way than TCP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use alta_sim::Sim;
use att_console::{
    BoxIo, Console, ConsoleAccess, Dial, DialError, State, Status, TokenFile, Trouble,
};
use common::{config, self_hosted, within};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use url::Url;

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "pytale-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn token(&self) -> PathBuf {
        self.0.join("console_token.txt")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn url(sim: &Sim, server: u64) -> Url {
    sim.console_url(server).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_token_file_that_appears_later_is_waited_for_and_read_without_its_trimmings() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new();
    let console = Console::open_with(TokenFile::new(url(&sim, server), folder.token()), config());
    let mut statuses = console.statuses();
    within(statuses.wait_for(|status| {
        matches!(&status.state, State::Recovering { because: Trouble::NotUp(why), .. } if why.contains("does not exist"))
    }))
    .await
    .unwrap();
    std::fs::write(folder.token(), "\u{feff} \r\n").unwrap();
    within(statuses.wait_for(|status| {
        matches!(&status.state, State::Recovering { because: Trouble::NotUp(why), .. } if why.contains("is empty"))
    }))
    .await
    .unwrap();
    let token = sim.console_token(server);
    std::fs::write(folder.token(), format!("\u{feff} {token}\r\n")).unwrap();
    within(console.ready()).await.unwrap();

    // It is read at every connection.
    let elsewhere = TokenFile::new("ws://127.0.0.1:1".parse().unwrap(), folder.token());
    let second = Console::open_with(elsewhere.at(url(&sim, server)), config());
    within(second.ready()).await.unwrap();
    std::fs::write(folder.token(), "another token").unwrap();
    sim.drop_consoles(server);
    let unanswered = |status: &Status| {
        matches!(
            &status.state,
            State::Recovering {
                because: Trouble::NoAnswerToToken,
                ..
            }
        )
    };
    within(statuses.wait_for(unanswered)).await.unwrap();
    std::fs::remove_file(folder.token()).unwrap();
    let gone = |status: &Status| {
        matches!(
            &status.state,
            State::Recovering {
                because: Trouble::NotUp(_),
                ..
            }
        )
    };
    within(statuses.wait_for(gone)).await.unwrap();
}

#[tokio::test]
async fn promise_09_a_token_file_whose_content_changes_heals_a_console_that_got_no_answer() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new();
    std::fs::write(folder.token(), "an old token").unwrap();
    // The back-off is long: only the change of the file can end the wait in time.
    let slow = config().backoff(att_console::BackoffPolicy::new(
        Duration::from_secs(3_600),
        Duration::from_secs(3_600),
    ));
    let console = Console::open_with(TokenFile::new(url(&sim, server), folder.token()), slow);
    let mut statuses = console.statuses();
    within(statuses.wait_for(|status| {
        matches!(
            &status.state,
            State::Recovering {
                because: Trouble::NoAnswerToToken,
                ..
            }
        )
    }))
    .await
    .unwrap();
    sim.write_console_token(server, &folder.0).unwrap();
    within(console.ready()).await.unwrap();
}

/// Hands the simulator one end of an in-memory stream.
struct InMemory {
    sim: Sim,
    server: u64,
}

impl Dial for InMemory {
    fn dial<'a>(
        &'a self,
        _address: &'a Url,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<BoxIo, DialError>> + Send + 'a>> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.sim.serve_console(self.server, theirs);
        Box::pin(std::future::ready(Ok(Box::new(ours) as BoxIo)))
    }
}

#[tokio::test]
async fn a_console_runs_over_any_stream_that_a_dialer_makes() {
    let (sim, server) = self_hosted().await;
    let access = ConsoleAccess::new(
        "ws://nowhere.invalid/".parse().unwrap(),
        sim.console_token(server),
    );
    let dialer = InMemory {
        sim: sim.clone(),
        server,
    };
    let console = Console::open_with(access, config().dialer(Arc::new(dialer)));
    within(console.ready()).await.unwrap();
    let reply = within(console.command("player count")).await.unwrap();
    assert_eq!(reply.read::<i64>().unwrap(), 0);
}

#[tokio::test]
async fn promise_12_no_debug_or_error_shows_a_token() {
    let (sim, server) = self_hosted().await;
    let token = sim.console_token(server);
    let access = ConsoleAccess::new(url(&sim, server), token.clone());
    assert!(!format!("{access:?}").contains(&token));
    let console = Console::open_with(access, config());
    within(console.ready()).await.unwrap();
    let error = within(console.command("no such command"))
        .await
        .unwrap_err();
    for text in [
        format!("{console:?}"),
        format!("{:?}", console.access()),
        format!("{:?}", console.config()),
        format!("{error:?} {error}"),
        format!("{:?}", console.status()),
    ] {
        assert!(!text.contains(&token), "{text}");
    }
}
