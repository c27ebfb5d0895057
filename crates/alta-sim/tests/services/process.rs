//! Waiting for the end of a program, for the tests of all programs.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Waits for the end of a program, for at most a minute. Returns its exit code and its standard error.
pub(crate) fn end_of(mut child: Child) -> (Option<i32>, String) {
    let mut stderr = child.stderr.take().unwrap();
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        sender.send(text)
    });
    let Ok(errors) = receiver.recv_timeout(Duration::from_secs(90)) else {
        child.kill().unwrap();
        panic!("the program did not end");
    };
    (child.wait().unwrap().code(), errors)
}

/// Sends a signal, such as `-INT`.
pub(crate) fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([signal, &id]).status().unwrap();
    assert!(sent.success());
}

/// An output whose disk is full.
#[cfg(target_os = "linux")]
pub(crate) fn full_disk() -> Stdio {
    File::options()
        .write(true)
        .open("/dev/full")
        .unwrap()
        .into()
}
