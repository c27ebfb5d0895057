//! Self-hosted servers: token files, fixed tokens, accesses and dialers of the program.

use crate::common::{config, self_hosted, short_login, within};
use alta_sim::Sim;
use att_console::{
    Access, AccessError, BoxIo, Closed, Console, ConsoleAccess, Dial, DialError, ErrorKind,
    NotConnected, State, Status, TokenFile,
};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use url::Url;

/// A folder of one test, which is removed at its end.
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
async fn a_token_file_that_appears_later_is_read_and_trimmed() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new();
    let console = Console::open_with(TokenFile::new(url(&sim, server), folder.token()), config());
    let mut statuses = console.statuses();
    within(statuses.wait_for(|status| {
        matches!(&status.state, State::Recovering { because: NotConnected::NotUp(why), .. } if why.contains("does not exist"))
    }))
    .await
    .unwrap();
    std::fs::write(folder.token(), "\u{feff} \r\n").unwrap();
    within(statuses.wait_for(|status| {
        matches!(&status.state, State::Recovering { because: NotConnected::NotUp(why), .. } if why.contains("is empty"))
    }))
    .await
    .unwrap();
    let token = sim.console_token(server);
    std::fs::write(folder.token(), format!("\u{feff} {token}\r\n")).unwrap();
    within(console.ready()).await.unwrap();

    // The file is read before every connection.
    let elsewhere = TokenFile::new("ws://127.0.0.1:1".parse().unwrap(), folder.token());
    let second = Console::open_with(elsewhere.at(url(&sim, server)), config());
    within(second.ready()).await.unwrap();
    std::fs::write(folder.token(), "another token").unwrap();
    sim.drop_consoles(server);
    let no_reply = |status: &Status| {
        matches!(
            &status.state,
            State::Recovering {
                because: NotConnected::NoReplyToToken,
                ..
            }
        )
    };
    within(statuses.wait_for(no_reply)).await.unwrap();
    std::fs::remove_file(folder.token()).unwrap();
    let gone = |status: &Status| {
        matches!(
            &status.state,
            State::Recovering {
                because: NotConnected::NotUp(_),
                ..
            }
        )
    };
    within(statuses.wait_for(gone)).await.unwrap();
}

#[tokio::test]
async fn promise_09_a_changed_token_file_is_tried_at_once_after_a_login_without_a_reply() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new();
    std::fs::write(folder.token(), "an old token").unwrap();
    // The backoff is long, so only the changed file can end it in time.
    let slow = short_login().backoff(att_console::BackoffPolicy::new(
        Duration::from_secs(3_600),
        Duration::from_secs(3_600),
    ));
    let console = Console::open_with(TokenFile::new(url(&sim, server), folder.token()), slow);
    let mut statuses = console.statuses();
    within(statuses.wait_for(|status| {
        matches!(
            &status.state,
            State::Recovering {
                because: NotConnected::NoReplyToToken,
                ..
            }
        )
    }))
    .await
    .unwrap();
    sim.write_console_token(server, &folder.0).unwrap();
    within(console.ready()).await.unwrap();
}

#[tokio::test]
async fn a_given_token_is_trimmed() {
    let (sim, server) = self_hosted().await;
    let token = sim.console_token(server);
    for given in [
        format!("{token}\n"),
        format!("{token}\r\n"),
        format!("\u{feff}{token}"),
        format!(" {token}\t"),
    ] {
        let access = ConsoleAccess::new(url(&sim, server), given);
        let console = Console::open_with(access, config());
        within(console.ready()).await.unwrap();
    }
}

#[tokio::test]
async fn a_fixed_token_that_cannot_be_sent_closes_the_console_at_once() {
    let (sim, server) = self_hosted().await;
    for (token, reason) in [
        (
            "hunter20\nhunter21",
            "the console's token has a control character (U+000A)",
        ),
        (
            "hunter20\u{1b}[0m",
            "the console's token has a control character (U+001B)",
        ),
        ("\u{feff}\r\n", "the console's token is empty"),
    ] {
        let access = ConsoleAccess::new(url(&sim, server), token);
        let console = Console::open_with(access, config());
        let error = within(console.ready()).await.unwrap_err();
        let ErrorKind::Closed {
            because: Closed::Token(why),
        } = error.kind()
        else {
            panic!("{error}")
        };
        assert!(why.contains(reason), "{why}");
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
    }
}

fn has_no_access(status: &Status, reason: &str) -> bool {
    matches!(
        &status.state,
        State::Recovering { because: NotConnected::NoAccess(why), .. } if why.contains(reason)
    )
}

