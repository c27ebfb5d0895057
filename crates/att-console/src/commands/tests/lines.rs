//! The line that each function builds.

use super::super::*;
use crate::catalogue::known;
use crate::commands::argument::{Argument, PlayerRef, Target};
use crate::commands::command::Command;
use alta_model::{EntityId, PrefabHash, User, UserId, Vector3};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

const ASHWICK: UserId = UserId::new(1_200_000_001);
const TORCH: EntityId = EntityId::new(51_234);
const PLACE: Vector3 = Vector3::new(-870.5, 150.25, 98.0);
const SAVE: &str = "42230,252,42230,|1,2";

fn line<T>(command: impl Into<Command<T>>) -> String {
    command.into().to_string()
}

/// Every function, with the line that it builds and the expected line.
#[rustfmt::skip]
fn all() -> Vec<(&'static str, String, &'static str)> {
    let hash = PrefabHash::new(61_674);
    vec![
        ("player::list", line(player::list()), "player list"),
        ("player::list_detailed", line(player::list_detailed()), "player list-detailed"),
        ("player::detailed", line(player::detailed(ASHWICK)), "player detailed 1200000001"),
        ("player::count", line(player::count()), "player count"),
        ("player::find", line(player::find("1234")), r#"player id "1234""#),
        ("player::username", line(player::username(ASHWICK)), "player username 1200000001"),
        ("player::inventory", line(player::inventory(Target::Everyone)), "player inventory *"),
        ("player::save_inventory", line(player::save_inventory("Ashwick")), r#"player inventory save "Ashwick""#),
        ("player::load_inventory", line(player::load_inventory(ASHWICK, "a b")), r#"player inventory load 1200000001 "a b""#),
        ("player::message", line(player::message(ASHWICK, "Hi; *")), r#"player message 1200000001 "Hi; *""#),
        ("player::message", line(player::message("A Name", "Hi").duration(Duration::from_millis(2_500))), r#"player message "A Name" "Hi" 2.5"#),
        ("player::kick", line(player::kick(vec![ASHWICK, UserId::new(2)])), "player kick 1200000001,2"),
        ("player::kick", line(player::kick(ASHWICK).reason("Be nice")), r#"player kick 1200000001 "Be nice""#),
        ("player::kill", line(player::kill(ASHWICK)), "player kill 1200000001"),
        ("player::cripple", line(player::cripple(ASHWICK)), "player cripple 1200000001"),
        ("player::god_mode", line(player::god_mode(ASHWICK, true)), "player god-mode 1200000001 true"),
        ("player::teleport", line(player::teleport(ASHWICK, SpawnArea::Home)), "player teleport 1200000001 Home"),
        ("player::teleport", line(player::teleport(ASHWICK, SpawnArea::TowerCheckPoint1)), "player teleport 1200000001 TowerCP1"),
        ("player::teleport", line(player::teleport(ASHWICK, SpawnArea::Other("my place".to_owned()))), r#"player teleport 1200000001 "my place""#),
        ("player::teleport_to", line(player::teleport_to(Target::Everyone, ASHWICK)), "player teleport * 1200000001"),
        ("player::home", line(player::home(ASHWICK)), "player get-home 1200000001"),
        ("player::set_home", line(player::set_home(ASHWICK, PLACE)), "player set-home 1200000001 -870.5,150.25,98"),
        ("player::check_stat", line(player::check_stat(ASHWICK, "Health")), "player check-stat 1200000001 health"),
        ("player::list_stats", line(player::list_stats(ASHWICK)), "player list-stats 1200000001"),
        ("player::set_stat", line(player::set_stat(ASHWICK, Stat::LeftHandStamina, 0.5)), "player set-stat 1200000001 left-hand-stamina 0.5"),
        ("player::set_stat", line(player::set_stat(ASHWICK, "vigour", 2.0).application("max")), "player set-stat 1200000001 vigour 2 Max"),
        ("player::modify_stat", line(player::modify_stat(ASHWICK, Stat::Luminosity, -9.0, Duration::from_secs(3))), "player modify-stat 1200000001 luminosity -9 3"),
        ("player::modify_stat", line(player::modify_stat(ASHWICK, Stat::Speed, 2.0, Duration::from_secs(3)).multiplier(true)), "player modify-stat 1200000001 speed 2 3 true"),
        ("player::set_unlock", line(player::set_unlock(ASHWICK, "Climbing Unlock")), r#"player set-unlock 1200000001 "Climbing Unlock""#),
        ("player::set_unlock", line(player::set_unlock(ASHWICK, "Climbing Unlock").unlocked(false)), r#"player set-unlock 1200000001 "Climbing Unlock" false"#),
        ("player::check_unlock", line(player::check_unlock(ASHWICK, "Climbing Unlock")), r#"player unlock-check 1200000001 "Climbing Unlock""#),
        ("player::cancel_unlock", line(player::cancel_unlock(ASHWICK)), "player unlock-cancel 1200000001"),
        ("player::log_damage_multiplier", line(player::log_damage_multiplier()), "player getdamagemulti"),
        ("player::set_damage_multiplier", line(player::set_damage_multiplier(1.5)), "player setdamagemulti 1.5"),
        ("progression::list", line(progression::list()), "player progression list"),
        ("progression::all_xp", line(progression::all_xp(ASHWICK, 100)), "player progression allxp 1200000001 100"),
        ("progression::path_xp", line(progression::path_xp(ASHWICK, "mining", 100)), "player progression pathxp 1200000001 Mining 100"),
        ("progression::path_level_up", line(progression::path_level_up(ASHWICK, ProgressionPath::Melee)), "player progression pathlevelup 1200000001 Melee"),
        ("progression::offline_levels", line(progression::offline_levels("Ashwick", ProgressionPath::Melee, 2)), r#"player progression offlinelevels "Ashwick" Melee 2"#),
        ("progression::print_offline_levels", line(progression::print_offline_levels()), "player progression printofflinelevels"),
        ("progression::check_all_xp", line(progression::check_all_xp(ASHWICK)), "player progression checkallxp 1200000001"),
        ("progression::clear_path", line(progression::clear_path(ASHWICK, "Ranged")), "player progression clearpath 1200000001 Ranged"),
        ("progression::clear_all", line(progression::clear_all(ASHWICK)), "player progression clearall 1200000001"),
        ("progression::show_skills", line(progression::show_skills(ASHWICK)), "player progression showskills 1200000001"),
        ("progression::buy_skill", line(progression::buy_skill(3)), "player progression buyskill 3"),
        ("progression::buy_skill", line(progression::buy_skill(3).consuming_experience(false)), "player progression buyskill 3 false"),
        ("select::entity", line(select::entity(TORCH)), "select 51234"),
        ("select::prefab", line(select::prefab("Handle Short Cool", ASHWICK)), "select prefab HandleShortCool 1200000001"),
        ("select::find", line(select::find(ASHWICK)), "select find 1200000001"),
        ("select::find", line(select::find(ASHWICK).distance(2.0)), "select find 1200000001 2"),
        ("select::get", line(select::get(TORCH)), "select get 51234"),
        ("select::get_selected", line(select::get_selected()), "select get"),
        ("select::tostring", line(select::tostring()), "select tostring"),
        ("select::destroy", line(select::destroy()), "select destroy"),
        ("select::move_exact", line(select::move_exact(PLACE)), "select move exact -870.5,150.25,98"),
        ("select::move_forward", line(select::move_forward(0.5)), "select move forward 0.5"),
        ("select::move_back", line(select::move_back(0.5)), "select move back 0.5"),
        ("select::move_left", line(select::move_left(0.5)), "select move left 0.5"),
        ("select::move_right", line(select::move_right(0.5)), "select move right 0.5"),
        ("select::move_up", line(select::move_up(0.5)), "select move up 0.5"),
        ("select::move_down", line(select::move_down(0.5)), "select move down 0.5"),
        ("select::rotate_exact", line(select::rotate_exact(Vector3::new(0.0, 90.0, 0.0))), "select rotate exact 0,90,0"),
        ("select::rotate_pitch", line(select::rotate_pitch(-45.0)), "select rotate pitch -45"),
        ("select::rotate_yaw", line(select::rotate_yaw(90.0)), "select rotate yaw 90"),
        ("select::rotate_roll", line(select::rotate_roll(90.0)), "select rotate roll 90"),
        ("select::look_at", line(select::look_at(ASHWICK)), "select look-at 1200000001"),
        ("select::look_at", line(select::look_at(ASHWICK).all_axes(true)), "select look-at 1200000001 true"),
        ("select::snap_ground", line(select::snap_ground()), "select snap-ground"),
        ("spawn::item", line(spawn::item(ASHWICK, "dynamite")), "spawn 1200000001 dynamite"),
        ("spawn::item", line(spawn::item(ASHWICK, "dynamite").count(5)), "spawn 1200000001 dynamite 5"),
        ("spawn::exact", line(spawn::exact(PLACE, Vector3::ZERO, hash)), "spawn exact -870.5,150.25,98 0,0,0 61674"),
        ("spawn::string", line(spawn::string(ASHWICK, SAVE)), "spawn string 1200000001 42230,252,42230,|1,2"),
        ("spawn::string_raw", line(spawn::string_raw(SAVE)), "spawn string-raw 42230,252,42230,|1,2"),
        ("spawn::list", line(spawn::list()), "spawn list"),
        ("spawn::find", line(spawn::find("torch")), "spawn find torch"),
        ("spawn::infodump", line(spawn::infodump()), "spawn infodump"),
        ("trade::atm::get", line(trade::atm::get(ASHWICK)), "trade atm get 1200000001"),
        ("trade::atm::add", line(trade::atm::add(ASHWICK, -40)), "trade atm add 1200000001 -40"),
        ("trade::atm::set", line(trade::atm::set(ASHWICK, 975)), "trade atm set 1200000001 975"),
        ("trade::post", line(trade::post(ASHWICK, "Gold Coin")), "trade post 1200000001 GoldCoin"),
        ("trade::post", line(trade::post(ASHWICK, "Gold Coin").count(50)), "trade post 1200000001 GoldCoin 50"),
        ("time::now", line(time::now()), "time"),
        ("time::set", line(time::set(13, 30)), "time set 13.30"),
        ("time::set", line(time::set(7, 5)), "time set 7.05"),
        ("time::future", line(time::future(1.5, "hours")), "time future 1.5 hours"),
        ("time::toggle", line(time::toggle()), "time toggle"),
        ("wacky::destroy", line(wacky::destroy(TORCH)), "wacky destroy 51234"),
        ("wacky::destroy_free", line(wacky::destroy_free("GrassClump")), "wacky destroy-free GrassClump"),
        ("wacky::destroy_free", line(wacky::destroy_free(hash).chunks("Chunk 18-33")), r#"wacky destroy-free 61674 "Chunk 18-33""#),
        ("wacky::replace", line(wacky::replace(TORCH)), "wacky replace 51234"),
        ("websocket::subscribe", line(websocket::subscribe("playerjoined")), "websocket subscribe PlayerJoined"),
        ("websocket::unsubscribe", line(websocket::unsubscribe("DoorOpened")), "websocket unsubscribe DoorOpened"),
        ("websocket::subscriptions", line(websocket::subscriptions()), "websocket subscriptions"),
        ("settings::list", line(settings::list()), "settings list server"),
        ("settings::change", line(settings::change("DropAllOnDeath", true)), "settings changesetting server DropAllOnDeath true"),
        ("settings::change", line(settings::change("RespawnTimeSeconds", 4.5)), "settings changesetting server RespawnTimeSeconds 4.5"),
        ("help::modules", line(help::modules()), "help modules"),
        ("help::about", line(help::about("player")), "help player"),
        ("help::full", line(help::full("player message")), r#"help full "player message""#),
        ("bans::from_server", line(bans::from_server(ASHWICK, 42, "Sorry")), r#"bans from-server 1200000001 42 "Sorry""#),
        ("save::now", line(save::now()), "save now"),
        ("debug::server_stats", line(debug::server_stats()), "debug server-stats"),
        ("festivities::start", line(festivities::start(PrefabHash::new(9_252))), "festivities start 9252"),
        ("repeat::last_command", line(repeat::last_command(5, Duration::from_millis(200))), "repeat 5 0.2"),
        ("repeat::last_command", line(repeat::last_command(5, Duration::from_secs(1)).logging(true)), "repeat 5 1 true"),
        ("chunks::entities", line(chunks::entities(EntityId::new(1_180))), "chunks entities 1180"),
        ("chunks::info", line(chunks::info("Chunk 18-33")), r#"chunks info "Chunk 18-33""#),
        ("chunks::check_wipe", line(chunks::check_wipe()), "chunks check-wipe"),
        ("chunks::print_all", line(chunks::print_all()), "chunks print-all"),
        ("chunks::print_loaded", line(chunks::print_loaded()), "chunks print-loaded"),
        ("chunks::force_load", line(chunks::force_load(EntityId::new(1_180), true)), "chunks force-load 1180 true"),
        ("chunks::load_all", line(chunks::load_all()), "chunks loadall"),
        ("chunks::load_all", line(chunks::load_all().loaded(false)), "chunks loadall false"),
        ("chunks::set_load", line(chunks::set_load(50.0, 60.0)), "chunks set-load 50 60"),
        ("chunks::set_load_box", line(chunks::set_load_box(PLACE, Vector3::ZERO)), "chunks set-load -870.5,150.25,98 0,0,0"),
        ("chunks::set_receive_count", line(chunks::set_receive_count(5)), "chunks set-receive-count 5"),
        ("chunks::set_receive_ms", line(chunks::set_receive_ms(1.5)), "chunks set-receive-ms 1.5"),
        ("chunks::set_static_load", line(chunks::set_static_load(false)), "chunks set-static-load false"),
        ("chunks::set_static_per_frame", line(chunks::set_static_per_frame(5)), "chunks set-static-per-frame 5"),
        ("chunks::set_static_sequence", line(chunks::set_static_sequence(true)), "chunks set-static-sequence true"),
        ("chunks::set_sync_amount", line(chunks::set_sync_amount(5)), "chunks set-sync-amount 5"),
        ("chunks::set_sync_interval", line(chunks::set_sync_interval(0.1)), "chunks set-sync-interval 0.1"),
        ("chunks::set_timed", line(chunks::set_timed()), "chunks set-timed"),
        ("chunks::set_timed", line(chunks::set_timed().max_allowance(7.0)), "chunks set-timed 0.1 7"),
        ("chunks::set_timed", line(chunks::set_timed().min_needed(1.0).processing_percent(0.2)), "chunks set-timed 0.2 5 1"),
    ]
}

#[test]
fn every_function_builds_its_line() {
    for (name, line, expected) in all() {
        assert_eq!(line, expected, "{name}");
    }
}

#[test]
fn exactly_the_functions_of_the_catalogue_are_tested() {
    let tried: BTreeSet<&str> = all().into_iter().map(|(name, ..)| name).collect();
    let entries = known().entries().iter();
    let overloads = entries.flat_map(|entry| &entry.overloads);
    let held: BTreeSet<&str> = overloads
        .filter_map(|overload| overload.function.as_deref())
        .collect();
    assert_eq!(tried, held);
}

#[test]
fn every_line_calls_its_command_with_as_many_arguments_as_it_takes() {
    for (name, line, _) in all() {
        let entry = known().command_of_line(&line).unwrap();
        let overload = entry
            .overloads
            .iter()
            .find(|overload| overload.function.as_deref() == Some(name));
        let parameters = &overload
            .unwrap_or_else(|| panic!("{line} calls {}", entry.path))
            .parameters;
        let given = words(&line) - entry.path.split(' ').count();
        let least = parameters
            .iter()
            .filter(|parameter| !parameter.optional)
            .count();
        assert!(
            (least..=parameters.len()).contains(&given),
            "{name}: {line}"
        );
    }
}

#[test]
fn defaults_between_given_arguments_come_from_the_catalogue() {
    let timed = known().get("chunks set-timed").unwrap();
    let defaults: Vec<&str> = timed.overloads[0]
        .parameters
        .iter()
        .filter_map(|parameter| parameter.default.as_deref())
        .collect();
    assert_eq!(defaults, ["0.1", "5", "2"]);
    assert_eq!(
        line(chunks::set_timed().min_needed(9.0)),
        "chunks set-timed 0.1 5 9"
    );
}

#[test]
fn the_catalogue_has_the_known_words() {
    let values = |name: &str| known().parameter_type(name).unwrap().values.clone();
    let known =
        |words: Vec<&str>| -> Vec<String> { words.into_iter().map(str::to_owned).collect() };
    assert_eq!(
        values("Stat"),
        known(Stat::KNOWN.iter().map(Stat::as_str).collect())
    );
    assert_eq!(
        values("SpawnArea"),
        known(SpawnArea::KNOWN.iter().map(SpawnArea::as_str).collect())
    );
    assert_eq!(
        values("StatApplication"),
        known(
            StatApplication::KNOWN
                .iter()
                .map(StatApplication::as_str)
                .collect()
        )
    );
    assert_eq!(
        values("ProgressionPath"),
        known(
            ProgressionPath::KNOWN
                .iter()
                .map(ProgressionPath::as_str)
                .collect()
        )
    );
    assert_eq!(Stat::from("MaxHealth"), Stat::MaxHealth);
}

#[test]
fn a_command_for_one_player_takes_one_and_a_command_for_several_takes_at_least_one() {
    assert_eq!(
        line(player::detailed(PlayerRef::Name("Ashwick".to_owned()))),
        r#"player detailed "Ashwick""#
    );
    assert!(player::kill(Target::ids([])).into_parts().0.is_err());
    let record = User::new(ASHWICK, "\" ; player kill *");
    assert_eq!(
        line(player::detailed(&record)),
        "player detailed 1200000001"
    );
    assert_eq!(
        line(player::kill(PlayerRef::from(&record))),
        "player kill 1200000001"
    );
}

#[test]
fn an_invalid_time_is_an_error_before_it_is_sent() {
    for (hour, minute) in [(24, 0), (12, 60)] {
        let problem = time::set(hour, minute)
            .into_parts()
            .0
            .unwrap_err()
            .to_string();
        assert!(problem.contains("is not a time of day"), "{problem}");
    }
}

/// The line, or the error in it.
fn tried<T>(command: impl Into<Command<T>>) -> Result<String, String> {
    let (line, _) = command.into().into_parts();
    line.map_err(|problem| problem.to_string())
}

#[test]
fn a_place_is_never_a_player_and_a_player_never_a_place() {
    let place = |name: &str| tried(player::teleport(ASHWICK, SpawnArea::Other(name.to_owned())));
    let error = place("1200000002").unwrap_err();
    assert!(error.contains("a player's id"), "{error}");
    for name in ["", " ", "\u{feff}", "*", "1,2", "-5", "a\"b"] {
        place(name).unwrap_err();
        tried(player::kill(name)).unwrap_err();
    }
    assert_eq!(place(" home ").unwrap(), "player teleport 1200000001 Home");
    assert_eq!(place("hOmE").unwrap(), "player teleport 1200000001 Home");
    assert_eq!(
        "tower end".parse::<SpawnArea>().unwrap_err().to_string(),
        concat!(
            "no known place has the name \"tower end\", did you mean TowerEnd?; ",
            "SpawnArea::Other takes a place of a modded server"
        )
    );
    assert_eq!(" outsidecave ".parse(), Ok(SpawnArea::OutsideCave));

    for area in SpawnArea::KNOWN {
        let name = area.as_str().to_ascii_uppercase();
        assert_eq!(name.parse().as_ref(), Ok(area));
        let error = tried(player::teleport_to(ASHWICK, name.as_str())).unwrap_err();
        assert!(error.contains("the name of a place"), "{error}");
        // Where the server accepts no place, it is an ordinary name of a player.
        tried(player::kill(name.as_str())).unwrap();
    }
    let by_id = User::new(UserId::new(7), "Home");
    assert_eq!(
        tried(player::teleport_to(ASHWICK, &by_id)).unwrap(),
        "player teleport 1200000001 7"
    );
}

#[test]
fn an_empty_name_is_an_error_before_it_is_sent() {
    for name in ["", " ", "\t", "\u{feff}", "\u{200b} "] {
        for tried in [
            tried(wacky::destroy_free(name)),
            tried(wacky::destroy_free("dynamite").chunks(name)),
            tried(spawn::exact(Vector3::default(), Vector3::default(), name)),
            tried(settings::change(name, 1)),
            tried(time::future(1.0, name)),
            tried(spawn::find(name)),
            tried(chunks::info(name).returning_reply()),
            tried(player::find(name).returning_reply()),
            tried(player::set_unlock(ASHWICK, name).returning_reply()),
            tried(spawn::string_raw(name).returning_reply()),
        ] {
            let error = tried.unwrap_err();
            assert!(
                error.contains("must not be empty") || name == "\t" && error.contains("certain"),
                "{name:?}: {error}"
            );
        }
    }
    // An empty message is a message.
    assert_eq!(
        tried(player::message(ASHWICK, "")).unwrap(),
        r#"player message 1200000001 """#
    );
}

#[test]
fn a_count_out_of_its_range_is_an_error_before_it_is_sent() {
    for count in [0, spawn::MAX_COUNT + 1, 5_000, u32::MAX] {
        let items = tried(spawn::item(ASHWICK, "dynamite").count(count));
        let error = items.unwrap_err();
        assert_eq!(error, format!("{count} is not a count from 1 to 50"));
        tried(trade::post(ASHWICK, "dynamite").count(count)).unwrap_err();
    }
    assert_eq!(
        tried(spawn::item(ASHWICK, "dynamite").count(spawn::MAX_COUNT)).unwrap(),
        "spawn 1200000001 dynamite 50"
    );
    tried(repeat::last_command(0, Duration::from_secs(1))).unwrap_err();
}

#[test]
fn white_space_around_a_save_string_is_removed() {
    for end in ["\n", "\r\n", " ", "\u{feff}"] {
        let save = format!("{end}42230,252,1,2,|1,2,{end}");
        assert_eq!(
            tried(spawn::string(ASHWICK, &save)).unwrap(),
            "spawn string 1200000001 42230,252,1,2,|1,2,",
            "{end:?}"
        );
    }
    // An error in the middle comes without advice that does not apply here.
    let error = tried(spawn::string_raw("1,2\n3")).unwrap_err();
    assert!(
        error.contains("`value`") && !error.contains("replacing"),
        "{error}"
    );
}

/// The number of words that a console reads: separated by white space outside of double quotes.
fn words(line: &str) -> usize {
    let (mut count, mut is_inside, mut is_quoted) = (0, false, false);
    for letter in line.chars() {
        is_quoted ^= letter == '"';
        let parts = letter.is_whitespace() && !is_quoted;
        count += usize::from(!parts && !is_inside);
        is_inside = !parts;
    }
    count
}

proptest! {
    #[test]
    fn promise_07_no_text_given_to_a_function_adds_an_argument(
        text in "[\\PC\"\\\\\n ;*,|.0-9a-]{0,12}", other in "[\\PC\"' ;*,|]{0,12}"
    ) {
        let texts = |command: Command<()>| command.into_parts().0;
        let replies = |command: Command| command.into_parts().0;
        let lines = [
            (4, texts(player::message(ASHWICK, text.as_str()).into())),
            (5, texts(player::message(ASHWICK, other.as_str()).duration(Duration::from_secs(1)).into())),
            (4, texts(player::kick(ASHWICK).reason(&text).into())),
            (4, texts(player::teleport(ASHWICK, SpawnArea::Other(text.clone())))),
            (5, texts(player::set_stat(ASHWICK, text.as_str(), 1.0).into())),
            (6, texts(player::set_stat(ASHWICK, Stat::Speed, 1.0).application(other.as_str()).into())),
            (4, spawn::string(ASHWICK, &text).into_parts().0),
            (4, texts(trade::post(ASHWICK, text.as_str()).into())),
            (5, replies(settings::change(&text, other.as_str()))),
            (3, help::full(&text).into_parts().0),
            (3, websocket::subscribe(text.as_str()).into_parts().0),
            (3, replies(wacky::destroy_free(text.as_str()).into())),
            (5, replies(time::future(1.0, &text).arg(Argument::word("a word", &other)))),
        ];
        for (count, line) in lines {
            if let Ok(line) = line {
                prop_assert_eq!(words(&line), count, "{}", line);
                prop_assert!(!line.contains(['\n', '\\']), "{}", line);
            }
        }
    }
}

#[test]
fn a_raw_part_is_sent_unchanged_between_arguments() {
    let command = Command::new("player message")
        .raw_arg("*")
        .arg("be * \u{b7} kind")
        .raw_arg("10");
    assert_eq!(line(command), "player message * \"be * \u{b7} kind\" 10");
    let refused = Command::new("player kick").arg("a\"b").raw_arg("7");
    assert!(line(refused).starts_with('<'));
}
