use super::*;
use alta_cloud::state::{Cloud, Config};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A server with two players, and one console's session.
struct Town {
    world: World,
    session: Session,
    server: u64,
    ashwick: u64,
    iris: u64,
}

impl Town {
    fn new() -> Self {
        let now = Timestamp::UNIX_EPOCH;
        let cloud = Cloud::new(Config::default(), 0);
        let mut world = World::new(cloud, 0);
        let owner = world.user("Ashwick", false, now);
        let group = world.cloud.add_group("Thornwood Folk", owner, now);
        let server = world.add_server(Some(group), "Thornwood", now);
        world.set_online(server, true, now);
        let ashwick = world.join(server, "Ashwick", now).unwrap();
        let iris = world.join(server, "Iris_", now).unwrap();
        world.take_events();
        Self {
            world,
            session: Session::default(),
            server,
            ashwick,
            iris,
        }
    }

    fn run(&mut self, line: &str) -> Output {
        run(
            &mut self.world,
            &mut self.session,
            self.server,
            Timestamp::UNIX_EPOCH,
            line,
        )
        .output
    }

    /// The `Result` of a command that has one.
    fn result(&mut self, line: &str) -> Value {
        match self.run(line) {
            Output::Value(value, _) => serde_json::to_value(value).unwrap(),
            other => panic!("{line}: {other:?}"),
        }
    }

    fn done(&mut self, line: &str) {
        assert_eq!(self.run(line), Output::Done, "{line}");
    }

