use crate::log::Log;
use crate::support::{Bank, config, connect, event, group, start, within};
use alta_auth::{BotTokens, TokenSource as _};
use alta_sim::{Action, ClientAction, Fault, Hook, Junk, Sim};
use alta_ws::{Client, Config, GroupUpdate, Topic};
use http::Method;
use serde_json::json;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

#[tokio::test]
async fn promise_12_no_token_is_in_a_log_an_error_or_a_debug() {
    let (log, _guard) = Log::capture("debug,alta_ws=trace,alta_socket=trace,alta_auth=trace");

    let sim = start(Sim::builder()).await;
    let bank = Bank::new(&sim);
    let client = Client::open_with(
        BotTokens::new(Arc::clone(&bank)),
        config(&sim)
            .handover(Duration::ZERO)
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

    shown += &log.lines().join("\n");
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
    let header = |name: &str| upgrade_header(&sim, name).unwrap();
    assert!(header("authorization").starts_with("Bearer "));
    assert_eq!(header("x-api-key"), "a-key");
    assert_eq!(header("user-agent"), "my bot");
    assert_eq!(header("content-type"), "application/json");
    let received = sim.received();
    let text = received
        .iter()
        .find_map(|received| received.text())
        .unwrap();
    let frame: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(frame["authorization"], header("authorization"));
    assert_eq!(frame["id"], 1);
    assert!(frame.get("content").is_none());
}

/// A header of the first upgrade request.
fn upgrade_header(sim: &Sim, name: &str) -> Option<String> {
    let headers = sim.received().into_iter().find_map(|received| {
        if let ClientAction::Opened(headers) = received.action {
            Some(headers)
        } else {
            None
        }
    });
    let mut headers = headers.unwrap().into_iter();
    headers.find(|(key, _)| key == name).map(|(_, value)| value)
}

#[tokio::test]
async fn the_upgrade_has_the_known_api_key_unless_it_is_replaced_or_omitted() {
    let mut none = Config::default();
    none.api_key = None;
    for (chosen, expected) in [
        (Config::default().api_key, Some(alta_auth::API_KEY)),
        (Config::default().api_key("mine").api_key, Some("mine")),
        (none.api_key, None),
    ] {
        let sim = start(Sim::builder()).await;
        let mut config = config(&sim);
        config.api_key = chosen;
        let _client = connect(&sim, config).await;
        assert_eq!(upgrade_header(&sim, "x-api-key").as_deref(), expected);
    }
}
