//! `tale new`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FILES: [&str; 7] = [
    ".gitignore",
    "Cargo.toml",
    "README.md",
    "src/lib.rs",
    "src/main.rs",
    "tests/bot.rs",
    "tests/support/mod.rs",
];

/// Runs `tale new` with a cargo in the path, which no step needs to install.
fn new(folder: &Path, arguments: &[&str]) -> Output {
    let programs = tempfile::tempdir().unwrap();
    let cargo = format!("cargo{}", std::env::consts::EXE_SUFFIX);
    fs::write(programs.path().join(cargo), "").unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([programs.path().to_owned()]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tale"));
    command.env("PATH", std::env::join_paths(folders).unwrap());
    command.current_dir(folder).arg("new").args(arguments);
    command.output().unwrap()
}

fn checkout() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.unwrap().to_owned()
}

#[test]
fn a_project_has_all_files_without_placeholders() {
    for kind in [None, Some("--cloud")] {
        for template in ["welcome", "caves", "commands"] {
            let folder = tempfile::tempdir().unwrap();
            let mut arguments = vec!["harbor-bot", "--template", template];
            arguments.extend(kind);
            let done = new(folder.path(), &arguments);
            assert_eq!(done.status.code(), Some(0), "{done:?}");
            let printed = String::from_utf8(done.stdout).unwrap();
            assert!(printed.starts_with("created harbor-bot:\n"), "{printed}");
            assert!(printed.contains("\n  cargo test\n"), "{printed}");
            let project = folder.path().join("harbor-bot");
            for file in FILES {
                let text = fs::read_to_string(project.join(file)).unwrap();
                assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
                assert!(printed.contains(&format!("\n  {file}\n")), "{printed}");
            }
            let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap();
            let manifest: toml::Table = manifest.parse().unwrap();
            assert_eq!(manifest["package"]["name"].as_str(), Some("harbor-bot"));
            assert_eq!(
                manifest["dependencies"]["pytale"]["version"].as_str(),
                Some("0.1")
            );
            let ignored = fs::read_to_string(project.join(".gitignore")).unwrap();
            let secret = if kind.is_some() {
                "bot.env"
            } else {
                "console_token.txt"
            };
            assert!(ignored.lines().any(|line| line == secret), "{ignored}");
        }
    }
}

#[test]
fn the_output_is_the_one_in_the_documentation() {
    let folder = tempfile::tempdir().unwrap();
    let done = new(folder.path(), &["harbor-bot"]);
    // The first step on a machine without cargo.
    let install = "  install Rust: https://rustup.rs\n";
    let printed = String::from_utf8(done.stdout).unwrap().replace(install, "");
    let shown = format!("$ tale new harbor-bot\n{printed}");
    let page = fs::read_to_string(checkout().join("docs/tale.md")).unwrap();
    assert!(page.replace("\r\n", "\n").contains(&shown), "{shown}");
}

#[test]
fn an_existing_folder_or_file_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("harbor");
    fs::create_dir(&project).unwrap();
    fs::write(project.join("README.md"), "mine").unwrap();
    fs::write(folder.path().join("town"), "a file").unwrap();
    for name in ["harbor", "town"] {
        let done = new(folder.path(), &[name]);
        assert_eq!(done.status.code(), Some(2), "{done:?}");
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains("exists already"), "{said}");
    }
    assert_eq!(fs::read_dir(&project).unwrap().count(), 1);
    assert_eq!(
        fs::read_to_string(project.join("README.md")).unwrap(),
        "mine"
    );
}

#[test]
fn a_wrong_name_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let done = new(folder.path(), &["Harbor Bot"]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("help: `tale new harbor-bot`"), "{said}");
    let done = new(folder.path(), &["harbor", "--pytale", "."]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_project_in_the_folder_of_a_workspace_is_one_of_its_own_unless_it_is_a_member() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("Cargo.toml");
    for (members, is_own) in [("tools", true), ("harbor*", false)] {
        fs::write(&manifest, format!("[workspace]\nmembers = ['{members}']")).unwrap();
        let name = format!("harbor-{members}").replace('*', "-bot");
        let done = new(folder.path(), &[&name]);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
        let printed = String::from_utf8(done.stdout).unwrap();
        assert_eq!(printed.contains("a workspace of its own"), is_own);
        let own = fs::read_to_string(folder.path().join(name).join("Cargo.toml")).unwrap();
        let own: toml::Table = own.parse().unwrap();
        assert_eq!(own.contains_key("workspace"), is_own);
    }
}

#[cfg(unix)]
#[test]
fn without_cargo_the_first_step_is_to_install_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tale"));
    let command = command
        .current_dir(folder.path())
        .env("PATH", folder.path());
    let done = command.args(["new", "harbor-bot"]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    let printed = String::from_utf8(done.stdout).unwrap();
    let step = "next steps:\n  install Rust: https://rustup.rs\n";
    assert!(printed.contains(step), "{printed}");
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_a_failure_with_its_name() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
    mode(0o500).unwrap();
    let is_root = fs::write(folder.path().join("probe"), "").is_ok();
    let done = new(folder.path(), &["harbor-bot"]);
    mode(0o700).unwrap();
    if !is_root {
        assert_eq!(done.status.code(), Some(6), "{done:?}");
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains("creating the folder harbor-bot"), "{said}");
    }
}

/// Runs cargo in a project. The third-party crates are those that the workspace has built.
fn cargo(project: &Path, arguments: &[&str]) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(project)
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .args(arguments);
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    let printed = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{arguments:?}:\n{said}\n{printed}");
    assert!(!said.contains("warning:"), "{said}");
}

#[test]
#[ignore = "it builds projects for about a minute; a step of `cargo xtask ci` runs it"]
fn each_project_compiles_and_its_test_passes() {
    let checkout = checkout();
    for (template, kinds) in [
        ("welcome", &[None, Some("--cloud")][..]),
        ("caves", &[None]),
        ("commands", &[None]),
    ] {
        for kind in kinds {
            let folder = tempfile::tempdir().unwrap();
            let mut arguments = vec!["harbor-bot", "--template", template];
            arguments.extend(*kind);
            arguments.extend(["--pytale", checkout.to_str().unwrap()]);
            let done = new(folder.path(), &arguments);
            assert_eq!(done.status.code(), Some(0), "{done:?}");
            let project = folder.path().join("harbor-bot");
            // The versions of the workspace, which need no network.
            fs::copy(checkout.join("Cargo.lock"), project.join("Cargo.lock")).unwrap();
            cargo(&project, &["fmt", "--", "--check"]);
            cargo(&project, &["test", "--offline", "--quiet"]);
        }
    }
}