#[tokio::test]
async fn a_token_file_with_a_control_character_is_reported_and_can_be_corrected() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new();
    std::fs::write(folder.token(), "hunter20\rhunter21\r\n").unwrap();
    let file = TokenFile::new(url(&sim, server), folder.token());
    let console = Console::open_with(file, config());
    let mut statuses = console.statuses();
    let unusable = "console_token.txt has a control character (U+000D)";
    within(statuses.wait_for(|status| has_no_access(status, unusable)))
        .await
        .unwrap();
    assert!(!format!("{:?}", console.status()).contains("hunter"));
    std::fs::write(folder.token(), sim.console_token(server)).unwrap();
    within(console.ready()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_file_that_is_not_a_regular_file_is_reported_and_can_be_replaced() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.token())
        .status();
    assert!(made.unwrap().success());
    let file = TokenFile::new(url(&sim, server), folder.token());
    let console = Console::open_with(file, config());
    let endless = TokenFile::new(url(&sim, server), "/dev/zero");
    let second = Console::open_with(endless, config());
    for console in [&console, &second] {
        let mut statuses = console.statuses();
        within(statuses.wait_for(|status| has_no_access(status, "it is not a regular file")))
            .await
            .unwrap();
    }
    std::fs::remove_file(folder.token()).unwrap();
    std::fs::write(folder.token(), sim.console_token(server)).unwrap();
    within(console.ready()).await.unwrap();
}

#[cfg(unix)]
#[test]
fn a_runtime_ends_while_its_console_reads_a_fifo_as_token_file() {
    let folder = Folder::new();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.token())
        .status();
    assert!(made.unwrap().success());
    let (ended, end) = std::sync::mpsc::channel();
    let path = folder.token();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let file = TokenFile::new("ws://127.0.0.1:1".parse().unwrap(), path);
            let console = Console::open_with(file, config());
            let mut statuses = console.statuses();
            let tried = |status: &Status| matches!(status.state, State::Recovering { .. });
            within(statuses.wait_for(tried)).await.unwrap();
        });
        drop(runtime);
        ended.send(()).unwrap();
    });
    end.recv_timeout(crate::common::TIMEOUT).unwrap();
}

/// An access that never resolves. Counts its calls.
struct Silent(AtomicU32);

impl Access for Silent {
    fn access(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<ConsoleAccess, AccessError>> + Send + '_>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn access_that_never_resolves_times_out_and_is_requested_again() {
    let access = Arc::new(Silent(AtomicU32::new(0)));
    let soon = config().connect_timeout(Duration::from_millis(20));
    let console = Console::open_with(Arc::clone(&access), soon);
    let mut statuses = console.statuses();
    within(statuses.wait_for(|status| {
        has_no_access(status, "none within 20ms") && access.0.load(Ordering::SeqCst) > 1
    }))
    .await
    .unwrap();
}

/// An access that fails and requests a delay. Counts its calls.
struct Busy(AtomicU32, Duration);

impl Access for Busy {
    fn access(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<ConsoleAccess, AccessError>> + Send + '_>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let busy = AccessError::Failed {
            message: "too many requests".to_owned(),
            source: None,
            retry_after: Some(self.1),
        };
        Box::pin(std::future::ready(Err(busy)))
    }
}

#[tokio::test(start_paused = true)]
async fn the_delay_that_an_access_asks_for_is_kept_up_to_the_cap() {
    let cap = Duration::from_secs(60);
    for (asked, kept) in [(7, 7), (3_600, 60)] {
        let access = Arc::new(Busy(AtomicU32::new(0), Duration::from_secs(asked)));
        let backoff = att_console::BackoffPolicy::new(Duration::from_millis(1), cap);
        let started = tokio::time::Instant::now();
        let console = Console::open_with(Arc::clone(&access), config().backoff(backoff));
        let mut statuses = console.statuses();
        let twice = |_: &Status| access.0.load(Ordering::SeqCst) > 2;
        let end = statuses.wait_for(twice);
        tokio::time::timeout(cap * 10, end).await.unwrap().unwrap();
        let elapsed = started.elapsed();
        let least = Duration::from_secs(2 * kept);
        assert!(
            elapsed >= least && elapsed < least + Duration::from_secs(1),
            "{elapsed:?}"
        );
    }
}

/// A dialer that connects to the simulator by an in-memory stream.
struct InMemory {
    sim: Sim,
    server: u64,
}

impl Dial for InMemory {
    fn dial<'a>(
        &'a self,
        _address: &'a Url,
    ) -> Pin<Box<dyn Future<Output = Result<BoxIo, DialError>> + Send + 'a>> {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.sim.serve_console(self.server, theirs);
        Box::pin(std::future::ready(Ok(Box::new(ours) as BoxIo)))
    }
}

#[tokio::test]
async fn a_console_runs_over_any_stream_of_a_dialer() {
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
