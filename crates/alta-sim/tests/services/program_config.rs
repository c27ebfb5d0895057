//! The program with a configuration file.

use crate::program::{Folder, Running, ended};
use crate::support::{http, try_open};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

/// The response to a login as a bot.
async fn log_in(running: &Running, id: &str, secret: &str) -> (u16, Value) {
    let encoded: String = secret.replace('+', "%2B").replace('/', "%2F");
    let body = format!(
        "grant_type=client_credentials&scope=group.info+group.members+server.view&client_id={id}&client_secret={encoded}"
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let reply = http("POST", running.text("/token_url"), &form, &body).await;
    (reply.status, reply.json())
}

async fn get(running: &Running, token: &str, path: &str) -> Value {
    let url = format!("{}/{path}", running.text("/rest_url"));
    let bearer = format!("Bearer {token}");
    http("GET", &url, &[("authorization", &bearer)], "")
        .await
        .json()
}

#[tokio::test]
async fn the_example_has_the_chosen_accounts_groups_and_servers() {
    let folder = Folder::new("example");
    let path = folder.file("town.toml");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("town.toml");
    fs::copy(example, &path).unwrap();
    let running = Running::start(&["--config", &path.display().to_string()]);
    let names = |pointer: &str, key: &str| -> Vec<Value> {
        let all = running.output.pointer(pointer).and_then(Value::as_array);
        all.unwrap().iter().map(|one| one[key].clone()).collect()
    };
    assert_eq!(names("/bots", "username"), ["Gatekeeper", "Scribe"]);
    assert_eq!(names("/users", "user_id")[0], 1_200_000_077);
    assert_eq!(names("/groups", "id"), [2_000_000_077_u64]);
    assert_eq!(names("/servers", "name"), ["Hollowmere", "Old Mill"]);
    let file = running.text("/self_hosted/0/token_file");
    assert_eq!(Path::new(file), folder.file("console_token.txt"));

    let id = "client_5a1e0000-0000-0000-0000-00000000c0de";
    let (status, reply) = log_in(&running, id, "c3VjaCBhIGxvbmcgc2VjcmV0/w==").await;
    assert_eq!(status, 200, "{reply}");
    let token = reply["access_token"].as_str().unwrap();
    let group = get(&running, token, "groups/2000000077").await;
    assert_eq!(group["name"], "Hollowmere Folk");
    assert_eq!(group["description"], "Neighbors of the mere.");
    let servers: Vec<&Value> = group["servers"].as_array().unwrap().iter().collect();
    assert!(
        servers.iter().any(|server| server["id"] == 3_000_077),
        "{group}"
    );
    let server = get(&running, token, "servers/3000077").await;
    let players = server["online_players"].as_array().unwrap();
    assert_eq!(players.len(), 2, "{server}");
    let members = get(&running, token, "groups/2000000077/members").await;
    assert_eq!(members.as_array().unwrap().len(), 3, "{members}");

    let (status, _) = log_in(&running, id, "another secret").await;
    assert_eq!(status, 400);
    let (status, reply) = log_in(
        &running,
        "client_00000000-0000-0000-0000-000000000001",
        "bm90IGEgcmVhbCBzZWNyZXQgYnV0IGxvbmc+/w==",
    )
    .await;
    assert_eq!(status, 200, "{reply}");
    running.stop();
}

#[tokio::test]
async fn the_timeline_is_performed_by_the_clock_and_its_failures_are_written() {
    let folder = Folder::new("timeline");
    let path = folder.file("town.toml");
    let text = "
        [[timeline]]
        at = '1h'
        do = 'join'
        player = 'Brambletoe'
        [[timeline]]
        at = '1h'
        do = 'leave'
        player = 'Nobody'
        [[timeline]]
        at = '2h'
        do = 'stop'
    ";
    fs::write(&path, text).unwrap();
    let running = Running::start(&["--config", &path.display().to_string(), "--control", "0"]);
    let control = running.text("/control_url").to_owned();
    let advance = async |by: &str| {
        let body = json!({"do": "advance", "by": by}).to_string();
        let url = format!("{control}/actions");
        let reply = http("POST", &url, &[("content-type", "application/json")], &body).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    };
    let id = running.text("/bots/0/client_id");
    let secret = running.text("/bots/0/client_secret");
    let server = &running.output["servers"][0]["id"];
    let state = async || {
        let (_, reply) = log_in(&running, id, secret).await;
        let token = reply["access_token"].as_str().unwrap();
        get(&running, token, &format!("servers/{server}")).await
    };
    advance("59m").await;
    assert_eq!(state().await["online_players"], json!([]));
    advance("2m").await;
    assert_eq!(state().await["online_players"][0]["username"], "Brambletoe");
    advance("1h").await;
    assert_eq!(state().await["is_online"], false);
    let errors = running.stop();
    let expected =
        "timeline[1], after 3600s: `player`: there is no player on the server \"Nobody\"";
    assert!(errors.starts_with(expected), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

#[test]
fn a_wrong_file_is_named_with_the_line() {
    let folder = Folder::new("wrong");
    let path = folder.file("town.toml");
    let name = path.display().to_string();
    let (code, errors) = ended(&["--config", &name]);
    assert_eq!(code, Some(1));
    assert!(
        errors.starts_with(&format!("alta-sim: reading {name}: ")),
        "{errors}"
    );
    for (text, expected) in [
        (
            "seed = 1\nsede = 2",
            ", line 2: unknown key `sede`; did you mean `seed`?\n",
        ),
        ("[[self-hosted]]\nname = 'x'\ntoken-folder = 'missing'", ""),
    ] {
        fs::write(&path, text).unwrap();
        let (code, errors) = ended(&["--config", &name]);
        if expected.is_empty() {
            let file = folder.file("missing/console_token.txt");
            let expected = format!("alta-sim: writing {}: ", file.display());
            assert!(errors.starts_with(&expected), "{errors}");
            assert_eq!(code, Some(1));
        } else {
            assert_eq!(errors, format!("alta-sim: {name}{expected}"));
            assert_eq!(code, Some(2));
        }
    }
}

#[test]
fn arguments_count_before_the_file() {
    let folder = Folder::new("before");
    let path = folder.file("town.toml");
    fs::write(&path, "port = 1\nadvertise = 'sim'\ngroups = []").unwrap();
    let running = Running::start(&[
        "--config",
        &path.display().to_string(),
        "--advertise",
        "localhost",
    ]);
    assert!(running.text("/rest_url").starts_with("http://localhost:"));
    assert_eq!(running.output["groups"], json!([]));
    running.stop();
}

#[tokio::test]
async fn a_test_in_rust_has_the_same_setup() {
    use alta_sim::action::Stop;
    use alta_sim::setup::{Group, Member, Player, Server};
    use alta_sim::{BotAccount, Sim};

    let second = BotAccount {
        username: "Scribe".to_owned(),
        client_id: "client_2".to_owned(),
        ..BotAccount::default()
    };
    let mut server = Server::new("Hollowmere");
    // The next free id would be this one.
    let mut taken = Server::new("Millbrook");
    taken.id = Some(3_000_011);
    server.players.push(Player::new("Brambletoe"));
    let mut group = Group::new("Hollowmere Folk");
    group.servers = vec![server, taken];
    group.members = vec![Member {
        user: "Scribe".to_owned(),
        role: None,
    }];
    let mut own = Server::new("Own");
    own.online = Some(false);
    let builder = Sim::builder()
        .another_bot(second.clone())
        .group(group.clone())
        .self_hosted(own)
        .at(
            Duration::from_secs(5),
            Stop {
                server: Some(serde_json::from_str("\"Hollowmere\"").unwrap()),
            },
        );
    let sim = builder.clone().start().await.unwrap();
    let server = sim.server();
    assert_eq!(sim.name_of(server).as_deref(), Some("Hollowmere"));
    assert_ne!(server, 3_000_011);
    assert_eq!(sim.players(server).len(), 1);
    sim.advance(Duration::from_secs(5)).await.unwrap();
    assert!(!sim.is_online(server) && sim.is_online(3_000_011));
    sim.reset().await.unwrap();
    assert!(sim.is_online(server));
    assert_eq!(sim.players(server).len(), 1);
    sim.advance(Duration::from_secs(5)).await.unwrap();
    assert!(!sim.is_online(server));
    assert!(sim.timeline_failures().is_empty());

    group.members[0].user = "Scrib".to_owned();
    let error = Sim::builder()
        .another_bot(second)
        .group(group)
        .start()
        .await
        .unwrap_err();
    let expected = "groups[0].members[0].user: there is no user or bot \"Scrib\"; there is Example_Bot, Scribe, Ashwick";
    assert_eq!(error.to_string(), expected);
}

#[tokio::test]
async fn roles_have_the_chosen_ids_and_self_hosted_servers_the_chosen_tokens() {
    let folder = Folder::new("chosen");
    let path = folder.file("town.toml");
    let text = r#"
        [[users]]
        name = "Ashwick"
        [[users]]
        name = "Brambletoe"
        [[users]]
        name = "Cinder"
        [[groups]]
        name = "Folk"
        roles = [
            { name = "Warden", permissions = ["Console"] },
            { name = "Herald", id = 3, permissions = [] },
            { name = "Keeper", id = 40, permissions = [] },
        ]
        members = [{ user = "Brambletoe", role = "Warden" }, { user = "Cinder", role = 40 }]
        [[self-hosted]]
        name = "Millbrook"
        token = "a-token-of-my-own"
    "#;
    fs::write(&path, text).unwrap();
    let running = Running::start(&["--config", &path.display().to_string(), "--control", "0"]);
    let token = fs::read_to_string(running.text("/self_hosted/0/token_file")).unwrap();
    assert_eq!(token.trim(), "a-token-of-my-own");
    let control = running.text("/control_url");
    let state = http("GET", &format!("{control}/state"), &[], "")
        .await
        .json();
    let roles: Vec<(&Value, &Value)> = state["groups"][0]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| (&member["username"], &member["role"]))
        .collect();
    // Warden has the first id that no other role has.
    for (user, role) in [("Ashwick", 7), ("Brambletoe", 4), ("Cinder", 40)] {
        assert!(roles.contains(&(&json!(user), &json!(role))), "{roles:?}");
    }
    assert_eq!(state["servers"][0]["token"], "a-token-of-my-own");
    let url = running.text("/self_hosted/0/console_url");
    let mut console = try_open(url, None).await.unwrap();
    console.send("a-token-of-my-own").await;
    console.is_accepted().await;
    running.stop();
}
