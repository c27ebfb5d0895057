//! The examples, run as programs: in their own simulated town, and with a service that the environment names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use alta_sim::{Builder, Sim};
use serde_json::json;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use wiremock::matchers::{body_string_contains, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Above the duration of anything that succeeds.
const TIMEOUT: Duration = Duration::from_secs(30);

async fn start(settings: Builder) -> Sim {
    settings.timeout(TIMEOUT).start().await.unwrap()
}

/// The built example, without the settings in the environment of the tests.
fn example(name: &str) -> Command {
    // …/deps/examples-1234 and …/examples/name
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().unwrap().parent().unwrap().join("examples");
    let program = built
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        program.exists(),
        "`cargo test` without `--test` builds {}",
        program.display()
    );
    let mut command = Command::new(program);
    let settings = std::env::vars_os().map(|(name, _)| name);
    for name in settings.filter(|name| name.to_string_lossy().starts_with("ALTA_")) {
        command.env_remove(name);
    }
    for name in [
        "CONSOLE_URL",
        "CONSOLE_TOKEN_FILE",
        "CONSOLES",
        "RELAY_SETTINGS",
        "LEADERBOARD",
        "GROUP_ID",
    ] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The same, as the bot of this simulator.
fn example_in(name: &str, sim: &Sim) -> Command {
    let mut command = example(name);
    let bot = sim.bot();
    command
        .env("ALTA_CLIENT_ID", bot.client_id)
        .env("ALTA_CLIENT_SECRET", bot.client_secret)
        .env("ALTA_TOKEN_URL", sim.token_url())
        .env("ALTA_REST_URL", sim.rest_url())
        .env("ALTA_SOCKET_URL", sim.socket_url());
    command
}

/// A running program. It is killed when this is dropped.
struct Running {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Lines that no call of `says` has returned yet: tasks of a bot print in any order.
    unmatched: Vec<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            _child: child,
            lines,
            unmatched: Vec::new(),
        }
    }

    /// Waits for a line that contains this text. Each line is returned once.
    async fn says(&mut self, words: &str) -> String {
        let earlier = self.unmatched.iter().position(|line| line.contains(words));
        if let Some(earlier) = earlier {
            return self.unmatched.remove(earlier);
        }
        let reading = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                if line.contains(words) {
                    return Some(line);
                }
                self.unmatched.push(line);
            }
            None
        };
        let line = tokio::time::timeout(TIMEOUT, reading).await;
        let found = line.ok().flatten();
        found.unwrap_or_else(|| panic!("no line contains {words:?}: {:#?}", self.unmatched))
    }
}

async fn output(mut command: Command) -> Output {
    tokio::time::timeout(TIMEOUT, command.output())
        .await
        .expect("the program ends")
        .unwrap()
}

#[tokio::test]
async fn without_settings_the_examples_run_in_a_simulated_town() {
    for (name, words) in [
        (
            "account",
            vec!["member of Thornwood Folk", "invited to Hollowmere"],
        ),
        (
            "event_log",
            vec![
                "accepted the invitation to Hollowmere",
                "Thornwood: PlayerJoined",
            ],
        ),
        ("from_py_tale", vec!["went to Cave Layer"]),
        ("group", vec!["following Emberfall", "is on cave layer"]),
        ("leaderboard", vec![" 2"]),
        ("relay", vec!["Thornwood: PlayerJoined"]),
        ("welcome", vec![": Welcome, ", ": You are on layer "]),
    ] {
        let mut running = Running::start(example(name));
        for words in words {
            running.says(words).await;
        }
    }
}

#[test]
fn every_example_is_short_and_has_a_test() {
    let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = include_str!("examples.rs");
    let examples = std::fs::read_dir(manifest.join("examples")).unwrap();
    let mut count = 0;
    for path in examples.map(|entry| entry.unwrap().path()) {
        let Some(name) = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".rs"))
        else {
            continue;
        };
        // The jobs have line budgets of their own, with their tests.
        if name.starts_with("job") {
            continue;
        }
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 60, "{name} has {lines} lines");
        assert!(
            tests.contains(&format!("example(\"{name}\")"))
                || tests.contains(&format!("(\"{name}\",")),
            "{name}"
        );
        count += 1;
    }
    assert_eq!(count, 9);
}

