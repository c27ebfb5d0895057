//! Behavior of the real service that foreign clients rely on.

use crate::support::{HASH_OF_PASSWORD, console, content, handshake, http, main_socket, rest};
use alta_sim::{Era, ErrorKind, Sim, Slot};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A dictionary as Python prints it.
fn python(members: &[(&str, &str)]) -> String {
    let members: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("'{name}': {value}"))
        .collect();
    format!("{{{}}}", members.join(", "))
}

#[tokio::test]
async fn the_main_websocket_reads_a_printed_python_dictionary() {
    let sim = Sim::builder().start().await.unwrap();
    let mut socket = main_socket(&sim).await;
    let authorization = format!("'Bearer {}'", sim.bot_token());
    let path = format!("'subscription/group-update/{}'", sim.group());
    let requests = [
        python(&[
            ("id", "5"),
            ("method", "'GET'"),
            ("path", "'migrate'"),
            ("authorization", &authorization),
        ]),
        python(&[
            ("id", "'6'"),
            ("method", "'POST'"),
            ("path", &path),
            ("authorization", &authorization),
        ]),
        python(&[
            ("Id", "7"),
            ("Method", "'DELETE'"),
            ("Path", &path),
            ("content", "None"),
            ("Authorization", &authorization),
        ]),
    ];
    for (number, request) in requests.iter().enumerate() {
        socket.send(request).await;
        let reply = socket.json().await;
        assert_eq!(
            (&reply["id"], &reply["responseCode"]),
            (&json!(number + 5), &json!(200)),
            "{request}"
        );
    }

    // The token of a migration is sent in a printed dictionary.
    socket.send(&requests[0]).await;
    let migration = content(&socket.json().await)["token"].clone();
    let token = format!("{{'token': '{}'}}", migration.as_str().unwrap());
    let mut next = main_socket(&sim).await;
    let request = python(&[
        ("id", "8"),
        ("method", "'POST'"),
        ("path", "'migrate'"),
        ("content", &token),
        ("authorization", &authorization),
    ]);
    next.send(&request).await;
    assert_eq!(next.json().await["responseCode"], 200, "{request}");

    // Neither JSON nor a dictionary is a request.
    next.send("{'id': 9, 'method'").await;
    assert_eq!(next.json().await["responseCode"], 400);
}

/// The forms of a server: REST, a status event, a heartbeat, an entry of an array.
async fn forms(sim: &Sim) -> BTreeMap<&'static str, Value> {
    let mut socket = main_socket(sim).await;
    let (group, server) = (sim.group(), sim.server());
    for event in ["group-server-status", "group-server-heartbeat"] {
        socket.subscribe(sim, event, group).await;
    }
    sim.status(server);
    let status = content(&socket.json().await);
    sim.heartbeat(server);
    let heartbeat = content(&socket.json().await);
    let one = rest(sim, "GET", &format!("servers/{server}"), "").await;
    let list = rest(sim, "GET", "servers/console", "").await;
    BTreeMap::from([
        ("status", status),
        ("heartbeat", heartbeat),
        ("one", one.json()),
        ("list", list.json()[0].clone()),
    ])
}

#[tokio::test]
async fn a_server_has_the_same_values_in_all_messages() {
    for era in [Era::Y2022, Era::Y2023] {
        let sim = Sim::builder().era(era).start().await.unwrap();
        let mut info = sim.server_info(sim.server()).unwrap();
        info.fleet = "att-quest".to_owned();
        info.region = "australia-agones".to_owned();
        info.version = "main-1.7.0.0.1".to_owned();
        info.scene_index = 4;
        info.target = 2;
        info.join_type = "Public".to_owned();
        sim.set_server_info(sim.server(), info).unwrap();
        let forms = forms(&sim).await;
        for (name, form) in &forms {
            for (member, expected) in [
                ("fleet", json!("att-quest")),
                ("region", json!("australia-agones")),
                ("version", json!("main-1.7.0.0.1")),
                ("scene_index", json!(4)),
                ("target", json!(2)),
            ] {
                assert_eq!(form[member], expected, "{member} of {name} in {era:?}");
            }
            let join_type = form.get("join_type");
            assert!(
                join_type.is_none_or(|join_type| join_type == "Public"),
                "{name} in {era:?}"
            );
        }
        let detailed = rest(&sim, "GET", &format!("groups/{}", sim.group()), "").await;
        assert_eq!(detailed.json()["servers"][0]["scene_index"], 4);
    }
}

