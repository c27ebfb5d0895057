//! Two self-hosted servers, and a private cloud in front of them.

use super::http::http;
use crate::run::{Done, Running, finished};
use pytale::bot::{Bot, BotCredentials, Endpoints, ManagedBot};
use pytale::kit::Handlers;
use pytale::testing::Sim;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Far above the duration of any step, for a busy machine.
pub(super) const BOUND: Duration = Duration::from_mins(1);

/// The ids of the servers, as the configuration gives them.
pub(super) const SERVERS: [u64; 2] = [501, 502];

/// The id of their group.
pub(super) const GROUP: u64 = 77;

/// Two self-hosted servers and the configuration of a private cloud in front of them.
pub(super) struct Own {
    pub(super) sim: Sim,
    /// The servers of the simulator.
    pub(super) servers: [u64; 2],
    folder: tempfile::TempDir,
}

/// A private cloud that runs.
pub(super) struct Service {
    pub(super) program: Running,
    pub(super) token_url: String,
    pub(super) rest_url: String,
    pub(super) socket_url: String,
}

/// The credentials of a bot.
pub(super) struct Credentials {
    pub(super) id: String,
    pub(super) secret: String,
}

impl Own {
    pub(super) async fn start() -> Self {
        let sim = Sim::builder().bare().timeout(BOUND).start().await.unwrap();
        let servers = ["Hollowmere", "Thornwood"].map(|name| sim.add_self_hosted(name).unwrap());
        let own = Self {
            sim,
            servers,
            folder: tempfile::tempdir().unwrap(),
        };
        let mut text = format!(
            "port = 0\n[audit]\nfile = 'log/audit.jsonl'\n[[groups]]\nid = {GROUP}\nname = 'Thornwood Folk'\n\
             [[groups.roles]]\nid = 3\nname = 'Helper'\npermissions = ['Console']\nallowed-commands = ['player list']\n\
             [[groups.roles]]\nid = 4\nname = 'Guest'\n"
        );
        std::fs::create_dir(own.path("log")).unwrap();
        for (server, id) in servers.into_iter().zip(SERVERS) {
            let folder = own.path(&id.to_string());
            std::fs::create_dir(&folder).unwrap();
            own.sim.write_console_token(server, &folder).unwrap();
            let url = own.sim.console_url(server).unwrap();
            write!(
                text,
                "[[groups.servers]]\nid = {id}\nname = 'Server {id}'\nconsole = '{url}'\ntoken-file = '{id}/console_token.txt'\n"
            )
            .unwrap();
        }
        std::fs::write(own.config(), text).unwrap();
        own
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path("cloud.toml")
    }

    /// Runs `tale cloud` with a subcommand.
    pub(super) async fn tale(&self, arguments: &[&str]) -> Done {
        let config = self.config();
        let all = [&["cloud", "--config", config.to_str().unwrap()], arguments].concat();
        finished(&[], &all, "").await
    }

    /// The JSON that a subcommand prints.
    pub(super) async fn json(&self, arguments: &[&str]) -> Value {
        let done = self.tale(&[arguments, &["--json"]].concat()).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
        serde_json::from_str(&done.out).unwrap()
    }

    pub(super) async fn add_bot(&self, name: &str, more: &[&str]) -> Credentials {
        let added = self.json(&[&["add-bot", name], more].concat()).await;
        let text = |name: &str| added[name].as_str().unwrap().to_owned();
        Credentials {
            id: text("client_id"),
            secret: text("client_secret"),
        }
    }

    /// Gives the service the same ports at every start.
    pub(super) fn fix_ports(&self) {
        // Below the ports that systems give to programs.
        let is_free = |first: &u16| {
            let mut three = *first..first + 3;
            three.all(|port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok())
        };
        let random = std::iter::repeat_with(|| fastrand::u16(10_000..30_000));
        let port = random.take(100).find(is_free).unwrap();
        self.configure("port = 0", &format!("port = {port}"));
    }

    /// Replaces a text in the configuration.
    pub(super) fn configure(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(self.config(), text.replacen(from, to, 1)).unwrap();
    }

    /// Starts the service, and waits until both servers are online.
    pub(super) async fn serve(&self) -> Service {
        let service = self.launch().await;
        for server in self.servers {
            self.sim.wait_for_consoles(server, 1).await.unwrap();
        }
        service
    }

    /// Starts the service.
    pub(super) async fn launch(&self) -> Service {
        let config = self.config();
        let program = Running::start(&["cloud", "--config", config.to_str().unwrap()]);
        Service::of(program).await
    }
}