#[tokio::test]
async fn welcome_names_a_missing_setting() {
    let mut half = example("welcome");
    half.env("CONSOLE_URL", "ws://127.0.0.1:1760");
    let said = output(half).await;
    assert!(!said.status.success());
    assert!(String::from_utf8_lossy(&said.stderr).contains("CONSOLE_TOKEN_FILE"));

    let sim = start(Sim::builder()).await;
    let said = output(example_in("welcome", &sim)).await;
    assert!(String::from_utf8_lossy(&said.stderr).contains("ALTA_SERVER_ID"));
}

#[tokio::test]
async fn the_last_line_of_a_failed_program_is_its_error() {
    let mut address = example("welcome");
    address
        .env("CONSOLE_URL", "http://127.0.0.1:1760")
        .env("CONSOLE_TOKEN_FILE", "console_token.txt");
    let mut half = example("event_log");
    half.env("ALTA_CLIENT_ID", "client_1");
    let sim = start(Sim::builder()).await;
    let mut wrong = example_in("event_log", &sim);
    wrong.env("ALTA_CLIENT_SECRET", "wrong");
    for (program, line) in [
        (
            address,
            "Error: parsing \"http://127.0.0.1:1760\" as a console's address: its scheme is http, not ws or wss; \
             did you mean ws://127.0.0.1:1760?",
        ),
        (
            half,
            "Error: connecting a bot: the configuration cannot be used: \
             the environment sets ALTA_CLIENT_ID but not ALTA_CLIENT_SECRET",
        ),
        (
            wrong,
            "Error: connecting a bot: the login failed: logging in as a bot: refused with status 400",
        ),
    ] {
        let said = output(program).await;
        assert!(!said.status.success());
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with(line), "{said}");
    }
}

async fn assert_welcomes(sim: &Sim, town: u64) {
    sim.wait_for_console_subscription(town, "PlayerJoined")
        .await
        .unwrap();
    sim.wait_for_console_subscription(town, "PlayerMovedChunk")
        .await
        .unwrap();
    let player = sim.player_joins(town, "O\"Neil \\ Jr.").unwrap();
    sim.wait_until(|sim| sim.messages(town).len() == 1)
        .await
        .unwrap();
    sim.player_moves(town, player, "Cave Layer 3").unwrap();
    sim.wait_until(|sim| sim.messages(town).len() == 2)
        .await
        .unwrap();
    let texts: Vec<_> = sim
        .messages(town)
        .into_iter()
        .map(|message| message.text)
        .collect();
    assert_eq!(texts, ["Welcome, O'Neil ' Jr.!", "You are on layer 3"]);
}

#[tokio::test]
async fn welcome_greets_on_a_self_hosted_server() {
    let sim = start(Sim::builder().bare()).await;
    let town = sim.add_self_hosted("Thornwood").unwrap();
    let folder = Folder::new("welcome");
    sim.write_console_token(town, &folder.0).unwrap();
    let mut command = example("welcome");
    command
        .env("CONSOLE_URL", sim.console_url(town).unwrap())
        .env("CONSOLE_TOKEN_FILE", folder.0.join("console_token.txt"));
    let _running = Running::start(command);
    assert_welcomes(&sim, town).await;
}

#[tokio::test]
async fn handlers_greet_on_several_self_hosted_servers() {
    let sim = start(Sim::builder().bare()).await;
    let folder = Folder::new("self_hosted");
    let names = ["home", "away"];
    let servers = names.map(|name| sim.add_self_hosted(name).unwrap());
    let mut consoles = Vec::new();
    for (name, server) in names.into_iter().zip(servers) {
        let token = folder.0.join(format!("{name}_token.txt"));
        std::fs::write(token, sim.console_token(server)).unwrap();
        consoles.push(format!("{name}={}", sim.console_url(server).unwrap()));
    }
    let mut command = example("self_hosted");
    command
        .env("CONSOLES", consoles.join(","))
        .current_dir(&folder.0);
    let mut running = Running::start(command);
    for server in servers {
        sim.wait_for_console_subscription(server, "PlayerJoined")
            .await
            .unwrap();
    }
    for (name, server) in names.into_iter().zip(servers) {
        sim.player_joins(server, "Ashwick").unwrap();
        let line = running.says("PlayerJoined").await;
        assert!(line.starts_with(name) && line.contains("Ashwick"), "{line}");
        sim.wait_until(|sim| !sim.messages(server).is_empty())
            .await
            .unwrap();
        assert_eq!(sim.messages(server)[0].text, "Welcome, Ashwick!");
    }
}

