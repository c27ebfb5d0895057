//! A self-hosted server of the simulator, and runs of the program against it.

use pytale::testing::World;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Far above the duration of any run, for a busy machine.
const BOUND: Duration = Duration::from_mins(3);

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

    /// Starts the program with the options of this server.
    pub(crate) fn running(&self, arguments: &[&str]) -> Running {
        let port = self.port();
        let server = ["--port", &port, "--token-file", self.token_file()];
        Running::start(&[&server[..], arguments].concat())
    }

    pub(crate) async fn tale_with_input(&self, arguments: &[&str], input: &str) -> Done {
        let port = self.port();
        let server = ["--port", &port, "--token-file", self.token_file()];
        finished(&[], &[&server[..], arguments].concat(), input).await
    }
}

/// The text of `docs/tale.md`.
pub(crate) fn documentation() -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tale.md");
    std::fs::read_to_string(page).unwrap().replace('\r', "")
}

/// Checks that `docs/tale.md` shows these lines, one after the other.
pub(crate) fn assert_documented(text: &str) {
    assert!(
        documentation().contains(text.trim_end()),
        "docs/tale.md does not show:\n{text}"
    );
}

pub(crate) async fn tale(arguments: &[&str]) -> Done {
    finished(&[], arguments, "").await
}

pub(crate) async fn tale_in(variables: &[(&str, &str)], arguments: &[&str]) -> Done {
    finished(variables, arguments, "").await
}

/// A program that runs while the test acts.
pub(crate) struct Running {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    log: Lines<BufReader<ChildStderr>>,
}

impl Running {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_in(&[], arguments)
    }

    pub(crate) fn start_in(variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        Self::spawn(command(variables, arguments))
    }

    /// Starts the program with files that cannot grow above some hundred blocks of 512 or 1,024 bytes, as on a full disk.
    #[cfg(unix)]
    pub(crate) fn start_with_small_files(blocks: u32, arguments: &[&str]) -> Self {
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_tale");
        let arguments = [&["-c", &limited, program], arguments].concat();
        Self::spawn(command_of("sh", &[], &arguments))
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        // No command follows.
        drop(child.stdin.take());
        let out = BufReader::new(child.stdout.take().unwrap()).lines();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, out, log }
    }

    /// The next line of standard output.
    pub(crate) async fn line(&mut self) -> String {
        let line = tokio::time::timeout(BOUND, self.out.next_line());
        let line = line.await.expect("the program prints a line").unwrap();
        line.expect("the program still runs")
    }

    /// The first line that contains a text.
    pub(crate) async fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = self.line().await;
            if line.contains(text) {
                return line;
            }
        }
    }

    /// The first line of standard error that contains a text. The lines before it are lost.
    pub(crate) async fn log_line_with(&mut self, text: &str) -> String {
        let found = async {
            loop {
                let line = self.log.next_line().await.unwrap();
                let line = line.expect("the program still runs");
                if line.contains(text) {
                    return line;
                }
            }
        };
        let line = tokio::time::timeout(BOUND, found);
        line.await.expect("the program logs the line")
    }

    /// Sends the signal of Ctrl-C.
    #[cfg(unix)]
    pub(crate) async fn interrupt(&self) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().await;
        assert!(sent.unwrap().success());
    }

    /// Kills the program, and waits for its end.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Closes the pipe of standard output, as `head` does.
    pub(crate) fn close_output(self) -> Closed {
        Closed {
            child: self.child,
            log: self.log,
        }
    }

    /// Waits for the end of the program.
    pub(crate) async fn done(mut self) -> Done {
        let ended = tokio::spawn(ended(self.child, self.log));
        let out = tokio::time::timeout(BOUND, text(&mut self.out));
        let out = out.await.expect("the program ends");
        let (code, err) = ended.await.unwrap();
        Done { code, out, err }
    }
}

/// A program whose standard output is a closed pipe.
pub(crate) struct Closed {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Closed {
    /// Waits for the end of the program, and returns its exit status and standard error.
    pub(crate) async fn done(self) -> (i32, String) {
        ended(self.child, self.log).await
    }
}

/// The rest of the lines.
async fn text<R: AsyncBufRead + Unpin>(lines: &mut Lines<R>) -> String {
    let mut text = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        text += &line;
        text.push('\n');
    }
    text
}

async fn ended(mut child: Child, mut log: Lines<BufReader<ChildStderr>>) -> (i32, String) {
    let end = async {
        let err = text(&mut log).await;
        (child.wait().await.unwrap(), err)
    };
    let (status, err) = tokio::time::timeout(BOUND, end)
        .await
        .expect("the program ends");
    (status.code().expect("no signal"), err)
}

fn command(variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    command_of(env!("CARGO_BIN_EXE_tale"), variables, arguments)
}

fn command_of(program: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    // Neither the configuration nor the variables of the developer.
    command.env("TALE_CONFIG", "/nonexistent/tale.toml");
    for name in [
        "TALE_PROFILE",
        "TAVERN_TOKEN",
        "TAVERN_TOKEN_FILE",
        "COLUMNS",
        "NO_COLOR",
        "CLICOLOR",
        "CLICOLOR_FORCE",
        "TALE_DATA",
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
    command
}

pub(crate) async fn finished(variables: &[(&str, &str)], arguments: &[&str], input: &str) -> Done {
    let mut child = command(variables, arguments).spawn().unwrap();
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
