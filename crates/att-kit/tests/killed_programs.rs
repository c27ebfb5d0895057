//! Programs that are killed in the middle of their work, and started again. Each program is this test program with one test and the
//! environment variables of [`Program::of_this_process`].
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use alta_model::{UserId, Vector3};
use alta_sim::{Action, Fault, Hook, Sim};
use att_console::{Console, ConsoleAccess, commands::player};
use att_kit::homes::Homes;
use att_kit::orders::{Order, Orders};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use support::{config, open, self_hosted, within};

const HOME: Vector3 = Vector3::new(-870.5, 150.25, 98.0);
const THERE: Vector3 = Vector3::new(12.0, 3.5, -4.0);

const URL: &str = "KILLED_PROGRAM_URL";
const TOKEN: &str = "KILLED_PROGRAM_TOKEN";
const FILE: &str = "KILLED_PROGRAM_FILE";

/// The console and the file of a program.
struct Program {
    console: Console,
    file: PathBuf,
}

impl Program {
    /// The program of this process; `None` if it is the one that runs the tests.
    fn of_this_process() -> Option<Self> {
        let url = std::env::var(URL).ok()?.parse().unwrap();
        let access = ConsoleAccess::new(url, std::env::var(TOKEN).unwrap());
        Some(Self {
            console: Console::open_with(access, config()),
            file: std::env::var_os(FILE).unwrap().into(),
        })
    }

    /// Starts the program that is the test of this name.
    fn start(name: &str, sim: &Sim, server: u64, file: &PathBuf) -> Killed {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact", "--nocapture"])
            .env(URL, sim.console_url(server).unwrap())
            .env(TOKEN, sim.console_token(server))
            .env(FILE, file)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Killed(child)
    }
}

/// It is killed when it is dropped.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that is deleted at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("killed-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file.json")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The server does not reply to this command for a minute.
fn hold(sim: &Sim, command: &'static str, after: u32) {
    let delay = Action::Delay(Duration::from_secs(60));
    let fault = Fault::new(Hook::ConsoleCommand, delay).containing(command);
    sim.faults().arm(fault.after(after));
}

#[tokio::test]
async fn program_that_teleports() {
    let Some(Program { console, file }) = Program::of_this_process() else {
        return;
    };
    let homes = Homes::of(&console);
    homes.persist_at(file).await.unwrap();
    let _ = homes.teleport_to("O'Neil", THERE).await;
}

#[tokio::test]
async fn a_program_that_is_killed_in_a_teleport_restores_the_home_at_its_next_start() {
    for (held, after) in [("teleport", 0), ("set-home", 1)] {
        let (sim, server) = self_hosted().await;
        let folder = Folder::new(held);
        let file = folder.file();
        let console = open(&sim, server);
        let player = sim.player_joins(server, "O'Neil").unwrap();
        let player = UserId::new(player.cast_signed());
        within(console.command(player::set_home(player, HOME)))
            .await
            .unwrap();
        hold(&sim, held, after);
        let before = sim.received().last().map(|received| received.number);
        let program = Program::start("program_that_teleports", &sim, server, &file);
        let teleport = sim.wait_for_command(server, "player teleport", before);
        let teleport = within(teleport).await.unwrap();
        if held == "set-home" {
            let restore = sim.wait_for_command(server, "player set-home", Some(teleport.number));
            within(restore).await.unwrap();
        } else {
            let home = within(console.command(player::home(player))).await;
            assert_eq!(home.unwrap(), THERE);
        }

        // A second program cannot use the file, and does not change it.
        let text = std::fs::read_to_string(&file).unwrap();
        let homes = Homes::of(&console);
        let error = within(homes.persist_at(&file)).await.unwrap_err();
        assert!(error.to_string().contains("another program"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);

        drop(program);
        sim.faults().clear();
        within(homes.persist_at(&file)).await.unwrap();
        assert!(within(homes.settled()).await);
        let home = within(console.command(player::home(player))).await;
        assert_eq!(home.unwrap(), HOME, "{held}");
        console.close().await;
    }
}

#[tokio::test]
async fn program_that_spawns() {
    let Some(Program { console, file }) = Program::of_this_process() else {
        return;
    };
    let (orders, earlier) = Orders::open(file).await.unwrap();
    assert!(earlier.is_empty());
    let order = Order::new("Elder Toad")
        .prefab("Test Ladder", 120)
        .save_string("77001,2,", 1);
    let _ = orders.keep(order).await.unwrap().run(&console).await;
}

#[tokio::test]
async fn a_program_that_is_killed_in_an_order_continues_it_and_spawns_nothing_twice() {
    let (sim, server) = self_hosted().await;
    let folder = Folder::new("order");
    let file = folder.file();
    sim.add_prefab("Test Ladder", 77_001).unwrap();
    sim.player_joins(server, "Elder Toad").unwrap();
    hold(&sim, "spawn", 1);
    let before = sim.received().last().map(|received| received.number);
    let program = Program::start("program_that_spawns", &sim, server, &file);
    let first = sim.wait_for_command(server, "spawn", before);
    let first = within(first).await.unwrap().number;
    let second = sim.wait_for_command(server, "spawn", Some(first));
    within(second).await.unwrap();
    let error = within(Orders::open(&file)).await.unwrap_err();
    assert!(error.to_string().contains("another program"), "{error}");
    drop(program);
    sim.faults().clear();

    let console = open(&sim, server);
    let (_orders, mut earlier) = within(Orders::open(&file)).await.unwrap();
    let mut order = earlier.pop().unwrap();
    assert!(earlier.is_empty());
    let expected = "120 Test Ladder: 50 spawned, 50 may have been spawned; 1 save string: not sent";
    assert_eq!(order.to_string(), expected);
    within(order.run(&console)).await.unwrap();
    let expected = "120 Test Ladder: 70 spawned, 50 may have been spawned; 1 save string: spawned";
    assert_eq!(order.to_string(), expected);
    let lines = sim.received();
    let lines = lines.iter().filter_map(alta_sim::Received::command);
    let spawns = lines.filter(|line| line.starts_with("spawn"));
    let counts = spawns.map(|line| line.rsplit(' ').next().unwrap().to_owned());
    assert_eq!(counts.collect::<Vec<_>>(), ["50", "50", "20", "77001,2,"]);
    within(order.remove()).await.unwrap();
    console.close().await;
}
