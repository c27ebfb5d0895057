//! The tests in Python and JavaScript of `examples/`, which are the code of `docs/use-from-python-and-javascript.md`.

#![cfg(feature = "program")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "peers/install.rs"]
mod install;
#[path = "peers/python.rs"]
mod python;

use alta_sim::Sim;
use alta_sim::action::Action;
use install::{or_skip, run};
use python::interpreter_with;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// Above the duration of all tests of one language.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The packages of `examples/python/requirements.txt`.
const PACKAGES: [(&str, &str); 2] = [("pytest", "9.2.0"), ("websockets", "17.4")];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Runs tests to their end, and shows their output if one fails.
async fn pass(mut tests: Command) {
    tests
        .env("ALTA_SIM", env!("CARGO_BIN_EXE_alta-sim"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("PYTEST_ADDOPTS")
        .env_remove("NODE_OPTIONS")
        .kill_on_drop(true);
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
        tests.env_remove(name);
    }
    let output = timeout(TIMEOUT, tests.output()).await;
    let output = output.expect("an end in time").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    // Tests have run: `6 passed` of pytest, `# pass 4` of Node.js.
    let passed = [" passed", "pass "];
    assert!(passed.iter().any(|word| said.contains(word)), "{said}");
}

fn page() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    std::fs::read_to_string(folder.join("use-from-python-and-javascript.md")).unwrap()
}

#[test]
fn the_code_of_the_page_is_that_of_the_tests() {
    let page = page();
    for (begin, folder) in [("```python\n", "python"), ("```js\n", "javascript")] {
        let files = std::fs::read_dir(examples().join(folder)).unwrap();
        let files = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let files: Vec<String> = files.collect();
        let blocks = page.split(begin).skip(1);
        let blocks: Vec<&str> = blocks
            .map(|block| block.split("```").next().unwrap())
            .collect();
        assert_eq!(blocks.len(), 3, "{folder}");
        for block in blocks {
            assert!(files.iter().any(|file| file.contains(block)), "{block}");
        }
    }
}

#[tokio::test]
async fn the_actions_of_the_page_can_be_performed() {
    let page = page();
    let sim = Sim::builder().start().await.unwrap();
    let mut performed = 0;
    for code in page.split('`').filter(|code| code.starts_with("{\"do\"")) {
        let action: Action =
            serde_json::from_str(code).unwrap_or_else(|why| panic!("{code}: {why}"));
        // Those before it can have added servers and groups.
        sim.reset().await.unwrap();
        if code.contains("Hollow") {
            sim.add_group("Hollow");
        }
        let result = action.perform(&sim).await;
        assert!(result.is_ok(), "{code}: {result:?}");
        performed += 1;
    }
    assert_eq!(performed, 20);
}

#[tokio::test]
async fn the_tests_in_python_pass() {
    let python = interpreter_with("pytest-9.2.0", &PACKAGES).await;
    let Some(python) = or_skip("the example in Python", python) else {
        return;
    };
    let folder = examples().join("python");
    let mut tests = Command::new(python);
    tests
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(folder.join("test_bot.py"))
        .current_dir(folder);
    pass(tests).await;
}

#[test]
fn the_requirements_in_python_are_those_that_the_tests_have() {
    let file = examples().join("python").join("requirements.txt");
    let requirements = std::fs::read_to_string(file).unwrap();
    let tested = PACKAGES.map(|(package, version)| format!("{package}=={version}\n"));
    assert_eq!(requirements, tested.concat());
}

#[tokio::test]
async fn the_tests_in_javascript_pass() {
    let check = "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)";
    let node = Path::new("node");
    let usable = run(node, ["-e", check]).await;
    let usable = usable.map_err(|why| format!("it takes Node.js 20: {why}"));
    let usable = usable.map(|()| node.to_owned());
    let Some(node) = or_skip("the example in JavaScript", usable) else {
        return;
    };
    let mut tests = Command::new(node);
    tests
        .arg("--test")
        .arg(examples().join("javascript").join("bot.test.mjs"));
    pass(tests).await;
}
