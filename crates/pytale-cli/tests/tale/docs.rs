//! The screens of the documentation: each is one that a test of this program compares with the output.
//!
//! The commands of the documentation are parsed by the tests of `src/args.rs`, the lines for the console by those of
//! `src/console/directive.rs`.

use crate::run::tale_in;
use std::path::Path;

const PAGES: [&str; 3] = ["../../README.md", "README.md", "../../docs/tale.md"];

/// The beginning of each screen, and the file and the name of the test that compares it.
const SCREENS: [(&str, &str, &str); 11] = [
    (
        "12:00:00 PlayerMoved",
        "tests/tale/events.rs",
        "the_documentation_shows_an_event_as_text",
    ),
    (
        "ID          NAME     CHUNK",
        "tests/tale/players.rs",
        "json_is_an_array_with_the_id_name_chunk_and_position",
    ),
    (
        "[{\"chunk\":\"Cave",
        "tests/tale/players.rs",
        "json_is_an_array_with_the_id_name_chunk_and_position",
    ),
    (
        "12:00:00 announced",
        "tests/tale/restart.rs",
        "the_documentation_shows_these_stages",
    ),
    (
        "tale 0.1.0 checks",
        "tests/tale/doctor.rs",
        "a_healthy_server_has_no_problem",
    ),
    (
        "TALE OK",
        "tests/tale/doctor.rs",
        "the_check_is_one_line_with_a_status_for_monitoring",
    ),
    (
        "TALE CRITICAL",
        "tests/tale/doctor.rs",
        "the_check_is_one_line_with_a_status_for_monitoring",
    ),
    (
        "$ tale new harbor-bot",
        "tests/tale/new.rs",
        "the_output_is_the_one_in_the_documentation",
    ),
    (
        "ID          NAME            ROLE",
        "tests/tale/account/lists.rs",
        "groups_and_servers_are_tables_or_json",
    ),
    (
        "ID       NAME       STATE",
        "tests/tale/account/lists.rs",
        "groups_and_servers_are_tables_or_json",
    ),
    (
        ":macro tell = ",
        "src/console/directive.rs",
        "the_lines_of_the_documentation_are_parsed",
    ),
];

/// A block that is no screen: the diagram of the crates.
const DIAGRAM: &str = "                 pytale ── facade";

pub(crate) fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(path).unwrap().replace('\r', "")
}

/// The blocks of a page with their languages.
pub(crate) fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut current: Option<(String, String)> = None;
    for line in page.lines() {
        // A block can be a part of a list.
        let fence = line.trim_start().strip_prefix("```");
        match (fence, &mut current) {
            (Some(_), Some(_)) => blocks.extend(current.take()),
            (Some(language), None) => current = Some((language.to_owned(), String::new())),
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert_eq!(current, None);
    blocks
}

#[test]
fn each_screen_of_the_documentation_is_compared_by_a_test() {
    let mut found: Vec<&(&str, &str, &str)> = Vec::new();
    for name in PAGES {
        for (language, text) in blocks(&page(name)) {
            match language.as_str() {
                "text" | "json" | "console" | "jsonl" => {
                    let screen = SCREENS.iter().find(|screen| text.starts_with(screen.0));
                    assert!(
                        screen.is_some() || text.starts_with(DIAGRAM),
                        "{name}: no test compares the screen\n{text}"
                    );
                    found.extend(screen);
                }
                // Compiled, parsed, or read by other tests.
                "sh" | "toml" | "rust" | "rust,no_run" => {}
                other => panic!("{name}: a block of {other:?}"),
            }
        }
    }
    for screen in &SCREENS {
        let (start, file, test) = screen;
        assert!(found.contains(&screen), "no page has {start}");
        assert!(
            page(file).contains(&format!("fn {test}(")),
            "{file}: {test}"
        );
    }
}

#[tokio::test]
async fn each_configuration_of_the_documentation_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let mut count = 0;
    for name in PAGES {
        for (language, text) in blocks(&page(name)) {
            if language != "toml" {
                continue;
            }
            std::fs::write(&file, text).unwrap();
            let variables = [("TALE_CONFIG", file.to_str().unwrap())];
            // A wrong key is reported before an unknown profile.
            let done = tale_in(&variables, &["exec", "--profile", "nowhere", "time"]).await;
            assert_eq!(done.code, 2, "{done:?}");
            assert!(done.err.contains("no profile \"nowhere\""), "{done:?}");
            count += 1;
        }
    }
    assert_eq!(count, 2);
}
