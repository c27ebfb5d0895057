//! `tale sim`.

use crate::run::tale;
use serde_json::Value;

#[tokio::test]
async fn the_simulator_prints_its_addresses_and_ends_after_its_time() {
    let done = tale(&["sim", "--port", "0", "--json", "--seconds", "0.1"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    let output: Value = serde_json::from_str(&done.out).unwrap();
    let url = output["rest_url"].as_str().unwrap();
    // Port 0 is any free one, not the default of the simulator and not the port of a console.
    assert!(
        url.starts_with("http://127.0.0.1:") && !url.contains(":13490"),
        "{url}"
    );
}

#[tokio::test]
async fn a_wrong_configuration_of_the_simulator_is_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("town.toml");
    std::fs::write(&path, "[[bots]]\nnmae = 'x'").unwrap();
    let name = path.display().to_string();
    let done = tale(&["sim", "--config", &name]).await;
    assert_eq!(done.code, 2, "{done:?}");
    let expected = format!("{name}, line 2: unknown key `nmae`; did you mean `name`?");
    assert!(done.err.contains(&expected), "{done:?}");
}