    fn fails(&mut self, line: &str) -> String {
        match self.run(line) {
            Output::Exception(message) | Output::ExceptionText(message) => message,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// The names of the console events since the last call.
    fn events(&mut self) -> Vec<String> {
        let events = self.world.take_events().into_iter();
        events.map(|event| event.name).collect()
    }
}

#[test]
fn players_are_named_by_id_name_list_or_star() {
    let mut town = Town::new();
    let (ashwick, iris) = (town.ashwick, town.iris);
    for who in [
        "*".to_owned(),
        format!("{ashwick},{iris}"),
        "\"Ashwick, iris_\"".to_owned(),
    ] {
        town.done(&format!("player message {who} 'Well met'"));
    }
    town.done("player message ashwick hello 2.5");
    let shown: Vec<(u64, String, f64)> = town.world.servers[&town.server]
        .messages
        .iter()
        .map(|message| (message.player, message.text.clone(), message.duration))
        .collect();
    assert_eq!(shown.len(), 7);
    assert_eq!(shown[0], (ashwick, "Well met".to_owned(), 10.0));
    assert_eq!(shown[6], (ashwick, "hello".to_owned(), 2.5));
    assert_eq!(
        town.fails("player message Nobody hello"),
        "Couldn't find user with identifier Nobody"
    );
    // A string of digits is an id.
    town.world
        .join(town.server, "1234", Timestamp::UNIX_EPOCH)
        .unwrap();
    assert!(town.fails("player kill 1234").contains("1234"));
}

#[test]
fn details_of_players_are_returned() {
    let mut town = Town::new();
    let rows = town.result("player list-detailed");
    let one = town.result("player detailed Ashwick");
    assert_eq!(rows[0], one);
    assert_eq!(
        one["Chunk"],
        "1180 - Townhall Building Chunk (Alta.Chunks.OverworldChunk)"
    );
    assert_eq!(one["id"], town.ashwick);
    assert_eq!(town.result("player count"), 2);
    let user = json!({"id": town.iris, "username": "Iris_"});
    assert_eq!(town.result("player id iris_"), user);
    assert_eq!(town.result(&format!("player username {}", town.iris)), user);
    assert!(
        town.fails("player detailed Nobody")
            .starts_with("System.NullReferenceException: ")
    );
}

#[test]
fn kicking_and_killing_are_events() {
    let mut town = Town::new();
    town.done("player kill Ashwick");
    assert_eq!(town.events().last().unwrap(), "PlayerKilled");
    town.done("player kick iris_ \"be kind\"");
    assert_eq!(town.events(), ["PlayerLeft"]);
    assert_eq!(
        town.result("player list"),
        json!([{"id": town.ashwick, "username": "Ashwick"}])
    );
}

#[test]
fn homes_and_teleports_move_players() {
    let mut town = Town::new();
    town.done("player set-home Ashwick 1,2.5,-3");
    assert_eq!(
        town.result("player get-home Ashwick"),
        json!([1.0, 2.5, -3.0])
    );
    town.done("player teleport Ashwick home");
    assert_eq!(
        town.result("player detailed Ashwick")["Position"],
        json!([1.0, 2.5, -3.0])
    );
    town.done("player tp iris_ Ashwick");
    assert_eq!(
        town.result("player detailed Iris_")["Position"],
        json!([1.0, 2.5, -3.0])
    );
    assert!(
        town.fails("player teleport Ashwick hoem").contains("hoem"),
        "neither a place nor a player"
    );
    assert!(town.events().is_empty());
    town.done("player teleport Ashwick OutsideCave");
    assert_eq!(town.events(), ["PlayerMovedChunk"]);
    town.done("player set-home Ashwick");
    assert_eq!(
        town.result("player get-home Ashwick"),
        json!([0.0, 0.0, 0.0])
    );
    assert_eq!(
        town.fails("player set-home Ashwick 1,2"),
        "Cannot read 1,2 as Vector3"
    );
}

#[test]
fn stats_are_set_modified_and_read() {
    let mut town = Town::new();
    town.done("player set-stat Ashwick speed 3");
    town.done("player modifystat Ashwick Speed 2 60 true");
    town.done("player modify-stat Ashwick speed 0.5 60");
    let stat = town.result("player check-stat Ashwick SPEED");
    assert_eq!(
        (&stat["Value"], &stat["Base"], &stat["Definition"]["Name"]),
        (&json!(6.5), &json!(1.0), &json!("speed"))
    );
    let rows = town.result("player list-stats Ashwick");
    assert!(
        rows.as_array()
            .unwrap()
            .contains(&json!({"Name": "speed", "Min": 0.0, "Max": 10.0, "Value": 6.5}))
    );
    assert_eq!(
        town.fails("player set-stat Ashwick charm 3"),
        "Couldn't find stat charm"
    );
    town.done("player god-mode * True");
    assert!(town.world.player(town.server, town.iris).unwrap().god_mode);
}

#[test]
fn inventories_show_the_held_items() {
    let mut town = Town::new();
    let torch = town.world.prefab("torch").unwrap();
    town.world
        .handle_item(town.server, town.ashwick, &torch, "Pickup")
        .unwrap();
    let rows = town.result("player inventory *");
    assert_eq!(
        (&rows[0]["RightHand"]["Name"], &rows[0]["LeftHand"]),
        (&json!("Torch(Clone)"), &json!(null))
    );
    assert_eq!(
        (rows[0]["Belt"].as_array().unwrap().len(), &rows[1]["All"]),
        (4, &json!([]))
    );
}

#[test]
fn money_is_added_set_and_read() {
    let mut town = Town::new();
    town.done("trade atm add Ashwick 40");
    town.done("trade atm set Ashwick 15");
    assert_eq!(town.events(), ["AtmBalanceChanged", "AtmBalanceChanged"]);
    assert_eq!(town.result("trade atm get Ashwick"), 15);
    assert_eq!(
        town.fails("trade atm add Ashwick much"),
        "Cannot read much as a number"
    );
    town.done("trade post Iris_ dynamite 5");
}

#[test]
fn things_are_spawned_found_selected_moved_and_destroyed() {
    let mut town = Town::new();
    let spawned = town.result("spawn Ashwick torch 2");
    assert_eq!(spawned.as_array().unwrap().len(), 2);
    let id = spawned[0]["Identifier"].as_u64().unwrap();
    assert_eq!(
        town.result("select find Ashwick 2")
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(town.fails("select get"), "Nothing is selected");
    town.done(&format!("select {id}"));
    town.done("select move exact 1,2,3");
    town.done("select move up 1.5");
    town.done("select rotate yaw -90");
    let info = town.result("select get");
    assert_eq!(
        (&info["Position"], &info["Rotation"]),
        (&json!([1.0, 3.5, 3.0]), &json!([0.0, 270.0, 0.0]))
    );
    let Output::Text(saved) = town.run("select tostring") else {
        panic!("no text")
    };
    assert_eq!(
        saved,
        "31502,44,31502,1065353216,1080033280,1077936128,0,1060439283,0,3207922931,1065353216,"
    );
    let raw = town.result(&format!("spawn string-raw {saved}"));
    assert_eq!(raw["Name"], "Torch(Clone)");
    town.done("select destroy");
    assert_eq!(
        town.fails(&format!("select {id}")),
        format!("Couldn't find entity {id}")
    );
    town.done(&format!("wacky destroy {}", raw["Identifier"]));
    town.done("select prefab torch Ashwick");
    town.done("wacky destroy-free torch");
    assert_eq!(town.result("select find Ashwick"), json!([]));
    assert_eq!(
        town.fails("spawn Ashwick moon"),
        "Couldn't find prefab moon"
    );
}

#[test]
fn a_save_string_keeps_what_is_unknown_and_is_spawned_where_it_says() {
    let mut town = Town::new();
    // At 1, 2, 3, turned by 90 degrees in yaw, of double size, with a component and its version.
    let saved = "31502,48,31502,1065353216,1073741824,1077936128,0,1060439283,0,1060439283,1073741824,7,32,9,|1,7,2,";
    let id = town.result(&format!("spawn string-raw {saved}"))["Identifier"].clone();
    let info = town.result(&format!("select get {id}"));
    assert_eq!(info["Position"], json!([1.0, 2.0, 3.0]));
    let yaw = info["Rotation"][1].as_f64().unwrap();
    assert!((yaw - 90.0).abs() < 1e-3, "{yaw}");
    town.done(&format!("select {id}"));
    assert_eq!(town.run("select tostring"), Output::Text(saved.to_owned()));

    let player = town
        .world
        .player(town.server, town.ashwick)
        .unwrap()
        .position;
    let spawned = town.result(&format!("spawn string Ashwick {saved}"));
    let at_player = town.result(&format!("select get {}", spawned[0]["Identifier"]));
    assert_eq!(at_player["Position"], json!(player));

    for bad in ["31502,x", "31502,4294967296,", ",", "31502,-1"] {
        assert_eq!(
            town.fails(&format!("spawn string-raw {bad}")),
            "Input string was not in a correct format.",
            "{bad}"
        );
    }
    assert_eq!(
        town.fails("spawn string-raw 7,8,7,"),
        "Couldn't find prefab 7"
    );
}

#[test]
fn a_thing_turns_to_a_player() {
    let mut town = Town::new();
    let id = town.result("spawn Ashwick torch")[0]["Identifier"].clone();
    let (server, ashwick) = (town.server, town.ashwick);
    town.world.put_at(server, ashwick, [5.0, 5.0, 0.0]).unwrap();
    town.done(&format!("select {id}"));
    town.done("select move exact 0,0,0");
    town.done("select look-at Ashwick");
    assert_eq!(
        town.result("select get")["Rotation"],
        json!([0.0, 90.0, 0.0])
    );
    town.done("select look-at Ashwick true");
    assert_eq!(
        town.result("select get")["Rotation"],
        json!([315.0, 90.0, 0.0])
    );
}

#[test]
fn connections_can_share_a_selection() {
    let mut town = Town::new();
    let id = town.result("spawn Ashwick torch")[0]["Identifier"].clone();
    let game = town.world.servers.get_mut(&town.server).unwrap();
    game.selections = crate::world::Selections::Shared(None);
    town.done(&format!("select {id}"));
    town.session = Session::default();
    assert_eq!(town.result("select get")["Identifier"], id);
    town.done("select unselect");
    assert_eq!(town.fails("select get"), "Nothing is selected");
}

#[test]
fn a_selection_belongs_to_its_connection() {
    let mut town = Town::new();
    let id = town.result("spawn Ashwick torch")[0]["Identifier"].clone();
    town.done(&format!("select {id}"));
    let mut other = Session::default();
    let ran = run(
        &mut town.world,
        &mut other,
        town.server,
        Timestamp::UNIX_EPOCH,
        "select get",
    );
    assert_eq!(ran.failure().as_deref(), Some("Nothing is selected"));
}

#[test]
fn the_clock_is_set_and_turned_by_half_a_day() {
    let mut town = Town::new();
    town.done("time set 13.30");
    assert_eq!(town.result("time"), 13.5);
    town.done("time toggle");
    assert_eq!(town.result("time"), 1.5);
}

#[test]
fn settings_match_in_any_letter_case_and_are_an_event() {
    let mut town = Town::new();
    town.done("settings changesetting server dropALLondeath TRUE");
    assert_eq!(town.events(), ["ServerSettingsChanged"]);
    assert_eq!(town.result("settings list server")["DropAllOnDeath"], true);
    assert_eq!(
        town.fails("settings changesetting server Gravity 0"),
        "Couldn't find setting Gravity"
    );
}

#[test]
fn a_reply_names_the_command_that_ran() {
    let mut town = Town::new();
    let spec = |town: &mut Town, line: &str| {
        let ran = run(
            &mut town.world,
            &mut town.session,
            town.server,
            Timestamp::UNIX_EPOCH,
            line,
        );
        serde_json::to_value(ran.spec.unwrap().json()).unwrap()
    };
    let command = spec(&mut town, "Player TP Ashwick");
    assert_eq!(
        (&command["FullName"], &command["Aliases"]),
        (&json!("player.teleport"), &json!(["teleport", "tp"]))
    );
    assert_eq!(command["Parameters"][1]["Default"], "RespawnPoint");
    assert_eq!(spec(&mut town, "time")["FullName"], "time.");
    assert_eq!(
        spec(&mut town, "select move up 1")["FullName"],
        "select move.up"
    );
    assert_eq!(
        spec(&mut town, "websocket subscriptions")["Requirements"],
        json!([])
    );
}

#[test]
fn the_catalogue_lists_modules_with_their_commands() {
    let mut town = Town::new();
    let modules = town.result("help modules");
    let module = |name: &str| {
        modules
            .as_array()
            .unwrap()
            .iter()
            .find(|module| module["Name"] == name)
            .unwrap()
            .clone()
    };
    let names: Vec<String> = module("select")["Submodules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|sub| sub["Name"].to_string())
        .collect();
    assert_eq!(names, ["\"move\"", "\"rotate\""]);
    assert_eq!(module("time")["Commands"][0]["Name"], json!(null));
    assert!(
        module("player")["Commands"]
            .as_array()
            .unwrap()
            .iter()
            .any(|command| command["Name"] == "kill")
    );
}

#[test]
fn unknown_commands_and_wrong_counts_of_arguments_fail() {
    let mut town = Town::new();
    assert_eq!(
        town.fails("player lst"),
        "[CommandService.Handle] Command not found. Did you mean: \nplayer list\n"
    );
    assert_eq!(
        town.fails("gibberish"),
        "[CommandService.Handle] Command not found. Did you mean: \n"
    );
    assert_eq!(
        town.fails(""),
        "[CommandService.Handle] Command not found. Did you mean: \n"
    );
    assert_eq!(
        town.fails("player kill"),
        "Too few parameters for player kill"
    );
    assert_eq!(
        town.fails("player count 1"),
        "Too many parameters for player count"
    );
}
