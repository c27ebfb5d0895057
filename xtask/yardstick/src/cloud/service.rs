//! The service: the program `tale cloud`, in front of the load server as the real console.

use crate::args::Area;
use crate::clocks;
use crate::process::Companion;
use alta_cloud::state::{Config, HashCost, Login, Membership, NewAccount, Scopes, SecretHash};
use alta_cloud::store::{SharedCloud, Sqlite};
use jiff::Timestamp;
use serde_json::Value;
use std::env;
use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The group of the one bot of most parts, and its server.
pub(super) const GROUP: u64 = 77;
pub(super) const SERVER: u64 = 501;

/// The group of many bots.
pub(super) const CROWD: u64 = 78;

/// The role of the many bots.
const MODERATOR: u64 = 2;

/// Accepted by the load server, as every token.
pub(super) const CONSOLE_TOKEN: &str = "console-token";

/// The service, while it runs. Dropping it ends the process.
pub(super) struct Service {
    program: Child,
    console: Companion,
    /// Host and port of REST, the main websocket and consoles.
    pub(super) rest: String,
    pub(super) main: String,
    pub(super) consoles: String,
    /// The bot that owns the group.
    pub(super) owner: Credentials,
    /// The many bots.
    pub(super) crowd: Vec<Credentials>,
    _folder: TempDir,
}

#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Service {
    /// Starts it with so many bots in the crowd. Its database is in the folder of the build, which is no file system in memory.
    pub(super) fn start(crowd: usize) -> Self {
        let this = env::current_exe().unwrap();
        let folder = tempfile::tempdir_in(this.parent().unwrap()).unwrap();
        let console = Companion::server(Area::Console, false);
        let config = folder.path().join("cloud.toml");
        write_private(&folder.path().join("token.txt"), CONSOLE_TOKEN);
        let text = format!(
            "port = 0\n\
             [[groups]]\nid = {GROUP}\nname = 'Thornwood Folk'\n\
             [[groups.servers]]\nid = {SERVER}\nname = 'Thornwood'\nconsole = '{}'\ntoken-file = 'token.txt'\n\
             [[groups]]\nid = {CROWD}\nname = 'Crowd'\n",
            console.address()
        );
        std::fs::write(&config, text).unwrap();
        // The first command makes the database and the groups.
        let owner = add_owner(&config);
        let crowd = add_crowd(&config.with_extension("db"), crowd);
        // All clients of a proxy have its address, so the connections of one address are not limited.
        let mut program = tale(&config)
            .arg("--behind-proxy")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = program.stdout.take().unwrap();
        let mut lines = BufReader::new(output).lines().map(Result::unwrap);
        let mut value = |label: &str| {
            let line = lines.find(|line| line.starts_with(label)).unwrap();
            let address = line[label.len()..].trim();
            let address = address.split_once("//").map_or(address, |(_, rest)| rest);
            address.split('/').next().unwrap().to_owned()
        };
        Self {
            rest: value("REST"),
            main: value("main websocket"),
            consoles: value("consoles"),
            program,
            console,
            owner,
            crowd,
            _folder: folder,
        }
    }

    /// The address of the real console.
    pub(super) fn console(&self) -> String {
        self.console.address()
    }

    /// The CPU time of the service.
    pub(super) fn cpu(&self) -> Duration {
        clocks::cpu_of(&self.program.id().to_string())
    }

    /// The resident memory of the service in KiB.
    pub(super) fn resident(&self) -> f64 {
        clocks::resident_of(&self.program.id().to_string())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// Writes a file that only its owner can read, as servers write their tokens.
fn write_private(path: &Path, text: &str) {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

/// `tale cloud`, from the folder of this program.
fn tale(config: &Path) -> Command {
    let this = env::current_exe().unwrap();
    let program = this.with_file_name(format!("tale{}", env::consts::EXE_SUFFIX));
    let mut command = Command::new(program);
    command.args(["cloud", "--config"]).arg(config);
    command
}

fn add_owner(config: &Path) -> Credentials {
    let mut command = tale(config);
    command.args(["add-bot", "Owner_Bot", "--role", "Owner", "--json"]);
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    let added: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |name: &str| added[name].as_str().unwrap().to_owned();
    Credentials {
        id: text("client_id"),
        secret: text("client_secret"),
    }
}

/// Adds bots to the database. Hashes of the cheapest kind shorten the start of the measurement; logins are measured with the first
/// bot.
fn add_crowd(database: &Path, count: usize) -> Vec<Credentials> {
    let now = Timestamp::now();
    let store = Box::new(Sqlite::open(database).unwrap());
    let state = SharedCloud::open(Config::default(), store, now).unwrap();
    let secret = "a secret of many bots";
    let hash = SecretHash::of_secret(secret, HashCost::CHEAPEST).unwrap();
    let added = state.prepare(now, |cloud, now| {
        let mut add = |number| {
            let id = format!("client_{number}");
            let account = NewAccount {
                name: format!("Bot_{number}"),
                login: Login::Bot {
                    client_id: id.clone(),
                    scopes: Scopes::ALL,
                },
                user_id: None,
            };
            let user = cloud.add_account(account, hash.clone(), now).unwrap();
            cloud.set_member(CROWD, user, Membership::Accepted, Some(MODERATOR), now);
            Credentials {
                id,
                secret: secret.to_owned(),
            }
        };
        (0..count).map(&mut add).collect()
    });
    added.unwrap()
}
