//! The program: its output, its files, its log and its end.

use crate::process::{end_of, send};
use crate::support::http;
use serde_json::Value;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) fn program(stdout: impl Into<Stdio>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alta-sim"));
    command.args(["--port", "0"]);
    command.stdout(stdout).stderr(Stdio::piped());
    command
}

/// A folder of its own for a test, which is removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("program-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running program with its output as JSON.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) output: Value,
    /// Kept open, so that the program can write.
    _stdout: BufReader<ChildStdout>,
}

impl Running {
    /// Starts the program with these arguments, and reads its first line.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = program(Stdio::piped());
        let mut child = command.arg("--json").args(arguments).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Ok(output) = serde_json::from_str(&line) else {
            panic!("{line:?} {:?}", end_of(child));
        };
        Self {
            child,
            output,
            _stdout: stdout,
        }
    }

    pub(crate) fn text(&self, pointer: &str) -> &str {
        let value = self.output.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no {pointer} in {}", self.output))
    }

    /// Ends the program. Returns its standard error.
    pub(crate) fn stop(self) -> String {
        send("-TERM", &self.child);
        let (code, errors) = end_of(self.child);
        assert_eq!(code, Some(0), "{errors}");
        errors
    }
}

/// The exit code and the standard error of a program that ends by itself.
pub(crate) fn ended(arguments: &[&str]) -> (Option<i32>, String) {
    end_of(program(Stdio::null()).args(arguments).spawn().unwrap())
}

/// A port that no program gets as any free port.
pub(crate) fn free_port() -> u16 {
    let first = 12_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    (first..first + 10_000).find(is_free).unwrap()
}

/// Logs the first bot in. Returns the status of the reply.
async fn log_in(running: &Running) -> u16 {
    let body = format!(
        "grant_type=client_credentials&scope=group.info&client_id={}&client_secret={}",
        running.text("/bots/0/client_id"),
        running.text("/bots/0/client_secret").replace('+', "%2B"),
    );
    let form = [("content-type", "application/x-www-form-urlencoded")];
    http("POST", running.text("/token_url"), &form, &body)
        .await
        .status
}