#[tokio::test]
async fn all_forms_of_2023_have_is_online() {
    let sim = Sim::builder().start().await.unwrap();
    for (name, form) in forms(&sim).await {
        assert_eq!(form["is_online"], true, "{name}");
        assert!(form["online_ping"].is_string(), "{name}");
    }
    sim.stop_server(sim.server()).await.unwrap();
    for (name, form) in forms(&sim).await {
        assert_eq!(form["is_online"], false, "{name}");
        assert_eq!(form.get("online_ping"), None, "{name}");
    }

    let sim = Sim::builder().era(Era::Y2022).start().await.unwrap();
    sim.stop_server(sim.server()).await.unwrap();
    let old = forms(&sim).await;
    for name in ["one", "list", "status"] {
        assert_eq!(old[name].get("is_online"), None, "{name}");
        assert_eq!(old[name].get("online_ping"), None, "{name}");
    }
    assert_eq!(old["one"]["final_status"], "Offline");
    assert_eq!(old["status"]["final_status"], "Online");
}

/// The claims of a token.
fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_of_the_password_grant_names_the_user_in_sub() {
    let sim = Sim::builder().start().await.unwrap();
    let (bot, user) = (sim.bot(), sim.user());
    let credentials = format!(
        "client_id={}&client_secret={}&scope=server.view",
        bot.client_id,
        bot.client_secret.replace('+', "%2B").replace('=', "%3D")
    );
    let form = format!(
        "{credentials}&grant_type=password&username={}&password={HASH_OF_PASSWORD}",
        user.username
    );
    let granted = http("POST", &sim.token_url(), &[], &form).await.json();
    let renewal = format!(
        "{credentials}&grant_type=refresh_token&refresh_token={}",
        granted["refresh_token"].as_str().unwrap()
    );
    let renewed = http("POST", &sim.token_url(), &[], &renewal).await.json();
    for token in [
        &granted["access_token"],
        &granted["refresh_token"],
        &renewed["access_token"],
    ] {
        let claims = claims(token);
        assert_eq!(claims["sub"], user.user_id.to_string());
        assert_eq!(claims["UserId"], claims["sub"]);
    }
}

#[tokio::test(start_paused = true)]
async fn servers_send_heartbeats_in_every_scenario() {
    let count = async |sim: &Sim| {
        let (near, far) = tokio::io::duplex(64 * 1024);
        sim.serve_main_socket(far);
        let mut socket = handshake(near, &sim.socket_url(), Some(&sim.bot_token()))
            .await
            .unwrap();
        socket
            .subscribe(sim, "group-server-heartbeat", sim.group())
            .await;
        tokio::time::sleep(Duration::from_secs(61)).await;
        sim.sent_main_events().total
    };
    let sim = Sim::builder().start().await.unwrap();
    assert_eq!(count(&sim).await, 4);
    let sim = Sim::builder().without_heartbeats().start().await.unwrap();
    assert_eq!(count(&sim).await, 0);
}

