//! `tale completions` and `tale man`.

use crate::run::tale;
#[cfg(unix)]
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Output, Stdio};

/// Runs a program of the machine with a file. `None` if the machine does not have the program.
#[cfg(unix)]
fn checked(program: &str, arguments: &[&str], file: &Path) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).arg(file).stdin(Stdio::null());
    match command.output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{program}: {error}"),
    }
}

#[cfg(unix)]
#[tokio::test]
async fn each_script_is_accepted_by_the_shells_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    let parse = "$null = [ScriptBlock]::Create((Get-Content -Raw $args[0]))";
    for (shell, program, arguments) in [
        ("bash", "bash", &["--norc", "-n"][..]),
        ("zsh", "zsh", &["-f", "-n"]),
        ("fish", "fish", &["--no-config", "--no-execute"]),
        ("elvish", "elvish", &["-norc", "-compileonly"]),
        (
            "powershell",
            "pwsh",
            &["-NoProfile", "-NonInteractive", "-Command", parse],
        ),
    ] {
        let file = folder.path().join(shell);
        std::fs::write(&file, tale(&["completions", shell]).await.out).unwrap();
        if let Some(output) = checked(program, arguments, &file) {
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{output:?}"
            );
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn bash_completes_subcommands_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tale.bash");
    let script = tale(&["completions", "bash"]).await.out;
    let completed = |words: &str, count: usize| {
        let run = format!(
            "{script}\nCOMP_WORDS=({words}); COMP_CWORD={count}\n\
             _tale tale \"${{COMP_WORDS[-1]}}\" x && echo \"${{COMPREPLY[*]}}\"\n"
        );
        std::fs::write(&file, run).unwrap();
        let output = checked("bash", &["--norc"], &file)?;
        Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    for (words, count, expected) in [
        ("tale exe", 1, "exec"),
        ("tale exec --keep", 2, "--keep-going"),
    ] {
        let found = completed(words, count);
        assert!(found.is_none_or(|found| found == expected), "{words}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn each_manual_page_is_formatted_without_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    tale(&["man", "--dir", folder.path().to_str().unwrap()]).await;
    let mut count = 0;
    for page in std::fs::read_dir(folder.path()).unwrap() {
        let arguments = ["-man", "-Tutf8", "-ww", "-z"];
        if let Some(output) = checked("groff", &arguments, &page.unwrap().path()) {
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{output:?}"
            );
        }
        count += 1;
    }
    assert!(count > 20, "{count}");
}

#[tokio::test]
async fn each_shell_gets_a_script_with_the_subcommands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = tale(&["completions", shell]).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{shell}");
        for word in ["exec", "console", "token-file", "keep-going"] {
            assert!(done.out.contains(word), "{shell}: {word}\n{}", done.out);
        }
    }
    let done = tale(&["completions", "bsah"]).await;
    assert_eq!(done.code, 2, "{done:?}");
    assert!(done.err.contains("'bash'"), "{done:?}");
}

#[tokio::test]
async fn manual_pages_are_printed_or_written_to_a_folder() {
    let done = tale(&["man"]).await;
    assert_eq!((done.code, done.err.as_str()), (0, ""), "{done:?}");
    assert!(done.out.contains(".TH tale 1"), "{done:?}");
    assert!(done.out.contains("Exit status"), "{done:?}");

    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    let done = tale(&["man", "--dir", pages.to_str().unwrap()]).await;
    assert_eq!(
        (done.code, done.out.as_str(), done.err.as_str()),
        (0, "", ""),
        "{done:?}"
    );
    for (page, word) in [
        ("tale.1", "exec"),
        ("tale-exec.1", "jq"),
        ("tale-new.1", "harbor"),
    ] {
        let text = std::fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(word), "{page}: {text}");
    }

    let file = folder.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let done = tale(&["man", "--dir", file.to_str().unwrap()]).await;
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.err.contains("a file"), "{done:?}");
}
