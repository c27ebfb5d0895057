//! `tale --help` beside `docs/tale.md`.

use crate::run::tale;
use std::path::Path;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/tale.md");
    std::fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn each_subcommand_is_in_the_documentation() {
    let done = tale(&["--help"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let (_, commands) = done.out.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    // The name is indented by two spaces, the lines of its description by more.
    let is_name = |line: &&str| !line.starts_with("   ");
    let mut count = 0;
    for line in commands.lines().filter(is_name) {
        let name = line.split_whitespace().next().unwrap();
        let shown = name == "help" || page().contains(&format!("tale {name}"));
        assert!(shown, "docs/tale.md does not contain `tale {name}`");
        count += 1;
    }
    assert!(count > 5, "{done:?}");
}

#[tokio::test]
async fn each_exit_status_is_in_the_help_and_in_the_documentation() {
    let done = tale(&["--help"]).await;
    let words: Vec<&str> = done.out.split_whitespace().collect();
    let help = words.join(" ");
    let (_, statuses) = help.split_once("Exit status: ").unwrap();
    let page = page();
    let (_, table) = page.split_once("## Exit statuses").unwrap();
    for status in 0..=6 {
        assert!(statuses.contains(&format!("{status} ")), "{statuses}");
        assert!(table.contains(&format!("| {status} |")), "{table}");
    }
    assert!(!table.contains("| 7 |"), "{table}");
}

#[tokio::test]
async fn a_subcommand_shows_only_the_options_of_a_server_that_have_an_effect() {
    let all = ["--host", "--token-file", "--server", "--profile"];
    for (subcommand, effective) in [
        (&["exec"][..], &all[..]),
        (&["doctor"], &all),
        (&["replay"], &["--token-file"]),
        (&["groups"], &["--profile"]),
        (&["new"], &[]),
        (&["demo"], &[]),
        (&["sim"], &[]),
        (&["cloud"], &[]),
        (&["cloud", "add-bot"], &[]),
        (&["anonymize"], &[]),
        (&["completions"], &[]),
        (&["man"], &[]),
    ] {
        let done = tale(&[subcommand, &["--help"]].concat()).await;
        assert_eq!(done.code, 0, "{done:?}");
        let shown: Vec<&str> = done.out.lines().filter_map(option).collect();
        let shown: Vec<&str> = all
            .into_iter()
            .filter(|name| shown.contains(name))
            .collect();
        assert_eq!(shown, effective, "{subcommand:?}");
    }
    // The simulator has a port of its own.
    let done = tale(&["sim", "--help"]).await;
    assert_eq!(
        done.out
            .lines()
            .filter(|line| option(line) == Some("--port"))
            .count(),
        1
    );
    // An option before the subcommand is still no mistake.
    let done = tale(&["--profile", "town", "completions", "bash"]).await;
    assert_eq!(done.code, 0, "{done:?}");
}

/// The long name of the option that a line of a help begins with.
fn option(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    words.next().filter(|word| word.starts_with("--"))
}
