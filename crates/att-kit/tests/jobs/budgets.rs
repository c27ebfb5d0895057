//! The examples of all jobs are short.

use std::path::Path;

/// The most lines of each example: the bot's own code, without `main`, imports, comments, blank lines and lines of closing
/// braces alone.
const BUDGETS: &[(&str, usize)] = &[
    // The last line is the cool-down.
    ("job01_cave_layers", 12 + 1),
    ("job02_welcome", 10),
    ("job03_mirror", 20),
    ("job04_a_week", 12),
    ("job05_outcome", 10),
    ("job06_any_player", 15),
    ("job07_typed_results", 14),
    ("job08_positions", 8),
    ("job09_teleport_button", 15),
    ("job10_closed_area", 15),
    ("job11_gesture", 15),
    ("job12_clock", 10),
    ("job13_kit_shop", 40),
    ("job14_money", 25),
    ("job15_building", 43),
    ("job16_bot_commands", 12),
    ("job17_audit", 8),
    // One server takes 11 lines; the servers of a group 4 and a list of hosts 5 more.
    ("job18_many_servers", 11 + 5 + 4),
    ("job19_account", 25),
    // The bot takes 22 of them, the simulated world one.
    ("job20_without_server", 46),
];

/// The crates with examples of jobs: the last three need the cloud or the simulator.
const CRATES: [&str; 3] = ["att-kit", "alta-bot", "pytale"];

#[test]
fn every_example_is_within_its_budget() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let examples = CRATES.map(|name| crates.join(name).join("examples"));
    let files = examples
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut found = Vec::new();
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("job") {
            continue;
        }
        let lines = own_lines(&std::fs::read_to_string(&path).unwrap());
        let budget = BUDGETS.iter().find(|(known, _)| *known == name);
        let (_, budget) = budget.unwrap_or_else(|| panic!("{name} has no budget"));
        assert!(lines <= *budget, "{name} has {lines} lines, not {budget}");
        found.push(name);
    }
    assert_eq!(found.len(), BUDGETS.len(), "{found:?}");
}

fn own_lines(source: &str) -> usize {
    let mut is_main = false;
    let mut is_import = false;
    let own = source.lines().filter(|line| {
        if line.starts_with("#[tokio::main]") {
            is_main = true;
        }
        if line.starts_with("use ") {
            is_import = true;
        }
        let counts = !is_main && !is_import && is_code(line.trim());
        is_main &= *line != "}";
        is_import &= !line.ends_with(';');
        counts
    });
    own.count()
}

fn is_code(line: &str) -> bool {
    let is_end = line.chars().all(|sign| "})];,".contains(sign));
    !is_end && !line.starts_with("//") && !line.starts_with("#!")
}

#[test]
fn only_the_code_of_the_bot_is_counted() {
    let source = "//! Says.\n\nuse a::{\n    b,\n};\nuse c;\n\n#[tokio::main]\nasync fn main() {\n    run().await;\n}\n\n\
                  /// Runs.\npub async fn run() {\n    // Why.\n    one();\n    two(|| {\n        three()\n    });\n}\n";
    assert_eq!(own_lines(source), 4);
}
