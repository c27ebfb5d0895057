//! How the program ends before its time: signals, closed pipes, full disks. Where a log goes decides on its colors.

use super::tale;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A demo that ends by itself only long after the test would have failed.
fn endless(stdout: Stdio) -> Command {
    let mut command = tale(&["demo", "--json", "--duration", "600"]);
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
fn an_interrupt_and_a_termination_close_it_in_good_order() {
    for signal in ["-INT", "-TERM"] {
        let mut demo = endless(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
        lines.next().unwrap().unwrap();
        let id = demo.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status().unwrap();
        assert!(sent.success());
        let (code, errors) = end_of(demo);
        assert_eq!(code, Some(1), "{signal}: not all of it happened");
        assert!(errors.contains("interrupted, closing"), "{errors}");
    }
}

#[test]
fn a_reader_that_leaves_ends_it_without_a_complaint() {
    let mut demo = endless(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    drop(lines);
    assert_eq!(end_of(demo), (Some(0), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_it_with_an_error_that_says_so() {
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let (code, errors) = end_of(endless(full()).spawn().unwrap());
    assert_eq!(code, Some(1), "{errors}");
    assert!(
        errors.contains("writing to standard output: ") && !errors.contains("panicked"),
        "{errors}"
    );

    // Errors that nobody can read change nothing.
    let mut command = tale(&["-vv", "demo", "--duration", "5"]);
    command.stdout(Stdio::null()).stderr(full());
    assert_eq!(command.status().unwrap().code(), Some(0));
}

#[test]
fn a_log_in_a_file_has_no_colors() {
    let Output { stderr, .. } = tale(&["-v", "demo", "--duration", "5"]).output().unwrap();
    let log = String::from_utf8(stderr).unwrap();
    assert!(log.contains(" INFO "), "{log}");
    assert!(!log.contains('\u{1b}'), "{log}");
}