#[tokio::test]
async fn invitations_and_requests_of_others_are_withdrawn() {
    let sim = Sim::builder().start().await.unwrap();
    let group = sim.group();
    let count = async |list: &str| {
        let list = rest(&sim, "GET", &format!("groups/{group}/{list}"), "").await;
        list.json().as_array().unwrap().len()
    };
    let invited = sim.invite(group, "Elder Toad").unwrap();
    let requesting = sim.ask_to_join(group, "J.K.").unwrap();
    assert_eq!((count("invites").await, count("requests").await), (1, 1));
    assert_eq!(sim.uninvite(group, "elder toad").unwrap(), invited);
    assert_eq!(sim.withdraw_request(group, "J.K.").unwrap(), requesting);
    assert_eq!((count("invites").await, count("requests").await), (0, 0));
    for gone in [
        sim.uninvite(group, "Elder Toad"),
        sim.withdraw_request(group, "Elder Toad"),
    ] {
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[tokio::test]
async fn bans_are_lifted_and_groups_have_roles_of_their_own() {
    let sim = Sim::builder().start().await.unwrap();
    let group = sim.group();
    let bans = async || {
        let bans = rest(&sim, "GET", &format!("groups/{group}/bans"), "").await;
        bans.json().as_array().unwrap().len()
    };
    let banned = sim.ban(group, "Grimbolt7").unwrap();
    assert_eq!(bans().await, 1);
    assert_eq!(sim.unban(group, "grimbolt7").unwrap(), banned);
    assert_eq!(bans().await, 0);
    let error = sim.unban(group, "Grimbolt7").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    let keeper = sim.add_role(group, "Keeper", &["Console"]).unwrap();
    let porter = sim.add_role(group, "Porter", &["Invite"]).unwrap();
    assert!(keeper >= 3 && porter > keeper && porter != 7);
    let roles = rest(&sim, "GET", &format!("groups/{group}"), "").await;
    let roles = roles.json()["roles"].clone();
    let named = |role: u64| {
        let roles = roles.as_array().unwrap();
        roles.iter().find(|one| one["role_id"] == role).cloned()
    };
    assert_eq!(named(keeper).unwrap()["name"], "Keeper");
    for (role, status) in [(keeper, 200), (porter, 403)] {
        sim.set_role(group, sim.bot().user_id, role).unwrap();
        let path = format!("servers/{}/console", sim.server());
        assert_eq!(rest(&sim, "POST", &path, "{}").await.status, status);
    }
}

#[tokio::test]
async fn prefabs_can_be_added_and_hands_placed() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    sim.add_prefab("Lantern Blue", 4_711).unwrap();
    assert!(sim.prefabs().contains(&("Lantern Blue".to_owned(), 4_711)));
    for (name, hash) in [("lanternblue", 1), ("Other", 4_711)] {
        let error = sim.add_prefab(name, hash).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotPossible);
    }
    let player = sim.player_joins(server, "Ashwick").unwrap();
    let mut socket = console(&sim, server).await;
    let spawned = socket.command(1, "spawn Ashwick lanternblue 2").await;
    assert_eq!(spawned["data"]["Result"].as_array().unwrap().len(), 2);
    let list = socket.command(2, "spawn list").await;
    let rows = list["data"]["Result"].as_array().unwrap();
    assert!(rows.contains(&json!({"Hash": 4_711, "Name": "Lantern Blue"})));
    sim.player_handles(server, player, "Lantern Blue", "Pickup")
        .unwrap();

    sim.player_at(server, player, [10.0, 20.0, 30.0]).unwrap();
    sim.player_hands(server, player, [10.0, 21.5, 30.0], [10.5, 21.0, 30.0])
        .unwrap();
    let hands = async |socket: &mut crate::support::Socket, id| {
        let detailed = socket.command(id, "player detailed Ashwick").await;
        let result = &detailed["data"]["Result"];
        (
            result["LeftHandPosition"].clone(),
            result["RightHandPosition"].clone(),
        )
    };
    let placed = (json!([10.0, 21.5, 30.0]), json!([10.5, 21.0, 30.0]));
    assert_eq!(hands(&mut socket, 3).await, placed);
    sim.player_at(server, player, [11.0, 20.0, 30.0]).unwrap();
    let moved = (json!([11.0, 21.5, 30.0]), json!([11.5, 21.0, 30.0]));
    assert_eq!(hands(&mut socket, 4).await, moved);
}

#[tokio::test]
async fn an_inventory_event_names_the_place_after_the_change() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let player = sim.player_joins(server, "Ashwick").unwrap();
    let mut socket = console(&sim, server).await;
    socket
        .command(1, "websocket subscribe InventoryChanged")
        .await;
    for (change, place) in [
        ("Pickup", "Player"),
        ("Drop", "World"),
        ("Undock", "Player"),
        ("Dock", "World"),
    ] {
        sim.player_handles(server, player, "Torch", change).unwrap();
        let event = socket.json().await;
        assert_eq!(
            (
                &event["data"]["ChangeType"],
                &event["data"]["InventoryType"]
            ),
            (&json!(change), &json!(place))
        );
    }
}

