//! The end of the program by signals, closed pipes and full disks; the colors of its log.

use super::process::{end_of, send};
use super::tale;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Output, Stdio};

/// A demo that runs longer than any test.
fn endless(stdout: Stdio) -> Command {
    let mut command = tale(&["demo", "--json", "--duration", "600"]);
    command.stdout(stdout).stderr(Stdio::piped());
    command
}

#[test]
fn the_signals_int_and_term_end_the_program() {
    for signal in ["-INT", "-TERM"] {
        let mut demo = endless(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
        lines.next().unwrap().unwrap();
        send(signal, &demo);
        let (code, errors) = end_of(demo);
        assert_eq!(code, Some(1), "{signal}: not all steps happened");
        assert!(errors.contains("interrupted, closing"), "{errors}");
    }
}

#[test]
fn a_closed_pipe_ends_the_program_without_an_error() {
    let mut demo = endless(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    drop(lines);
    assert_eq!(end_of(demo), (Some(0), String::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_program_with_an_error_that_names_the_cause() {
    use super::process::full_disk as full;

    let (code, errors) = end_of(endless(full()).spawn().unwrap());
    assert_eq!(code, Some(6), "{errors}");
    assert!(
        errors.contains("writing to standard output: ") && !errors.contains("panicked"),
        "{errors}"
    );

    // A failure to write to standard error changes nothing.
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