#[tokio::test]
async fn welcome_greets_in_the_cloud() {
    let sim = start(Sim::builder()).await;
    let mut command = example_in("welcome", &sim);
    command.env("ALTA_SERVER_ID", sim.server().to_string());
    let _running = Running::start(command);
    assert_welcomes(&sim, sim.server()).await;
}

#[tokio::test]
async fn event_log_uses_the_service_that_the_environment_names() {
    let sim = start(Sim::builder()).await;
    let mut running = Running::start(example_in("event_log", &sim));
    sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
        .await
        .unwrap();
    sim.player_joins(sim.server(), "Brambletoe").unwrap();
    let line = running.says("PlayerJoined").await;
    assert!(
        line.starts_with("Thornwood: ") && line.contains("Brambletoe"),
        "{line}"
    );
    sim.invite_bot(sim.add_group("Ravenmoor")).unwrap();
    running.says("accepted the invitation to Ravenmoor").await;
}

#[tokio::test]
async fn account_prints_servers_members_and_bans() {
    let sim = start(Sim::builder()).await;
    let mut running = Running::start(example_in("account", &sim));
    running.says("member of Thornwood Folk").await;
    running.says("Thornwood is up").await;
    sim.wait_until(|sim| {
        let subscriptions = sim.main_socket_subscriptions();
        subscriptions
            .iter()
            .any(|(_, event, _)| event == "group-ban-delete")
    })
    .await
    .unwrap();
    sim.add_member(sim.group(), "Birch").unwrap();
    running.says("group-member-create: \"Birch\"").await;
    sim.ban(sim.group(), "Birch").unwrap();
    running.says("group-ban-create: \"Birch\"").await;
    sim.stop_server(sim.server()).await.unwrap();
    running.says("Thornwood is down").await;
    // The outage hides nothing: the bot reads the state again after it.
    sim.drop_main_sockets();
    sim.wait_until(|sim| !sim.main_sockets().is_empty())
        .await
        .unwrap();
    sim.start_server(sim.server()).unwrap();
    running.says("Thornwood is up").await;
    sim.invite_bot(sim.add_group("Ravenmoor")).unwrap();
    running.says("invited to Ravenmoor").await;
    assert_eq!(sim.console_connections(sim.server()).len(), 0);
}

#[tokio::test]
async fn the_bot_of_a_group_opens_the_consoles_of_that_group_only() {
    let sim = start(Sim::builder()).await;
    let second = sim.add_server(sim.group(), "Emberfall").unwrap();
    let other = sim.add_group("Hollowmere");
    sim.admit_bot(other, 2).unwrap();
    let elsewhere = sim.add_server(other, "Hollow").unwrap();
    sim.start_server(elsewhere).unwrap();
    let mut command = example_in("group", &sim);
    command.env("GROUP_ID", sim.group().to_string());
    let mut running = Running::start(command);
    running.says("Thornwood: connected").await;
    sim.start_server(second).unwrap();
    running.says("Emberfall: connected").await;
    for server in [sim.server(), second] {
        sim.wait_for_console_subscription(server, "PlayerMovedChunk")
            .await
            .unwrap();
        let player = sim.player_joins(server, "Ashwick").unwrap();
        sim.player_moves(server, player, "Cave Layer 7").unwrap();
        running.says("Ashwick is on cave layer 7").await;
        let message = sim.wait_for_message(server, player, 0).await.unwrap();
        assert_eq!(message.text, "You are on cave layer 7");
    }
    assert_eq!(sim.console_connections(elsewhere).len(), 0);
}