#[tokio::test]
async fn an_inventory_has_hands_a_belt_and_a_back() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let player = sim.player_joins(server, "Ashwick").unwrap();
    let mut socket = console(&sim, server).await;
    let carries = |slot, item| sim.player_carries(server, player, slot, item).unwrap();
    carries(Slot::LeftHand, Some("Torch"));
    carries(Slot::Belt(2), Some("ropeclump"));
    carries(Slot::Back, Some("40868"));
    let reply = socket.command(1, "player inventory Ashwick").await;
    let row = reply["data"]["Result"][0].clone();
    assert_eq!(
        (&row["LeftHand"]["Name"], &row["RightHand"]),
        (&json!("Torch(Clone)"), &json!(null))
    );
    let belt = row["Belt"].as_array().unwrap();
    assert_eq!((belt.len(), &belt[2]["PrefabHash"]), (4, &json!(61_652)));
    assert_eq!((&belt[0], &belt[3]), (&json!(null), &json!(null)));
    assert_eq!(row["Back"][0]["Name"], "Pickaxe(Clone)");
    assert_eq!(row["All"].as_array().unwrap().len(), 3);
    carries(Slot::Belt(2), None);
    let reply = socket.command(2, "player inventory Ashwick").await;
    assert_eq!(
        reply["data"]["Result"][0]["Belt"],
        json!([null, null, null, null])
    );

    let error = sim.player_carries(server, player, Slot::Belt(4), None);
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("Belt(4)"), "{error}");
    let error = sim.player_carries(server, player, Slot::Back, Some("moon"));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_player_without_a_body_makes_lists_fail() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    sim.player_joins(server, "Iris_").unwrap();
    let mut socket = console(&sim, server).await;
    let text =
        "System.NullReferenceException: Object reference not set to an instance of an object";
    let lines = [
        "player list",
        "player list-detailed",
        "player detailed Ashwick",
    ];
    sim.set_body(server, ashwick, false).unwrap();
    for line in lines {
        let reply = socket.command(1, line).await;
        assert_eq!(reply["data"]["ResultString"], text, "{line}");
    }
    let reply = socket.command(2, "player inventory *").await;
    let rows = reply["data"]["Result"].as_array().unwrap();
    assert_eq!((rows.len(), &rows[0]), (2, &json!(null)));
    assert!(rows[1].is_object());
    let reply = socket.command(3, "player detailed Iris_").await;
    assert_eq!(reply["data"]["Result"]["username"], "Iris_");
    sim.set_body(server, ashwick, true).unwrap();
    for line in lines {
        let reply = socket.command(4, line).await;
        assert_ne!(reply["data"]["Result"], json!(null), "{line}");
    }
}

#[tokio::test]
async fn homes_and_balances_are_set_and_read() {
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.server();
    let ashwick = sim.player_joins(server, "Ashwick").unwrap();
    let mut socket = console(&sim, server).await;
    assert_eq!(sim.home_of(server, ashwick), None);
    sim.set_home(server, ashwick, [1.0, 2.0, 3.0]).unwrap();
    let reply = socket.command(1, "player get-home Ashwick").await;
    assert_eq!(reply["data"]["Result"], json!([1.0, 2.0, 3.0]));
    socket.command(2, "player set-home Ashwick 4,5,6").await;
    assert_eq!(sim.home_of(server, ashwick), Some([4.0, 5.0, 6.0]));
    sim.change_balance(server, ashwick, 40).unwrap();
    socket.command(3, "trade atm add Ashwick -15").await;
    assert_eq!(sim.balance_of(server, ashwick), 25);
    let error = sim.set_home(9, ashwick, [0.0; 3]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = std::env::temp_dir().join(format!("alta-sim-token-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let sim = Sim::builder().start().await.unwrap();
    let server = sim.add_self_hosted("Hollowmere").unwrap();
    let mode = |path: &std::path::Path| {
        let permissions = std::fs::metadata(path).unwrap().permissions();
        permissions.mode() & 0o777
    };
    let path = sim.write_console_token(server, &folder).unwrap();
    assert_eq!(mode(&path), 0o600);
    // The file replaces one that every user can read.
    std::fs::write(&path, "old").unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    sim.write_console_token(server, &folder).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        sim.console_token(server)
    );
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    std::fs::remove_dir_all(&folder).unwrap();

    let error = sim.write_console_token(server, &folder).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::File);
}
