//! The output and the end of the program.

use crate::process::{end_of, send};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

fn program(stdout: impl Into<Stdio>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alta-sim"));
    command.args(["--port", "0"]);
    command.stdout(stdout).stderr(Stdio::piped());
    command
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