#[tokio::test]
async fn the_bot_translated_from_py_tale_sends_its_message() {
    let sim = start(Sim::builder()).await;
    sim.invite_bot(sim.add_group("Hollowmere")).unwrap();
    let _running = Running::start(example_in("from_py_tale", &sim));
    sim.wait_for_console_subscription(sim.server(), "PlayerMovedChunk")
        .await
        .unwrap();
    let player = sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.player_moves(sim.server(), player, "Cave Layer 2")
        .unwrap();
    let message = sim.wait_for_message(sim.server(), player, 0).await.unwrap();
    assert_eq!(message.text, "Cave Layer 2");
}

#[cfg(unix)]
#[tokio::test]
async fn a_signal_closes_a_managed_bot_and_the_program_succeeds() {
    for signal in ["INT", "TERM"] {
        let sim = start(Sim::builder()).await;
        let mut command = example_in("event_log", &sim);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        sim.wait_for_console_subscription(sim.server(), "PlayerJoined")
            .await
            .unwrap();
        let pid = child.id().unwrap().to_string();
        let kill = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(kill.await.unwrap().success());
        let ended = tokio::time::timeout(TIMEOUT, child.wait()).await;
        let status = ended.expect("the program ends").unwrap();
        assert!(status.success(), "{signal}: {status}");
        sim.wait_for_consoles(sim.server(), 0).await.unwrap();
        sim.wait_until(|sim| sim.main_sockets().is_empty())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn relay_posts_only_the_configured_events() {
    let sim = start(Sim::builder()).await;
    let hooks = MockServer::start().await;
    let hook = |words| {
        Mock::given(method("POST"))
            .and(path("/hook"))
            .and(body_string_contains(words))
    };
    let (joined, left) = tokio::sync::oneshot::channel();
    let joined = std::sync::Mutex::new(Some(joined));
    let reply = move |_: &wiremock::Request| {
        if let Some(joined) = joined.lock().unwrap().take() {
            let _ = joined.send(());
        }
        ResponseTemplate::new(204)
    };
    hook("PlayerLeft")
        .respond_with(reply)
        .expect(1)
        .mount(&hooks)
        .await;
    hook("PlayerJoined")
        .respond_with(ResponseTemplate::new(204))
        .expect(0)
        .mount(&hooks)
        .await;
    let folder = Folder::new("relay");
    let file = folder.0.join("settings.json");
    let webhook = format!("{}/hook", hooks.uri());
    let settings =
        json!({sim.server().to_string(): {"webhook": webhook, "events": ["playerleft"]}});
    std::fs::write(&file, settings.to_string()).unwrap();
    let mut command = example_in("relay", &sim);
    command.env("RELAY_SETTINGS", &file);
    let _running = Running::start(command);
    sim.wait_for_console_subscription(sim.server(), "PlayerLeft")
        .await
        .unwrap();
    let player = sim.player_joins(sim.server(), "Ashwick").unwrap();
    sim.player_leaves(sim.server(), player).unwrap();
    tokio::time::timeout(TIMEOUT, left).await.unwrap().unwrap();
    hooks.verify().await;
}

#[tokio::test]
async fn leaderboard_keeps_its_counts_over_a_restart() {
    let folder = Folder::new("leaderboard");
    for (run, count) in [("first", "Ashwick 1"), ("second", "Ashwick 2")] {
        let sim = start(Sim::builder()).await;
        let mut command = example_in("leaderboard", &sim);
        command.env("LEADERBOARD", folder.0.join("kills.sqlite"));
        let mut running = Running::start(command);
        sim.wait_for_console_subscription(sim.server(), "ObjectKilled")
            .await
            .unwrap();
        let player = sim.player_joins(sim.server(), "Ashwick").unwrap();
        sim.player_kills(sim.server(), player, "Spriggull").unwrap();
        assert_eq!(running.says("Ashwick").await, count, "{run}");
    }
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn the_example_of_a_test_passes() {
    let output = output(example("own_test")).await;
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pytale-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
