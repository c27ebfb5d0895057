//! Two self-hosted servers, and a private cloud in front of them.

use crate::run::{Done, Running, finished};
use pytale::testing::Sim;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

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
    program: Running,
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

    /// Starts the service, and waits until both servers are online.
    pub(super) async fn serve(&self) -> Service {
        let config = self.config();
        let mut program = Running::start(&["cloud", "--config", config.to_str().unwrap()]);
        let mut value = async |label: &str| {
            let line = program.line_with(label).await;
            line[label.len()..].trim().to_owned()
        };
        let token_url = value("token endpoint").await;
        let rest_url = value("REST").await;
        let socket_url = value("main websocket").await;
        for server in self.servers {
            self.sim.wait_for_consoles(server, 1).await.unwrap();
        }
        Service {
            program,
            token_url,
            rest_url,
            socket_url,
        }
    }

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
    /// Ends the service as Ctrl-C does.
    #[cfg(unix)]
    pub(super) async fn end(self) -> Done {
        self.program.interrupt().await;
        self.program.done().await
    }

    #[cfg(not(unix))]
    pub(super) async fn end(self) -> Done {
        // The program is killed when the value is dropped.
        drop(self.program);
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
        http(method, &url, &headers, body).await
    }

    /// An access token.
    pub(super) async fn log_in(&self, bot: &Credentials) -> String {
        let secret = bot
            .secret
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        let body = format!(
            "grant_type=client_credentials&client_id={}&client_secret={secret}&scope=server.console+server.view+group.info",
            bot.id
        );
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let (status, reply) = http("POST", &self.token_url, form, &body).await;
        assert_eq!(status, 200, "{reply}");
        reply["access_token"].as_str().unwrap().to_owned()
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

/// A request over a connection of its own.
async fn http(method: &str, url: &str, headers: &str, body: &str) -> (u16, Value) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let exchange = async {
        let mut stream = TcpStream::connect(host).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    };
    let reply = tokio::time::timeout(BOUND, exchange).await.unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// The folder of these tests' files.
pub(super) fn files() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/tale/private_cloud"
    ))
}
