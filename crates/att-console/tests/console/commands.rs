//! The most used commands.

use crate::common::{ready, self_hosted, within};
use alta_sim::Sim;
use att_console::catalogue::{Catalogue, Overload, known};
use att_console::commands::{
    SpawnArea, Stat, help, player, select, settings, spawn, time, trade, wacky, websocket,
};
use att_console::{Command, Console, Reply, Target};
use std::time::Duration;

async fn with_ashwick() -> (Sim, u64, Console) {
    let (sim, server) = self_hosted().await;
    let console = ready(&sim, server).await;
    sim.player_joins(server, "Ashwick").unwrap();
    (sim, server, console)
}

async fn run<T: std::fmt::Debug>(console: &Console, command: impl Into<Command<T>>) -> T {
    let command = command.into();
    let line = command.to_string();
    let result = within(console.command(command)).await;
    result.unwrap_or_else(|error| panic!("{line}: {error}"))
}

#[tokio::test]
async fn commands_about_players_run() {
    let (sim, server, console) = with_ashwick().await;
    let ashwick = run(&console, player::list()).await.remove(0);
    assert_eq!(ashwick.username, "Ashwick");
    let detailed = run(&console, player::detailed(&ashwick)).await;
    assert!(detailed.position.is_some() && detailed.head_position.is_some());
    let everyone = run(&console, player::list_detailed()).await;
    assert_eq!(everyone[0].user(), ashwick);
    let inventories = run(&console, player::inventory(Target::Everyone)).await;
    assert!(inventories[0].is_some());
    assert_eq!(run(&console, player::find("Ashwick")).await, ashwick);
    assert_eq!(run(&console, player::username(ashwick.id)).await, ashwick);

    run(
        &console,
        player::set_home(&ashwick, detailed.position.unwrap()),
    )
    .await;
    let home = run(&console, player::home(&ashwick)).await;
    assert!(home.distance(detailed.position.unwrap()) < 0.01);
    run(&console, player::teleport(&ashwick, SpawnArea::Home)).await;
    run(&console, player::set_stat(&ashwick, Stat::Speed, 2.0)).await;
    let speed = run(&console, player::check_stat(&ashwick, "speed")).await;
    assert_eq!(speed.value, Some(2.0));
    let stats = run(&console, player::list_stats(&ashwick)).await;
    assert!(stats.iter().any(|stat| stat.name == "speed"));
    let boost = player::modify_stat(&ashwick, Stat::Speed, 1.0, Duration::from_secs(3));
    run(&console, boost.multiplier(false)).await;
    run(&console, player::god_mode(&ashwick, true)).await;
    let greeting = player::message(&ashwick, "Hi; * 'there'").duration(Duration::from_secs(3));
    run(&console, greeting).await;
    assert_eq!(sim.messages(server)[0].text, "Hi; * 'there'");
    run(&console, player::kick(&ashwick).reason("Be nice")).await;
    assert!(run(&console, player::list()).await.is_empty());
    console.close().await;
}

#[tokio::test]
async fn commands_about_objects_run() {
    let (_sim, _server, console) = with_ashwick().await;
    let prefabs = run(&console, spawn::list()).await;
    let spawned = run(&console, spawn::item("Ashwick", &prefabs[0]).count(2)).await;
    assert_eq!(spawned.len(), 2);
    let near = run(&console, select::find("Ashwick").distance(5.0)).await;
    assert!(near.contains(&spawned[0]));
    let id = spawned[0].identifier;
    run::<Reply>(&console, select::entity(id)).await;
    let info = run(&console, select::get(id)).await;
    assert_eq!(info.name, spawned[0].name);
    let save = run(&console, select::tostring()).await;
    assert!(save.starts_with(char::is_numeric));
    let copy = run(&console, spawn::string_raw(&save)).await;
    run(&console, select::destroy()).await;
    run(&console, wacky::destroy(copy.identifier)).await;
    let left = run(&console, select::find("Ashwick").distance(5.0)).await;
    assert!(!left.contains(&copy) && !left.contains(&spawned[0]));
    console.close().await;
}

#[tokio::test]
async fn commands_about_balances_settings_time_and_events_run() {
    let (_sim, _server, console) = with_ashwick().await;
    run(&console, trade::atm::set("Ashwick", 100)).await;
    run(&console, trade::atm::add("Ashwick", -40)).await;
    assert_eq!(run(&console, trade::atm::get("Ashwick")).await, 60);
    run(&console, settings::change("DropAllOnDeath", true)).await;
    let held = run(&console, settings::list()).await;
    assert_eq!(held.drop_all_on_death, Some(true));
    run(&console, time::set(13, 30)).await;
    let events = run(&console, websocket::subscriptions()).await;
    assert!(events.iter().any(|event| event.name == "PlayerJoined"));
    console.close().await;
}

#[tokio::test]
async fn the_catalogue_of_a_server_completes_commands() {
    let (_sim, _server, console) = with_ashwick().await;
    let catalogue = Catalogue::from_modules(run(&console, help::modules()).await);
    let message = catalogue.get("player message").unwrap();
    assert_eq!(message.overloads[0].parameters.len(), 3);
    // The simulator and the known catalogue share no code. They must agree on every command that both have.
    assert!(catalogue.entries().len() > 40);
    for entry in catalogue.entries() {
        let known = known().get(&entry.path);
        let known = known.unwrap_or_else(|| panic!("{entry} is not known"));
        assert_eq!((&entry.path, &entry.returns), (&known.path, &known.returns));
        for overload in &entry.overloads {
            let needed = overload.parameters.iter().filter(|one| !one.optional);
            let needed: Vec<_> = needed.map(|one| &one.name).collect();
            let begins = |other: &Overload| {
                let mut names = other.parameters.iter().map(|one| &one.name);
                needed.iter().all(|needed| names.next() == Some(needed))
            };
            assert!(known.overloads.iter().any(begins), "{entry}\n{known}");
        }
    }
    let lines = catalogue.complete("player mess").into_iter();
    let lines: Vec<String> = lines.map(|completion| completion.line).collect();
    assert_eq!(lines, ["player message"]);
    console.close().await;
}
