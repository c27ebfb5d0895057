use crate::support::{Bank, config, connect, event, group, start, within};
use alta_auth::TokenSource as _;
use alta_sim::{Action, Fault, Hook, Junk, Sim};
use alta_ws::{Client, GroupUpdate, Topic};
use http::Method;
use serde_json::json;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tracing_subscriber::EnvFilter;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn promise_12_no_token_is_in_a_log_an_error_or_a_debug() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(
            "debug,alta_ws=trace,alta_socket=trace,alta_auth=trace",
        ))
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let sim = start(Sim::builder()).await;
    let bank = Bank::new(&sim);
    let client = Client::connect(
        Arc::clone(&bank),
        config(&sim)
            .hand_over(Duration::ZERO)
            .api_key("hidden-api-key"),
    )
    .unwrap();
    within(client.ready()).await.unwrap();
    let mut updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let mut shown = format!("{client:?} {updates:?} {:?}", client.config());
    for junk in [Junk::Text("{".to_owned()), Junk::Binary(vec![1])] {
        sim.faults()
            .arm(Fault::new(Hook::MainEvent, Action::Before(junk)));
        sim.emit_main_event("group-update", sim.group(), json!({"id": 1}));
        event(&mut updates).await;
    }
    within(client.migrate_now()).await.unwrap();
    sim.faults().fail_migration(400);
    let error = within(client.migrate_now()).await.unwrap_err();
    write!(shown, "{error} {error:?}").unwrap();
    sim.expire_tokens();
    let error = within(client.request(Method::GET, "coffee", None))
        .await
        .unwrap_err();
    write!(shown, "{error} {error:?}").unwrap();
    let missing = Topic::new("group-update", 1).unwrap();
    let error = within(client.subscribe(missing)).await.unwrap_err();
    write!(shown, "{error} {error:?} {:?}", client.status()).unwrap();
    within(client.close()).await;

    shown += &String::from_utf8_lossy(&log.0.lock().unwrap());
    assert!(
        shown.contains("migration failed"),
        "the log is there: {shown}"
    );
    let mut secrets = vec![
        "Bearer".to_owned(),
        "hidden-api-key".to_owned(),
        "migration-".to_owned(),
    ];
    secrets.push(bank.token().await.unwrap().expose().to_owned());
    for received in sim.received().iter().filter_map(|received| received.text()) {
        let frame: serde_json::Value = serde_json::from_str(received).unwrap();
        secrets.extend(frame["authorization"].as_str().map(str::to_owned));
    }
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn promise_12_the_token_goes_into_the_upgrade_and_into_every_request() {
    let sim = start(Sim::builder()).await;
    let client = connect(&sim, config(&sim).api_key("a-key").user_agent("my bot")).await;
    let _updates = client.subscribe(GroupUpdate(group(&sim))).await.unwrap();
    let received = sim.received();
    let headers = received
        .iter()
        .find_map(|received| match &received.what {
            alta_sim::What::Opened(headers) => Some(headers),
            _ => None,
        })
        .unwrap();
    let header = |name: &str| {
        let found = headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).unwrap()
    };
    assert!(header("authorization").starts_with("Bearer "));
    assert_eq!(header("x-api-key"), "a-key");
    assert_eq!(header("user-agent"), "my bot");
    assert_eq!(header("content-type"), "application/json");
    let text = received
        .iter()
        .find_map(|received| received.text())
        .unwrap();
    let frame: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(frame["authorization"], header("authorization"));
    assert_eq!(frame["id"], 1);
    assert!(frame.get("content").is_none());
}