impl Service {
    /// Starts a managed bot of our library.
    pub(super) async fn managed_bot(&self, account: Credentials, handlers: Handlers) -> ManagedBot {
        Bot::builder()
            .bot(BotCredentials::new(account.id, account.secret))
            .endpoints(self.endpoints())
            .managed()
            .handlers(handlers)
            .start()
            .await
            .unwrap()
    }

    /// Waits for the addresses that the program prints.
    pub(super) async fn of(mut program: Running) -> Self {
        let mut value = async |label: &str| {
            let line = program.line_with(label).await;
            line[label.len()..].trim().to_owned()
        };
        let token_url = value("token endpoint").await;
        let rest_url = value("REST").await;
        let socket_url = value("main websocket").await;
        Self {
            program,
            token_url,
            rest_url,
            socket_url,
        }
    }
}

impl Own {
    /// The tokens of the real consoles.
    pub(super) fn tokens(&self) -> [String; 2] {
        self.servers.map(|server| self.sim.console_token(server))
    }

    /// Checks that a text contains no token of a real console.
    pub(super) fn assert_no_token(&self, text: &str) {
        for token in self.tokens() {
            assert!(!text.contains(&token), "a token was told: {text}");
        }
    }

    /// The audit log, one value for each line.
    pub(super) fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path("log/audit.jsonl")).unwrap();
        self.assert_no_token(&text);
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Service {
    /// The addresses for our library.
    pub(super) fn endpoints(&self) -> Endpoints {
        Endpoints::new(
            self.token_url.parse().unwrap(),
            self.rest_url.parse().unwrap(),
            self.socket_url.parse().unwrap(),
        )
    }

    /// Kills the program, which can do nothing more.
    pub(super) async fn kill(self) {
        self.program.kill().await;
    }

    /// Ends the service as Ctrl-C does.
    #[cfg(unix)]
    pub(super) async fn end(self) -> Done {
        self.program.interrupt().await;
        self.program.done().await
    }

    #[cfg(not(unix))]
    pub(super) async fn end(self) -> Done {
        // A process without a console gets no signal of Ctrl-C there.
        self.program.kill().await;
        Done {
            code: 0,
            out: String::new(),
            err: String::new(),
        }
    }

    /// A request to REST. Returns the status and the JSON of the reply.
    pub(super) async fn request(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.rest_url);
        let headers =
            format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        http(method, &url, &headers, body).await.unwrap()
    }

    /// An access token.
    pub(super) async fn log_in(&self, bot: &Credentials) -> String {
        let secret = bot
            .secret
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={secret}&scope=server.console+server.view+group.info+group.members",
            bot.id
        );
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let (status, reply) = http("POST", &self.token_url, form, &body).await.unwrap();
        assert_eq!(status, 200, "{reply}");
        reply["access_token"].as_str().unwrap().to_owned()
    }

    /// A server as REST shows it.
    pub(super) async fn server(&self, token: &str, server: u64) -> Value {
        let (status, reply) = self
            .request("GET", &format!("/servers/{server}"), token, "")
            .await;
        assert_eq!(status, 200, "{reply}");
        reply
    }

    /// The same, when it satisfies a condition.
    pub(super) async fn server_when(
        &self,
        token: &str,
        server: u64,
        condition: impl Fn(&Value) -> bool,
    ) -> Value {
        let wait = async {
            loop {
                let server = self.server(token, server).await;
                if condition(&server) {
                    return server;
                }
            }
        };
        tokio::time::timeout(BOUND, wait).await.unwrap()
    }

    /// The reply to the request for a console.
    pub(super) async fn console(&self, token: &str, server: u64) -> (u16, Value) {
        let path = format!("/servers/{server}/console");
        let body = r#"{"should_launch":false,"ignore_offline":false}"#;
        self.request("POST", &path, token, body).await
    }

    /// The address and the token of a console, when the server is online.
    pub(super) async fn access(&self, token: &str, server: u64) -> (String, String) {
        let wait = async {
            loop {
                let (status, reply) = self.console(token, server).await;
                assert_eq!(status, 200, "{reply}");
                if let Some(token) = reply["token"].as_str() {
                    let connection = &reply["connection"];
                    let host = connection["address"].as_str().unwrap();
                    let address = format!("{host}:{}", connection["websocket_port"]);
                    return (address, token.to_owned());
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(BOUND, wait).await.unwrap()
    }
}

/// The folder of these tests' files.
pub(super) fn files() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/tale/private_cloud"
    ))
}
