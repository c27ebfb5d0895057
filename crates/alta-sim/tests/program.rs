//! The program: what it prints, and how it ends.

#![cfg(all(feature = "program", unix))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

fn program(stdout: impl Into<Stdio>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alta-sim"));
    command.args(["--port", "0"]);
    command.stdout(stdout).stderr(Stdio::piped());
    command
}

/// Waits for the end, for at most a minute. Returns the exit code and what the program wrote to standard error.
fn end_of(mut child: Child) -> (Option<i32>, String) {
    let mut stderr = child.stderr.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        sender.send(text)
    });
    let Ok(errors) = receiver.recv_timeout(Duration::from_secs(60)) else {
        child.kill().unwrap();
        panic!("the program did not end");
    };
    (child.wait().unwrap().code(), errors)
}

#[test]
fn it_tells_where_everything_is_and_ends_in_good_order_when_told() {
    for signal in ["-INT", "-TERM"] {
        let mut child = program(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = stdout.lines().take(11).map(Result::unwrap).collect();
        assert!(lines[1].starts_with("REST            http://127.0.0.1:"));
        assert_eq!(lines[10], "Ctrl-C ends it.");
        let id = child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        assert_eq!(end_of(child), (Some(0), String::new()), "{signal}");
    }
}

#[test]
fn a_reader_that_leaves_ends_it_without_a_complaint() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = program(writer).spawn().unwrap();
    assert_eq!(end_of(child), (Some(0), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_it_with_an_error_that_says_so() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let (code, errors) = end_of(program(full).spawn().unwrap());
    assert_eq!(code, Some(1));
    assert!(
        errors.starts_with("alta-sim: writing to standard output: "),
        "{errors}"
    );
}
