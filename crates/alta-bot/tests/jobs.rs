//! The examples, each against a simulated cloud whose servers and connections are lost in the middle, with players with unusual
//! names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[allow(dead_code, reason = "another test program uses the rest")]
#[path = "managed/support.rs"]
mod support;

#[path = "../examples/job18_many_servers.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod many_servers;

#[path = "../examples/job19_account.rs"]
#[allow(dead_code, reason = "its main is not called here")]
mod account;

use alta_sim::Sim;
use att_console::ConsoleAccess;
use support::*;
use tokio::sync::mpsc;

/// Names that a careless bot pastes into a command. The id of `1234` is another number.
const ODD_NAMES: [&str; 6] = ["O'Neil", "-Bee-", "J.K.", "Elder Toad", "a\"b\\c", "1234"];

/// Waits until the bot greets the players of a server.
async fn is_ready(sim: &Sim, server: u64) {
    let subscribed = sim.wait_for_console_subscription(server, "PlayerJoined");
    within(subscribed).await.unwrap();
}

async fn is_greeted(sim: &Sim, (server, town): (u64, &str), name: &str) {
    let player = sim.player_joins(server, name).unwrap();
    let message = within(sim.wait_for_message(server, player, 0)).await;
    assert_eq!(
        message.unwrap().text,
        format!("Welcome to {town}!"),
        "{name}"
    );
    assert_ne!(player.to_string(), name);
}

/// The players of the servers that run are greeted, while one server is down, before and after it starts and another restarts.
async fn all_are_greeted(sim: &Sim, [one, other, down]: [(u64, &str); 3]) {
    for (server, _) in [one, other] {
        is_ready(sim, server).await;
    }
    for name in &ODD_NAMES[..3] {
        is_greeted(sim, one, name).await;
        is_greeted(sim, other, name).await;
    }
    sim.stop_server(other.0).await.unwrap();
    // Until then, the subscriptions of the lost connection are listed.
    sim.wait_for_consoles(other.0, 0).await.unwrap();
    is_greeted(sim, one, ODD_NAMES[3]).await;
    sim.start_server(other.0).unwrap();
    sim.start_server(down.0).unwrap();
    for (server, _) in [other, down] {
        is_ready(sim, server).await;
    }
    for name in &ODD_NAMES[4..] {
        for town in [one, other, down] {
            is_greeted(sim, town, name).await;
        }
    }
}

#[tokio::test]
async fn job_18_one_bot_greets_on_all_servers_of_a_group() {
    let sim = Sim::builder().start().await.unwrap();
    sim.set_timeout(TEST_TIMEOUT);
    let group = sim.group();
    let other = sim.add_server(group, "Hollowmere").unwrap();
    let down = sim.add_server(group, "Emberfall").unwrap();
    sim.start_server(other).unwrap();
    // A server of another group: the bot has nothing to do with it.
    let foreign = sim.add_group("Ashby");
    let stranger = sim.add_server(foreign, "Ashby").unwrap();
    sim.admit_bot(foreign, 7).unwrap();
    sim.start_server(stranger).unwrap();

    let bot = many_servers::servers_of_group(builder(&sim), group_id(group));
    let bot = within(bot).await.unwrap();
    let towns = [
        (sim.server(), "Thornwood"),
        (other, "Hollowmere"),
        (down, "Emberfall"),
    ];
    all_are_greeted(&sim, towns).await;
    assert!(sim.console_connections(stranger).is_empty());
    bot.shutdown(TEST_TIMEOUT).await;
}

#[tokio::test]
async fn job_18_one_bot_greets_on_a_list_of_hosts() {
    let sim = Sim::builder().bare().start().await.unwrap();
    sim.set_timeout(TEST_TIMEOUT);
    let names = ["Thornwood", "Hollowmere", "Emberfall"];
    let servers = names.map(|name| sim.add_self_hosted(name).unwrap());
    let hosts = servers.map(|server| {
        let url = sim.console_url(server).unwrap().parse().unwrap();
        ConsoleAccess::new(url, sim.console_token(server))
    });
    sim.stop_server(servers[2]).await.unwrap();
    let runner = many_servers::list_of_hosts(names.into_iter().zip(hosts));
    let handle = runner.handle();
    let running = tokio::spawn(runner.run());
    let mut towns = servers.into_iter().zip(names);
    all_are_greeted(&sim, std::array::from_fn(|_| towns.next().unwrap())).await;
    handle.shutdown(TEST_TIMEOUT).await;
    within(running).await.unwrap().unwrap();
}

/// The lines of an example.
struct Lines {
    lines: mpsc::Receiver<String>,
    told: Vec<String>,
}

impl Lines {
    /// Waits until these lines were told, in any order: members and bans are two streams.
    async fn have(&mut self, expected: &[String]) {
        let is_told = |told: &[String]| expected.iter().all(|line| told.contains(line));
        while !is_told(&self.told) {
            let line = within(self.lines.recv()).await;
            self.told.push(line.expect("the example has ended"));
        }
    }

    fn count(&self, line: &str) -> usize {
        self.told.iter().filter(|told| *told == line).count()
    }
}

#[tokio::test]
async fn job_19_the_side_of_the_account_is_watched() {
    let sim = Sim::builder().start().await.unwrap();
    let (group, server) = (sim.group(), sim.server());
    sim.ban(group, ODD_NAMES[0]).unwrap();
    let bot = within(builder(&sim).connect()).await.unwrap();
    let (sender, lines) = mpsc::channel(1);
    let told = Vec::new();
    let mut lines = Lines { lines, told };
    let job = tokio::spawn(account::run(bot.clone(), group_id(group), sender));
    lines.have(&["O'Neil is banned".to_owned()]).await;

    let mut expected = Vec::new();
    for (number, name) in ODD_NAMES.into_iter().enumerate().skip(1) {
        let user = sim.add_member(group, name).unwrap();
        let joined = format!("user {user} is a member");
        lines.have(std::slice::from_ref(&joined)).await;
        sim.ban(group, name).unwrap();
        let left = format!("user {user} is no member");
        let banned = format!("{name} is banned");
        lines.have(&[left.clone(), banned.clone()]).await;
        match number {
            2 => within(bot.socket().unwrap().migrate_now()).await.unwrap(),
            3 => sim.drop_main_sockets(),
            _ => {}
        }
        sim.unban(group, name).unwrap();
        let lifted = format!("{name} is no longer banned");
        lines.have(std::slice::from_ref(&lifted)).await;
        expected.extend([joined, left, banned, lifted]);
    }
    let other = sim.add_group("Elder Toad");
    sim.invite_bot(other).unwrap();
    lines
        .have(&[format!("this bot has joined group {other}")])
        .await;

    sim.stop_server(server).await.unwrap();
    lines.have(&[format!("server {server} is down")]).await;
    lines.told.retain(|line| !line.ends_with(" is up"));
    sim.start_server(server).unwrap();
    lines.have(&[format!("server {server} is up")]).await;
    for line in expected {
        assert_eq!(lines.count(&line), 1, "{line}");
    }
    within(bot.close()).await;
    within(job).await.unwrap().unwrap();
}
