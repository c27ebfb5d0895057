//! The schemas of `openapi.json` are those of the types that read requests.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use super::seen::What;
use super::wait::Wait;
use crate::action::Action;
use schemars::generate::SchemaSettings;
use serde_json::Value;
use std::path::Path;

/// Set it to write the schemas into the documents.
const UPDATE: &str = "UPDATE_OPENAPI";

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
/// Outside of the package.
const COPY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/alta-sim-openapi.json"
);

fn read(path: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_document_has_the_schemas_of_the_types() {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    generator.subschema_for::<Action>();
    generator.subschema_for::<What>();
    generator.subschema_for::<Wait>();
    let before = read(DOCUMENT);
    let mut document = before.clone();
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    schemas.extend(generator.take_definitions(true));
    if document != before && std::env::var_os(UPDATE).is_some() {
        let text = format!("{document:#}\n");
        std::fs::write(DOCUMENT, &text).unwrap();
        std::fs::write(COPY, &text).unwrap();
    }
    let hint = format!("set {UPDATE}=1 and run the test again");
    assert!(
        read(DOCUMENT) == document,
        "openapi.json is not current: {hint}"
    );
    if Path::new(COPY).exists() {
        assert!(
            read(COPY) == document,
            "the copy in docs/ is not current: {hint}"
        );
    }
}