#[test]
fn all_addresses_are_printed_and_a_signal_ends_the_program() {
    for signal in ["-INT", "-TERM"] {
        let mut child = program(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = stdout.lines().take(11).map(Result::unwrap).collect();
        assert!(lines[1].starts_with("REST            http://127.0.0.1:"));
        assert_eq!(lines[10], "Ctrl-C ends the program.");
        send(signal, &child);
        assert_eq!(end_of(child), (Some(0), String::new()), "{signal}");
    }
}

#[test]
fn a_closed_pipe_ends_the_program_without_an_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = program(writer).spawn().unwrap();
    assert_eq!(end_of(child), (Some(0), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_program_with_an_error_that_names_the_cause() {
    let child = program(crate::process::full_disk()).spawn().unwrap();
    let (code, errors) = end_of(child);
    assert_eq!(code, Some(1));
    assert!(
        errors.starts_with("alta-sim: writing to standard output: "),
        "{errors}"
    );
}

#[tokio::test]
async fn the_json_output_is_enough_to_log_in_and_the_log_has_no_secrets() {
    let folder = Folder::new("log");
    let log = folder.file("sim.log");
    let running = Running::start(&[&format!("--log={}", log.display())]);
    assert_eq!(log_in(&running).await, 200);
    assert!(
        running
            .text("/servers/0/console_url")
            .starts_with("ws://127.0.0.1:")
    );
    let secret = running.text("/bots/0/client_secret").to_owned();
    assert_eq!(running.stop(), "");
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains(" HTTP: POST /connect/token\n"), "{log}");
    assert!(!log.contains(&secret) && !log.contains("client_"), "{log}");
}

#[test]
fn the_output_can_be_variables_of_a_shell() {
    let mut command = program(Stdio::piped());
    let arguments = ["--env", "--seconds", "0.1", "--log"];
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let read = Command::new("sh")
        .args([
            "-c",
            "eval \"$1\"; echo \"$ALTA_CLIENT_SECRET|$ALTA_SCOPES\"",
            "sh",
            &text,
        ])
        .output()
        .unwrap();
    let read = String::from_utf8(read.stdout).unwrap();
    assert!(
        read.contains("==|ws.group ws.group_members"),
        "{read} {text}"
    );
    assert!(text.contains("ALTA_TOKEN_URL=http://127.0.0.1:"), "{text}");
}

#[test]
fn addresses_have_the_advertised_host() {
    let running = Running::start(&["--advertise", "localhost", "--listen", "0.0.0.0"]);
    for pointer in [
        "/token_url",
        "/rest_url",
        "/socket_url",
        "/servers/0/console_url",
    ] {
        let address = running.text(pointer);
        assert!(address.contains("://localhost:"), "{address}");
    }
    running.stop();
}

#[test]
fn a_self_hosted_server_keeps_its_port_and_its_token_is_for_the_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new("token");
    let port = free_port().to_string();
    let folder_name = folder.0.display().to_string();
    let arguments = [
        "--self-hosted",
        "--self-hosted-port",
        &port,
        "--token-folder",
        &folder_name,
    ];
    let running = Running::start(&arguments);
    let url = running.text("/self_hosted/0/console_url");
    assert_eq!(url, format!("ws://127.0.0.1:{port}/"));
    let file = running.text("/self_hosted/0/token_file");
    let mode = fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    running.stop();
}

#[test]
fn a_port_that_another_program_has_is_named() {
    let other = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    for arguments in [
        &["--self-hosted", "--self-hosted-port", &port][..],
        &["--port", &port],
        &["--control", &port],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alta-sim"));
        command.args(arguments).stdout(Stdio::null());
        if arguments[0] != "--port" {
            command.args(["--port", "0"]);
        }
        let (code, errors) = end_of(command.stderr(Stdio::piped()).spawn().unwrap());
        assert_eq!(code, Some(1), "{arguments:?}: {errors}");
        let names_it = errors.starts_with("alta-sim: listening on ") && errors.contains(&port);
        assert!(names_it, "{arguments:?}: {errors}");
        assert!(errors.contains("in use"), "{arguments:?}: {errors}");
    }
}

#[test]
fn the_self_made_certificate_is_written_and_can_be_given_again() {
    let folder = Folder::new("tls");
    let pem = folder.file("sim.pem").display().to_string();
    let running = Running::start(&["--tls", "--certificate-to", &pem]);
    assert!(running.text("/token_url").starts_with("https://"));
    assert!(running.text("/socket_url").starts_with("wss://"));
    assert_eq!(running.text("/certificate"), pem);
    running.stop();
    let text = fs::read_to_string(&pem).unwrap();
    assert!(text.starts_with("-----BEGIN CERTIFICATE-----"), "{text}");

    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.file("own.pem"), folder.file("own.key"));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let own = [certificate, key].map(|path| path.display().to_string());
    let running = Running::start(&["--certificate", &own[0], "--key", &own[1]]);
    assert!(running.text("/token_url").starts_with("https://"));
    assert_eq!(running.output.get("certificate"), None);
    running.stop();
    // Not the key of this certificate.
    let (code, errors) = ended(&["--certificate", &pem, "--key", &own[1]]);
    assert_eq!(code, Some(2));
    assert!(
        errors.starts_with("alta-sim: using the certificate: "),
        "{errors}"
    );
}

#[test]
fn wrong_arguments_are_named() {
    for (arguments, code, expected) in [
        (&["--certificate", "x.pem"][..], 2, "--key <FILE>"),
        (&["--seconds", "soon"], 2, "expected a number of seconds"),
        (&["--listen", "everywhere"], 2, "--listen <ADDRESS>"),
        (
            &["--advertise", "http://sim:1"],
            2,
            "it is no host name and no IP address",
        ),
        (&["--json", "--env"], 2, "cannot be used with"),
        (
            &["--log=/does/not/exist.log"],
            1,
            "opening the log /does/not/exist.log: ",
        ),
        (&["--listen", "192.0.2.1"], 1, "listening on port"),
    ] {
        let (ended_with, errors) = ended(arguments);
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
        assert_eq!(ended_with, Some(code), "{arguments:?}: {errors}");
    }
}
