//! A self-hosted server of the simulator, and runs of the program against it.

use pytale::testing::World;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// Far above the duration of any run, for a busy machine.
const BOUND: Duration = Duration::from_secs(60);

/// The outcome of a run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A self-hosted server with its token file in a folder of its own.
pub(crate) struct Town {
    pub(crate) world: World,
    folder: tempfile::TempDir,
}

impl Town {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = World::start_self_hosted(folder.path()).await.unwrap();
        Self { world, folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn token_file(&self) -> &str {
        self.world.token_file().unwrap().to_str().unwrap()
    }

    pub(crate) fn port(&self) -> String {
        let url = self.world.console_url().unwrap();
        let port = url.trim_end_matches('/').rsplit(':').next().unwrap();
        port.to_owned()
    }

    /// Runs the program with the options of this server.
    pub(crate) async fn tale(&self, arguments: &[&str]) -> Done {
        self.tale_with_input(arguments, "").await
    }

    pub(crate) async fn tale_with_input(&self, arguments: &[&str], input: &str) -> Done {
        let port = self.port();
        let server = ["--port", &port, "--token-file", self.token_file()];
        finished(&[], &[&server[..], arguments].concat(), input).await
    }
}

pub(crate) async fn tale(arguments: &[&str]) -> Done {
    finished(&[], arguments, "").await
}

pub(crate) async fn tale_in(variables: &[(&str, &str)], arguments: &[&str]) -> Done {
    finished(variables, arguments, "").await
}

pub(crate) async fn finished(variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tale"));
    // Neither the configuration nor the variables of the developer.
    command.env("TALE_CONFIG", "/nonexistent/tale.toml");
    for name in [
        "TALE_PROFILE",
        "TAVERN_TOKEN",
        "TAVERN_TOKEN_FILE",
        "COLUMNS",
        "ALTA_CLIENT_ID",
        "ALTA_CLIENT_SECRET",
        "ALTA_USERNAME",
        "ALTA_PASSWORD",
        "ALTA_REST_URL",
        "ALTA_TOKEN_URL",
    ] {
        command.env_remove(name);
    }
    command
        .envs(variables.iter().copied())
        .args(arguments)
        .kill_on_drop(true);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that ends without reading closes the pipe.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = tokio::time::timeout(BOUND, child.wait_with_output())
        .await
        .expect("the program ends")
        .unwrap();
    Done {
        code: output.status.code().expect("no signal"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
